/** The buttons on the card of an app's block. */
import { z } from 'zod';
import { edgeKinds, edgeText } from '../../apps/block/edge-text.ts';
import { previewOf } from '../../apps/block/preview.ts';
import { payloadFor, proposeStep, stages } from '../../apps/block/propose.ts';
import type { AppBlock, StepPayload } from '../../apps/block/steps.ts';
import { loadBlock } from '../../apps/block/store.ts';
import type { DraftMessage } from '../../message/model.ts';
import { code, list, note, paragraph, present, strong, text } from '../../message/text.ts';
import { answerLater, privateAnswer } from '../arguments.ts';
import { type Command, type CommandContext, defineCommand } from '../command.ts';

const BlockId = z.number().int().positive();

/** `run` gets the block that the button's card is about. */
function defineButton<Args extends { block: number }>(
  record: Pick<Command<Args>, 'id' | 'args' | 'effect' | 'summary'> & {
    run(context: CommandContext, block: AppBlock, args: Args): ReturnType<Command<Args>['run']>;
  },
): Command<Args> {
  return defineCommand({
    ...record,
    topic: 'apps',
    patterns: [],
    examples: [],
    roles: ['security', 'admin'],
    clickOnly: true,
    async run(context, args) {
      const { block } = await loadBlock(context.store.db, args.block);
      if (record.effect === 'change' && block.state === 'ended')
        return privateAnswer(`${block.name} is no longer blocked. Say "block app ${block.name}" to begin anew.`);
      return record.run(context, block, args);
    },
  });
}

export const blockAppStageCommand = defineButton({
  id: 'block-app-stage',
  args: z.object({ block: BlockId, stage: z.enum(stages) }),
  effect: 'change',
  summary: 'One stage of keeping an app out',
  async run(context, block, { stage }) {
    const payload = await payloadFor(context.store.db, { block, stage, now: context.clock.now() });
    await propose(context, block, payload, 'approver');
    return privateAnswer('I have asked for an approval by a second person.');
  },
});

export const blockAppConfigCommand = defineButton({
  id: 'block-app-config',
  args: z.object({
    block: BlockId,
    server: z.string().min(1),
    config: z.enum(['ewsFrontEnd', 'easFrontEnd']),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    strings: z.array(z.string().min(1)).min(1),
    recycle: z.boolean(),
  }),
  effect: 'change',
  summary: "Deny an app in one server's web.config",
  async run(context, block, { block: _id, ...edit }) {
    await propose(context, block, { kind: 'web-config', ...edit }, 'admin');
    return privateAnswer('I have asked for an approval by another admin.');
  },
});

export const blockAppLookCommand = defineButton({
  id: 'block-app-look',
  args: z.object({ block: BlockId, what: z.enum(['people', 'edge', 'config']) }),
  effect: 'read',
  summary: 'Who uses an app, what to paste at the edge, and where a web.config could deny it',
  async run(context, block, { what }) {
    switch (what) {
      case 'people':
        return { private: await people(context, block) };
      case 'edge':
        return { private: edges(context, block) };
      case 'config':
        return answerLater(
          context,
          'I am reading the web.config files of every server and will answer here.',
          (change, to) => change.enqueue('read-app-configs', { block: block.id, ...to }),
        );
    }
  },
});

/** What is proposed is carried out once a second person has approved it. */
export async function propose(
  { store, policy, actor }: CommandContext,
  block: AppBlock,
  payload: StepPayload,
  role: 'approver' | 'admin',
): Promise<void> {
  await store.change((change) => proposeStep(change, policy, { block, payload, by: actor, role }));
}

const mostPeople = 100;

async function people({ store, clock }: CommandContext, block: AppBlock): Promise<DraftMessage> {
  const preview = await previewOf(store.db, block, clock.now());
  const shown = preview.people.slice(0, mostPeople).map(({ name, phones }) => {
    const labels = phones.map(({ device, names }) => device?.friendlyName || names.model || names.type);
    return text(strong(name), ` — ${labels.join(', ')}`);
  });
  const more = preview.people.length - shown.length;
  return {
    title: `Who uses ${block.name}`,
    tone: 'neutral',
    blocks: present(shown.length === 0 ? paragraph('Nobody now.') : list(...shown), more > 0 && note(`… ${more} more`)),
  };
}

/** For the kinds of edge that policy names; where it names none of these, for all. */
function edges({ policy }: CommandContext, block: AppBlock): DraftMessage {
  const listed = edgeKinds.filter((kind) => policy.edges.some((edge) => edge.kind === kind));
  const texts = (listed.length === 0 ? edgeKinds : listed).map((kind) => edgeText(kind, block.name));
  return {
    title: `Keeping ${block.name} out at the edge`,
    tone: 'neutral',
    blocks: [
      paragraph(
        'Turned away there, it never reaches a login. I cannot change the edge; paste this and try it on one phone first.',
      ),
      ...texts.flatMap((edge) => [paragraph(strong(edge.name)), paragraph(code(edge.text))]),
      note(
        'Written from the vendors’ references and tried on none of these boxes by me. An app can change its name: a device access rule goes by what Exchange stores.',
      ),
    ],
  };
}

import { z } from 'zod';
import { edgeKinds, edgeNames, edgeText } from '../apps/block/edge-text.ts';
import { previewOf } from '../apps/block/preview.ts';
import { payloadFor, stages } from '../apps/block/stage.ts';
import type { AppBlock } from '../apps/block/steps.ts';
import { loadBlock, proposeStep } from '../apps/block/store.ts';
import { appBlockSubject } from '../incidents/subjects/app-block.ts';
import type { DraftAnswer } from '../message/model.ts';
import { code, list, note, paragraph, strong, text } from '../message/text.ts';
import { said } from './choose.ts';
import { type CommandContext, defineCommand } from './command.ts';

export const blockAppStage = defineCommand({
  id: 'block-app-stage',
  patterns: [],
  examples: [],
  args: z.object({ block: z.number().int().positive(), stage: z.enum([...stages, 'config', 'edge', 'people']) }),
  roles: ['security', 'admin'],
  effect: 'change',
  private: true,
  clickOnly: true,
  summary: 'One stage of keeping an app out',
  async run(context, { block: id, stage }) {
    const { store, policy, clock, actor } = context;
    const { block } = await loadBlock(store.db, id);
    if (block.state === 'ended')
      return said(`${block.name} is no longer blocked. Say "block app ${block.name}" to begin anew.`);
    if (stage === 'people') return people(context, block);
    if (stage === 'edge') return edges(context, block);
    if (stage === 'config') {
      await store.change((change) =>
        change.enqueue('read-app-configs', { block: id, identity: actor.identity, token: context.ids.token() }),
      );
      return said('I am reading the web.config files of every server and will answer here.');
    }
    const payload = await payloadFor(store.db, { block, stage, now: clock.now() });
    await store.change((change) =>
      proposeStep(change, policy, { block, payload, by: actor, subject: appBlockSubject, role: 'approver' }),
    );
    return said('I have asked for an approval by a second person.');
  },
});

const mostPeople = 100;

async function people({ store, clock }: CommandContext, block: AppBlock): Promise<DraftAnswer> {
  const preview = await previewOf(store.db, { organisation: block.organisation, app: block.app, now: clock.now() });
  const shown = preview.people.slice(0, mostPeople);
  return {
    private: {
      title: `Who uses ${block.name}`,
      tone: 'neutral',
      blocks: [
        shown.length === 0
          ? paragraph('Nobody now.')
          : list(
              ...shown.map((one) =>
                text(
                  strong(one.name),
                  ` — ${one.phones.map(({ device, names }) => device?.friendlyName || names.model || names.type).join(', ')}`,
                ),
              ),
            ),
        ...(preview.people.length > shown.length ? [note(`… ${preview.people.length - shown.length} more`)] : []),
      ],
    },
  };
}

/** For the kinds of edge that policy names; where it names none of these, for all. */
function edges({ policy }: CommandContext, block: AppBlock): DraftAnswer {
  const listed = edgeKinds.filter((kind) => policy.edges.some((edge) => edge.kind === kind));
  const kinds = listed.length === 0 ? edgeKinds : listed;
  return {
    private: {
      title: `Keeping ${block.name} out at the edge`,
      tone: 'neutral',
      blocks: [
        paragraph(
          'Turned away there, it never reaches a login. I cannot change the edge; paste this and try it on one phone first.',
        ),
        ...kinds.flatMap((kind) => [paragraph(strong(edgeNames[kind])), paragraph(code(edgeText(kind, block.name)))]),
        note(
          'Written from the vendors’ references and tried on none of these boxes by me. An app can change its name: a device access rule goes by what Exchange stores.',
        ),
      ],
    },
  };
}

import { z } from 'zod';
import { edgeKinds, edgeNames, edgeText } from '../../apps/block/edge-text.ts';
import { previewOf } from '../../apps/block/preview.ts';
import type { AppBlock } from '../../apps/block/steps.ts';
import { loadBlock } from '../../apps/block/store.ts';
import type { DraftAnswer } from '../../message/model.ts';
import { code, list, note, paragraph, strong, text } from '../../message/text.ts';
import { privateAnswer } from '../arguments.ts';
import { type CommandContext, defineCommand } from '../command.ts';

export const blockAppLookCommand = defineCommand({
  id: 'block-app-look',
  topic: 'apps',
  patterns: [],
  examples: [],
  args: z.object({ block: z.number().int().positive(), what: z.enum(['people', 'edge', 'config']) }),
  roles: ['security', 'admin'],
  effect: 'read',
  clickOnly: true,
  summary: 'Who uses an app, what to paste at the edge, and where a web.config could deny it',
  async run(context, { block: id, what }) {
    const { store, actor, ids } = context;
    const { block } = await loadBlock(store.db, id);
    switch (what) {
      case 'people':
        return people(context, block);
      case 'edge':
        return edges(context, block);
      case 'config':
        await store.change((change) =>
          change.enqueue('read-app-configs', { block: id, identity: actor.identity, token: ids.token() }),
        );
        return privateAnswer('I am reading the web.config files of every server and will answer here.');
    }
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

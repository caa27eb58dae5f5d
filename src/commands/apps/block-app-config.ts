import { z } from 'zod';
import { loadBlock, proposeStep } from '../../apps/block/store.ts';
import { webConfigSubject } from '../../apps/block/web-config-subject.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const blockAppConfigCommand = defineCommand({
  id: 'block-app-config',
  topic: 'apps',
  patterns: [],
  examples: [],
  args: z.object({
    block: z.number().int().positive(),
    server: z.string().min(1),
    config: z.enum(['ewsFrontEnd', 'easFrontEnd']),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    strings: z.array(z.string().min(1)).min(1),
    recycle: z.boolean(),
  }),
  roles: ['security', 'admin'],
  effect: 'change',
  clickOnly: true,
  summary: "Deny an app in one server's web.config",
  async run(context, { block: id, ...edit }) {
    const { store, policy, actor } = context;
    const { block } = await loadBlock(store.db, id);
    if (block.state === 'ended') return privateAnswer(`${block.name} is no longer blocked.`);
    await store.change((change) =>
      proposeStep(change, policy, {
        block,
        payload: { kind: 'web-config', ...edit },
        by: actor,
        subject: webConfigSubject,
        role: 'admin',
      }),
    );
    return privateAnswer('I have asked for an approval by another admin.');
  },
});

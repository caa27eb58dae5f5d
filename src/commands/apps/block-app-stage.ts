import { z } from 'zod';
import { appBlockSubject } from '../../apps/block/approval-subject.ts';
import { payloadFor, stages } from '../../apps/block/stage.ts';
import { loadBlock, proposeStep } from '../../apps/block/store.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const blockAppStageCommand = defineCommand({
  id: 'block-app-stage',
  topic: 'apps',
  patterns: [],
  examples: [],
  args: z.object({ block: z.number().int().positive(), stage: z.enum(stages) }),
  roles: ['security', 'admin'],
  effect: 'change',
  clickOnly: true,
  summary: 'One stage of keeping an app out',
  async run({ store, policy, clock, actor }, { block: id, stage }) {
    const { block } = await loadBlock(store.db, id);
    if (block.state === 'ended')
      return privateAnswer(`${block.name} is no longer blocked. Say "block app ${block.name}" to begin anew.`);
    const payload = await payloadFor(store.db, { block, stage, now: clock.now() });
    await store.change((change) =>
      proposeStep(change, policy, { block, payload, by: actor, subject: appBlockSubject, role: 'approver' }),
    );
    return privateAnswer('I have asked for an approval by a second person.');
  },
});

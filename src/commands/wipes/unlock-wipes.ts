import { z } from 'zod';
import { requestApproval } from '../../incidents/approvals/approvals.ts';
import { lockState } from '../../incidents/brake/brake.ts';
import { unlockSubject } from '../../incidents/brake/unlock-subject.ts';
import { requireCurrentRole } from '../../incidents/roles/current-roles.ts';
import { notifySecurity } from '../../notices/security.ts';
import { privateAnswer, ReasonArgument } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';

export const unlockWipesCommand = defineCommand({
  id: 'unlock-wipes',
  topic: 'wipes',
  patterns: ['unlock [all] wipes because <reason...>'],
  examples: ['unlock wipes because the five wipes were a real case'],
  args: z.object({ reason: ReasonArgument }),
  roles: ['admin'],
  effect: 'change',
  summary: 'Ask a second admin to let wipes be issued again',
  async run({ actor, store, policy, clock, organisation }, { reason }) {
    await requireCurrentRole(store.db, actor, ['admin'], clock.now());
    const lock = await lockState(store.db);
    if (!lock.locked) return privateAnswer('Wipes are not locked.');
    await store.change(async (change) => {
      const open = await change.tx
        .selectFrom('approval')
        .select('id')
        .where('subjectKind', '=', unlockSubject.kind)
        .where('state', '=', 'waiting')
        .executeTakeFirst();
      if (open !== undefined) {
        throw refusal(
          'unlock-already-asked',
          'Somebody has asked for this already; a second admin approves it ("approvals").',
        );
      }
      await requestApproval(change, policy, {
        subject: unlockSubject,
        subjectId: 'wipes',
        incident: null,
        organisation,
        payload: { lock: lock.id, since: lock.since.toISOString(), because: lock.reason, reason },
        ownerGuid: null,
        role: 'admin',
        needed: 1,
        by: actor,
      });
      await notifySecurity(change, policy, {
        tone: 'warning',
        line: [`${actor.person.displayName} asks to unlock wipes: ${reason}. A second admin must approve`],
      });
    });
    return privateAnswer(
      'I have asked the other admins: one of them must approve. Until then everything stays locked.',
    );
  },
});

import { z } from 'zod';
import { requestApproval } from '../../incidents/approvals/request.ts';
import { lockBrake, lockState } from '../../incidents/brake/brake.ts';
import { mayLiftAlone, unlockWipes } from '../../incidents/brake/lock.ts';
import { unlockSubject } from '../../incidents/brake/unlock-subject.ts';
import { requireCurrentRole } from '../../incidents/roles/current-roles.ts';
import { notify } from '../../notices/notify.ts';
import { privateAnswer, ReasonArgument } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';

export const unlockWipesCommand = defineCommand({
  id: 'unlock-wipes',
  topic: 'wipes',
  patterns: ['unlock [all] wipes because <reason...>'],
  examples: ['unlock wipes because the five wipes were a real case'],
  args: z.object({ reason: ReasonArgument }),
  roles: ['security', 'admin'],
  effect: 'change',
  intents: [
    {
      title: 'Let wipes be issued again',
      needs: ['unlockAll', ['wipes', 'freeze', 'alone']],
      likes: ['wipes'],
      never: ['phone', 'person', 'app', 'account', 'password', 'number', 'here', 'self'],
      about: 'nothing',
    },
  ],
  summary: 'Ask a second admin to let wipes be issued again',
  details:
    'A lock that somebody suspended pulled, because a phone of theirs was reported, one other person of security or admin lifts alone.',
  async run({ actor, store, policy, organisation, approvals }, { reason }) {
    if (!(await lockState(store.db)).locked) return privateAnswer('Wipes are not locked.');
    const alone = await store.change(async (change) => {
      await lockBrake(change);
      const lock = await lockState(change.tx);
      if (!lock.locked) throw refusal('not-locked', 'Wipes are not locked.');
      if (await mayLiftAlone(change.tx, lock, actor.person.guid)) {
        await requireCurrentRole(change.tx, actor, ['security', 'admin'], change.now);
        return await unlockWipes(change, policy, { by: actor, reason });
      }
      await requireCurrentRole(change.tx, actor, ['admin'], change.now);
      if ((await approvals.standing(change, policy, unlockSubject.kind, 'wipes')) !== undefined) {
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
      await notify(change, policy, 'unlock-asked', {
        about: [actor.person.guid],
        line: [`${actor.person.displayName} asks to unlock wipes: ${reason}. A second admin must approve`],
      });
      return false;
    });
    if (alone) return privateAnswer('Wipes are unlocked: who had locked them is suspended.');
    return privateAnswer(
      'I have asked the other admins: one of them must approve. Until then everything stays locked.',
    );
  },
});

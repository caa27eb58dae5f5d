import { z } from 'zod';
import { paragraph, strong, text, time } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import { markExecuted } from '../approvals/approvals.ts';
import { type ApprovalSubject, describeEnding } from '../approvals/subject.ts';
import { namesOf } from '../incident/view.ts';
import { currentRoles } from '../roles/current-roles.ts';
import { lockBrake, lockState } from './brake.ts';
import { unlockWipes } from './lock.ts';

export const UnlockPayload = z.object({
  /** The pull of the lock that is meant: when somebody pulls it again, this request is void. */
  lock: z.number().int(),
  since: z.iso.datetime(),
  because: z.string(),
  reason: z.string(),
});

/** Two admins let wipes be issued again. */
export const unlockSubject: ApprovalSubject<'unlock'> = {
  kind: 'unlock',
  async content(_db, request) {
    const payload = UnlockPayload.parse(request.payload);
    return {
      what: 'Unlock all wipes',
      lines: [
        { label: 'Locked since', value: text(time(payload.since)) },
        { label: 'Locked because', value: text(payload.because) },
        { label: 'Unlock because', value: text(payload.reason) },
      ],
      confirm: 'Approved wipes that wait are issued at once.',
    };
  },
  async describe({ policy }) {
    return [
      paragraph(
        strong('Approved wipes that wait are issued at once.'),
        ` The counts of 10 minutes and of the day start over; each person's own limit of ${policy.brake.perRequesterAndDay} a day stays.`,
      ),
    ];
  },
  lockFirst: lockBrake,
  async whyFallen(change, approval, policy) {
    const payload = UnlockPayload.parse(approval.payload);
    const lock = await lockState(change.tx);
    if (!lock.locked) return 'wipes are not locked any more.';
    if (lock.id !== payload.lock) return 'somebody locked wipes again after this was asked.';
    const asker = { guid: approval.requestedBy, identity: approval.requestedVia };
    const asking = await currentRoles(change.tx, policy, asker, change.now);
    return asking.has('admin') ? undefined : 'who asked is no longer an admin whose role decides.';
  },
  async approved(change, approval, policy, by) {
    const payload = UnlockPayload.parse(approval.payload);
    const names = await namesOf(change.tx, [approval.requestedBy]);
    await unlockWipes(change, policy, {
      by,
      askedBy: { guid: approval.requestedBy, name: names.get(approval.requestedBy) ?? 'an admin' },
      reason: payload.reason,
    });
    await markExecuted(change, approval.id);
  },
  async ended(change, _approval, how, { policy, by, why }) {
    await notify(change, policy, 'unlock-ended', {
      line: [`${describeEnding('The request to unlock wipes', how, { by, why })} Everything stays locked.`],
    });
  },
};

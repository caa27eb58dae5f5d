/** Break-glass in the store: the wipe of one person alone, its alert, and the review that falls due the next day. */

import { humanOf } from '../../directory/holders.ts';
import { after, minute } from '../../ground/durations.ts';
import { internalError, MislaidError } from '../../ground/errors.ts';
import { strong } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { type Approvals, openApproval } from '../approvals/approvals.ts';
import { replyOnIncident } from '../incident/reply.ts';
import type { Wipe } from '../incident/view.ts';
import { currentRoles } from '../roles/current-roles.ts';
import { insertWipe, lockProposal, type Proposal } from '../wipe/propose-wipe.ts';
import { moveWipe, openWipeOf } from '../wipe/wipes.ts';
import { mayBreakGlass, reviewDueAt } from './rules.ts';

/** Stores the wipe as approved by one person, alerts security and asks for the review. Throws MislaidError. */
export async function breakGlass(
  change: Change,
  { policy, approvals }: { policy: Policy; approvals: Approvals },
  asked: Proposal,
): Promise<Wipe> {
  const proposal = await lockProposal(change, asked);
  const { view, device, by } = proposal;
  const who = { guid: by.person.guid, identity: by.identity };
  const roles = await currentRoles(change.tx, policy, who, change.now);
  const verdict = mayBreakGlass({
    guid: by.person.guid,
    roles,
    ownerGuid: await humanOf(change.tx, policy, view.owner.guid),
  });
  if (verdict.kind === 'refusal') {
    throw new MislaidError({ code: verdict.code, message: verdict.userMessage, userMessage: verdict.userMessage });
  }
  const waiting = await openWipeOf(change.tx, device.guid);
  if (waiting?.state === 'awaiting-approval') {
    const approval = await openApproval(change.tx, 'wipe', String(waiting.id));
    if (approval !== undefined) {
      const why = `${by.person.displayName} broke the glass instead.`;
      await approvals.end(change, policy, approval, 'voided', { by: null, why });
    }
  }
  const wipe = await insertWipe(change, policy, proposal, by.person.guid);
  const moved = await moveWipe(
    change,
    wipe,
    { kind: 'break-glass', reason: proposal.reason },
    { by, why: proposal.reason },
  );
  if (moved === undefined)
    throw internalError({
      code: 'break-glass-failed',
      message: `wipe ${wipe.id} did not move`,
    });
  const review = await change.tx
    .insertInto('wipeReview')
    .values({
      wipeId: wipe.id,
      incidentNumber: view.incident.number,
      actorGuid: by.person.guid,
      actorIdentity: by.identity,
      dueAt: reviewDueAt(change.now),
      closedAt: null,
      closedBy: null,
      finding: null,
    })
    .returning(['id', 'dueAt'])
    .executeTakeFirstOrThrow();
  await change.enqueue('remind-review', { review: review.id }, { key: String(review.id), dueAt: review.dueAt });
  await change.enqueue('issue-wipe', { wipe: wipe.id }, { key: String(wipe.id) });
  await replyOnIncident(
    change,
    view.incident.number,
    'danger',
    `${by.person.displayName} broke the glass`,
    ` for phone ${device.number} (${proposal.scope}), without a second person: ${proposal.reason}`,
  );
  await notify(change, policy, 'break-glass-used', {
    incident: view.incident.number,
    about: [by.person.guid],
    line: [
      strong('break-glass used'),
      ` by ${by.person.displayName} for ${view.owner.displayName}'s phone ${device.number} (${proposal.scope}): ${proposal.reason}. Nobody else has approved it. Somebody else must review it by tomorrow: "review INC-${view.incident.number} because …"`,
    ],
  });
  return moved;
}

/** Break-glass must be carried out in the same time as an approval. */
export function breakGlassUntil(wipe: Pick<Wipe, 'proposedAt'>, policy: Policy): Date {
  return after(wipe.proposedAt, policy.approvals.executeWithinMinutes * minute);
}

/** Why the wipe of one person alone may no longer be issued; undefined: it may. */
export async function breakGlassRefusal(change: Change, policy: Policy, wipe: Wipe): Promise<string | undefined> {
  const review = await change.tx
    .selectFrom('wipeReview')
    .select(['actorGuid', 'actorIdentity'])
    .where('wipeId', '=', wipe.id)
    .executeTakeFirst();
  if (review === undefined) return 'Nothing says who broke the glass.';
  const who = { guid: review.actorGuid, identity: review.actorIdentity };
  const roles = await currentRoles(change.tx, policy, who, change.now);
  const verdict = mayBreakGlass({
    guid: review.actorGuid,
    roles,
    ownerGuid: await humanOf(change.tx, policy, wipe.mailboxGuid),
  });
  return verdict.kind === 'ok' ? undefined : 'Who broke the glass no longer holds the role for it.';
}

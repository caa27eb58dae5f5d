/** The wipe lock as people meet it: pulled by a person or by the brake, said in #security and on every card that waits for it. */
import type { Kysely } from 'kysely';
import type { Actor } from '../../directory/actor.ts';
import type { Span } from '../../message/model.ts';
import { strong, time } from '../../message/text.ts';
import { notifySecurity } from '../../notices/security.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { approvalSubjectOf } from '../approvals/approvals.ts';
import { incidentSubject } from '../incident/timeline.ts';
import { type LockState, setLock } from './brake.ts';

/** Why an approved wipe is not issued while the lock is on; the card shows it. */
export const lockedBecause = 'All wipes are locked.';

/** Pulls the lock; false when it was pulled already (a person pulling it again still voids an unlocking that is asked for). */
export async function lockWipes(
  change: Change,
  policy: Policy,
  input: { by: Actor | null; reason: string; incident?: number },
): Promise<boolean> {
  const { by, reason, incident } = input;
  const locked = await setLock(change, { state: 'locked', cause: by === null ? 'brake' : 'person', by, reason });
  if (!locked) return false;
  await change.tx.updateTable('wipe').set({ heldBecause: lockedBecause }).where('state', '=', 'approved').execute();
  await refreshWaiting(change);
  await notifySecurity(change, policy, {
    ...(incident === undefined ? {} : { incident }),
    tone: 'danger',
    line:
      by === null
        ? [strong('brake pulled'), `: ${reason}`]
        : [
            strong('all wipes are locked'),
            ` by ${by.person.displayName}: ${reason}. Nothing is issued until two admins unlock ("unlock wipes because …")`,
          ],
  });
  return true;
}

/** After unlocking: what was held is re-enqueued at once, as long as its time lasts. */
export async function unlockWipes(
  change: Change,
  policy: Policy,
  input: { by: Actor; askedBy: string; reason: string },
): Promise<boolean> {
  const { by, askedBy, reason } = input;
  const unlocked = await setLock(change, { state: 'unlocked', cause: 'approval', by, reason });
  if (!unlocked) return false;
  const held = await change.tx
    .updateTable('wipe')
    .set({ heldBecause: null })
    .where('state', '=', 'approved')
    .returning('id')
    .execute();
  for (const { id } of held) {
    await change.enqueue('issue-wipe', { wipe: id }, { key: `${id}-unlocked-${change.now.getTime()}` });
  }
  await refreshWaiting(change);
  await notifySecurity(change, policy, {
    tone: 'warning',
    line: [strong('wipes are unlocked'), ` by ${askedBy} and ${by.person.displayName}: ${reason}`],
  });
  return true;
}

/** Every card that waits for the lock: open incidents with a wipe that is not issued yet, and its approval. */
async function refreshWaiting(change: Change): Promise<void> {
  const waiting = await change.tx
    .selectFrom('wipe')
    .select(['id', 'incidentNumber'])
    .where('state', 'in', ['awaiting-approval', 'approved'])
    .execute();
  for (const number of new Set(waiting.map((wipe) => wipe.incidentNumber)))
    await change.refresh(incidentSubject(number));
  if (waiting.length === 0) return;
  const approvals = await change.tx
    .selectFrom('approval')
    .select('id')
    .where('subjectKind', '=', 'wipe')
    .where(
      'subjectId',
      'in',
      waiting.map((wipe) => String(wipe.id)),
    )
    .where('state', 'in', ['waiting', 'approved'])
    .execute();
  for (const { id } of approvals) await change.refresh(approvalSubjectOf(id));
}

/** "All wipes are locked since …, by Sasha: …" */
export async function describeLock(
  db: Kysely<Database>,
  lock: Extract<LockState, { locked: true }>,
): Promise<readonly (string | Span)[]> {
  const who =
    lock.by === null
      ? undefined
      : await db.selectFrom('person').select('displayName').where('guid', '=', lock.by).executeTakeFirst();
  const by = lock.cause === 'brake' ? 'the brake' : (who?.displayName ?? 'somebody');
  return [
    strong('All wipes are locked'),
    ' since ',
    time(lock.since),
    `, by ${by}: ${lock.reason.replace(/\.$/, '')}. Two admins can unlock ("unlock wipes because …"); until then nothing is issued, and an approval runs out in its time.`,
  ];
}

/** The wipe lock as people meet it: pulled by a person or by the brake, said in #security and on every card that waits for it. */
import { type Kysely, sql } from 'kysely';
import type { Actor } from '../../directory/actor.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import type { Span } from '../../message/model.ts';
import { strong, time } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { approvalSubjectOf } from '../approvals/subject.ts';
import { incidentSubject } from '../incident/timeline.ts';
import { suspendingIncidents } from '../roles/current-roles.ts';
import { type LockState, lockBrake, lockState, pulledBy, setLock } from './brake.ts';

/** Why an approved wipe is not issued while the lock is on; the card shows it. */
export const lockedBecause = 'All wipes are locked.';

/**
 * Pulls the lock; false when it was pulled already (a person pulling it again still voids an unlocking that is asked for). Throws
 * MislaidError `lock-lifted` for somebody suspended whose lock was lifted: a thief could save the phone by pulling it again.
 */
export async function lockWipes(
  change: Change,
  policy: Policy,
  input: { by: Actor | null; reason: string; incident?: number; about?: readonly PersonGuid[] },
): Promise<boolean> {
  const { by, reason, incident, about = [] } = input;
  await lockBrake(change);
  const suspending = by === null ? [] : await suspendingIncidents(change.tx, by.person.guid);
  const suspended = suspending.length > 0;
  if (by !== null && suspended) await refuseLifted(change, by.person.guid);
  const before = await lockState(change.tx);
  const isOwn = before.locked && by !== null && before.by === by.person.guid;
  // Pulled again by the same person with nothing to void it is no news, and tells nobody.
  if (isOwn && !(await isUnlockingAsked(change))) return false;
  const locked = await setLock(change, {
    state: 'locked',
    cause: by === null ? 'brake' : 'person',
    by,
    reason,
    suspended,
  });
  if (!locked) return false;
  await change.tx.updateTable('wipe').set({ heldBecause: lockedBecause }).where('state', '=', 'approved').execute();
  await refreshWaiting(change);
  await notify(change, policy, by === null ? 'brake-pulled' : 'wipes-locked', {
    ...(incident === undefined ? {} : { incident }),
    about: by === null ? about : [...about, by.person.guid],
    line:
      by === null
        ? [strong('brake pulled'), `: ${reason}`]
        : [
            strong('all wipes are locked'),
            suspended
              ? ` by ${by.person.displayName}, who is suspended (INC-${suspending.join(', INC-')}), so it may be the phone that speaks: ${reason}. Nothing is issued until one other person of security or an admin says "unlock wipes because …"`
              : ` by ${by.person.displayName}: ${reason}. Nothing is issued until two admins unlock ("unlock wipes because …")`,
          ],
  });
  return true;
}

async function isUnlockingAsked(change: Change): Promise<boolean> {
  const waiting = await change.tx
    .selectFrom('approval')
    .select('id')
    .where('subjectKind', '=', 'unlock')
    .where('state', '=', 'waiting')
    .executeTakeFirst();
  return waiting !== undefined;
}

async function refuseLifted(change: Change, guid: PersonGuid): Promise<void> {
  const { rows } = await sql`select from wipe_lock pulled
    where actor_guid = ${guid} and suspended and state = 'locked'
      and at >= (select min(reported_at) from suspension where person_guid = ${guid} and state = 'active')
      and exists (select from wipe_lock lifted where lifted.id > pulled.id and lifted.state = 'unlocked')
    limit 1`.execute(change.tx);
  if (rows.length === 0) return;
  throw new MislaidError({
    code: 'lock-lifted',
    message: `${guid} is suspended, and a lock of theirs was lifted`,
    userMessage:
      'You are suspended, and somebody has lifted the lock that you pulled, so you cannot pull it again. Call security.',
  });
}

/** Whether this person alone lifts the lock now: one that somebody suspended pulled, whom they are not and whom they have not reported. */
export async function mayLiftAlone(
  db: Kysely<Database>,
  lock: Extract<LockState, { locked: true }>,
  guid: PersonGuid,
): Promise<boolean> {
  if (!lock.suspended || lock.by === null || lock.by === guid) return false;
  const reported = await db
    .selectFrom('suspension')
    .select('id')
    .where('personGuid', '=', lock.by)
    .where('state', '!=', 'ended')
    .where('reportedBy', '=', guid)
    .executeTakeFirst();
  return reported === undefined;
}

/** After unlocking: what was held is re-enqueued at once, as long as its time lasts. */
export async function unlockWipes(
  change: Change,
  policy: Policy,
  input: { by: Actor; askedBy?: { guid: PersonGuid; name: string }; reason: string },
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
  await notify(change, policy, 'wipes-unlocked', {
    about: [by.person.guid, ...(askedBy === undefined ? [] : [askedBy.guid])],
    line: [
      strong('wipes are unlocked'),
      askedBy === undefined
        ? ` by ${by.person.displayName} alone, because somebody suspended had locked them: ${reason}`
        : ` by ${askedBy.name} and ${by.person.displayName}: ${reason}`,
    ],
  });
  return true;
}

/** Every card that waits for the lock: open incidents with a wipe that is not issued yet, and its approval. */
export async function refreshWaiting(change: Change): Promise<void> {
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
  const by = pulledBy(lock.cause) ?? who?.displayName ?? 'somebody';
  return [
    strong('All wipes are locked'),
    ' since ',
    time(lock.since),
    `, by ${by}${lock.suspended ? ', who is suspended' : ''}: ${lock.reason.replace(/\.$/, '')}. ${lock.suspended ? 'One other person of security or an admin' : 'Two admins'} can unlock ("unlock wipes because …"); until then nothing is issued, and an approval runs out in its time.`,
  ];
}

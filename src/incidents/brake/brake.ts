/** The brake and the lock in the store: both are checked before a wipe is issued, in the transaction that claims it. */
import { type Kysely, sql } from 'kysely';
import { day } from '../../ground/durations.ts';
import type { Organisation, PersonGuid } from '../../ground/identifiers.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { refreshHomes } from '../incident/homes.ts';
import { type By, guidOf } from '../incident/timeline.ts';
import type { BrakeInput } from './rules.ts';

export type BrakeScope = {
  organisation: Organisation;
  drill: boolean;
  requester: PersonGuid;
  now: Date;
  policy: Policy;
};

/** Wipes issued in the last 24 hours, of this organisation; drills are counted apart. */
async function issuedSince(
  db: Kysely<Database>,
  { organisation, drill, now }: BrakeScope,
): Promise<{ at: Date; requester: PersonGuid }[]> {
  const rows = await db
    .selectFrom('wipe')
    .select(['issuingAt', 'requestedBy'])
    .where('organisation', '=', organisation)
    .where('drill', '=', drill)
    .where('issuingAt', '>', new Date(now.getTime() - day))
    .orderBy('issuingAt')
    .execute();
  return rows.flatMap((row) => (row.issuingAt === null ? [] : [{ at: row.issuingAt, requester: row.requestedBy }]));
}

/** For the approver's card: "Today: 2 of 20 wipes; Hana: 1 of 3". */
export async function brakeCounts(
  db: Kysely<Database>,
  question: BrakeScope,
): Promise<{ today: number; byRequester: number }> {
  const issued = await issuedSince(db, question);
  return { today: issued.length, byRequester: issued.filter((row) => row.requester === question.requester).length };
}

/**
 * Taken before anything that the gate checks is read, and before any row: two workers cannot both take the last place, and
 * nobody goes through while the lock is being pulled. Held until the transaction ends.
 */
export async function lockBrake(change: Change): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('mislaid.brake'))`.execute(change.tx);
}

/** What the gate in wipe/issue-gate.ts needs. */
export async function brakeInput(change: Change, question: BrakeScope): Promise<Omit<BrakeInput, 'now'>> {
  await lockBrake(change);
  const unlocked = await change.tx
    .selectFrom('wipeLock')
    .select('at')
    .where('state', '=', 'unlocked')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return {
    issuedAt: await issuedSince(change.tx, question),
    requester: question.requester,
    policy: question.policy,
    unlockedAt: unlocked?.at ?? null,
  };
}

export type LockState =
  | { locked: false }
  /** `id` names this pull of the lock: an unlocking that was asked for is for exactly this one. */
  | {
      locked: true;
      id: number;
      since: Date;
      cause: 'person' | 'brake' | 'approval';
      by: PersonGuid | null;
      reason: string;
    };

export async function lockState(db: Kysely<Database>): Promise<LockState> {
  const newest = await db.selectFrom('wipeLock').selectAll().orderBy('id', 'desc').limit(1).executeTakeFirst();
  if (newest === undefined || newest.state === 'unlocked') return { locked: false };
  return {
    locked: true,
    id: newest.id,
    since: newest.at,
    cause: newest.cause,
    by: newest.actorGuid,
    reason: newest.reason,
  };
}

/** Locks or unlocks; false when it is so already. A person who pulls it again makes it their own: what would unlock it is void. */
export async function setLock(
  change: Change,
  input: { state: 'locked' | 'unlocked'; cause: 'person' | 'brake' | 'approval'; by: By; reason: string },
): Promise<boolean> {
  await lockBrake(change);
  const before = await lockState(change.tx);
  const { state, cause, by, reason } = input;
  if (before.locked === (state === 'locked') && cause !== 'person') return false;
  await change.tx
    .insertInto('wipeLock')
    .values({ at: change.now, state, cause, actorGuid: guidOf(by), reason })
    .execute();
  change.audit({
    action: state === 'locked' ? 'wipes.locked' : 'wipes.unlocked',
    subject: 'wipes',
    actor: { guid: guidOf(by), identity: by !== null && 'person' in by ? by.identity : null },
    data: { cause, reason },
  });
  await refreshHomes(change);
  return true;
}

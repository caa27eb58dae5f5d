/** The brake and the lock in the store: both are checked before a wipe is issued, in the transaction that claims it. */
import { type Kysely, sql } from 'kysely';
import { after, day } from '../../ground/durations.ts';
import type { Organisation, PersonGuid } from '../../ground/identifiers.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { refreshHomes } from '../incident/homes.ts';
import { type By, guidOf } from '../incident/timeline.ts';
import type { BrakeInput, Counted } from './rules.ts';

export type BrakeScope = {
  organisation: Organisation;
  drill: boolean;
  requester: PersonGuid;
  now: Date;
  policy: Policy;
};

/**
 * What was counted in the last 24 hours, of this organisation; drills are counted apart. Of the real organisation a thing is as old as the
 * younger of two clocks makes it, the database's and this process's: a host whose clock runs ahead does not forget before the others. The
 * lab's time is moved by hand, and by it alone things grow old there.
 */
async function countedSince(db: Kysely<Database>, { organisation, drill, now }: BrakeScope): Promise<Counted[]> {
  const ownAge = sql<number>`extract(epoch from ${now}::timestamptz - at) * 1000`;
  const age =
    organisation === 'lab'
      ? ownAge
      : sql<number>`least(${ownAge}, extract(epoch from clock_timestamp() - counted_at) * 1000)`;
  const rows = await db
    .selectFrom('brakeEntry')
    .select(['id', 'requestedBy', age.as('age')])
    .where('organisation', '=', organisation)
    .where('drill', '=', drill)
    // What can be young, for the indexes: now() is the transaction's beginning, so it leaves out nothing that is young by the clock.
    .where(({ or, eb }) =>
      or([eb('at', '>', after(now, -day)), eb('countedAt', '>', sql<Date>`now() - interval '1 day'`)]),
    )
    .where(age, '<', day)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ order: row.id, age: Number(row.age), requester: row.requestedBy }));
}

/** Counts a wipe that is claimed for issuing; under the brake's lock, in the transaction that claims it. */
export async function countWipe(
  change: Change,
  wipe: { id: number; organisation: Organisation; drill: boolean; requestedBy: PersonGuid },
): Promise<void> {
  const { id, organisation, drill, requestedBy } = wipe;
  await change.tx
    .insertInto('brakeEntry')
    .values({ kind: 'wipe', subjectId: String(id), organisation, drill, requestedBy, at: change.now })
    .execute();
}

/** For the approver's card: "Today: 2 of 20 wipes; Hana: 1 of 3". */
export async function brakeCounts(
  db: Kysely<Database>,
  question: BrakeScope,
): Promise<{ today: number; byRequester: number }> {
  const issued = await countedSince(db, question);
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
export async function brakeInput(change: Change, question: BrakeScope): Promise<BrakeInput> {
  await lockBrake(change);
  const unlocked = await change.tx
    .selectFrom('wipeLock')
    .select('countedBefore')
    .where('state', '=', 'unlocked')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return {
    counted: await countedSince(change.tx, question),
    requester: question.requester,
    policy: question.policy,
    unlockedAfter: unlocked?.countedBefore ?? 0,
  };
}

export type LockCause = 'person' | 'brake' | 'approval' | 'restore';

/** Who pulled the lock, where it was no person. */
export function pulledBy(cause: LockCause): string | undefined {
  return cause === 'brake' ? 'the brake' : cause === 'restore' ? 'the restore of a backup' : undefined;
}

export type LockState =
  | { locked: false }
  /** `id` names this pull of the lock: an unlocking that was asked for is for exactly this one. */
  | {
      locked: true;
      id: number;
      since: Date;
      cause: LockCause;
      by: PersonGuid | null;
      reason: string;
      /** Whoever pulled it was suspended: one other person of security or admin lifts it. */
      suspended: boolean;
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
    suspended: newest.suspended,
  };
}

/**
 * Locks or unlocks; false when it is so already. A person who pulls it again makes it their own: what would unlock it is void. Not so
 * somebody suspended, whose lock one person lifts: it never takes the place of another's.
 */
export async function setLock(
  change: Change,
  input: {
    state: 'locked' | 'unlocked';
    cause: LockCause;
    by: By;
    reason: string;
    suspended?: boolean;
  },
): Promise<boolean> {
  await lockBrake(change);
  const before = await lockState(change.tx);
  const { state, cause, by, reason, suspended = false } = input;
  if (before.locked && suspended) return false;
  if (before.locked === (state === 'locked') && cause !== 'person' && cause !== 'restore') return false;
  const newest = await change.tx
    .selectFrom('brakeEntry')
    .select(({ fn }) => fn.max('id').as('id'))
    .executeTakeFirst();
  await change.tx
    .insertInto('wipeLock')
    .values({
      at: change.now,
      state,
      cause,
      actorGuid: guidOf(by),
      reason,
      suspended,
      countedBefore: state === 'unlocked' ? (newest?.id ?? 0) : 0,
    })
    .execute();
  change.audit({
    action: state === 'locked' ? 'wipes.locked' : 'wipes.unlocked',
    subject: 'wipes',
    actor: { guid: guidOf(by), identity: by !== null && 'person' in by ? by.identity : null },
    data: { cause, reason, ...(suspended ? { suspended } : {}) },
  });
  await refreshHomes(change);
  return true;
}

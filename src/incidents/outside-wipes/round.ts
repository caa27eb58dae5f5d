/**
 * Whose phones are checked next for wipes from elsewhere. Exchange tells wipe times per mailbox only (Get-MobileDeviceStatistics
 * has no listing, and no directory attribute moves with a wipe), so a round is one call per mailbox that has a phone.
 *
 * near   mailboxes of recent interest: checked every half hour, before the others
 * all    every mailbox with a phone, in the order of GUIDs
 *
 * How far both got is kept in the store: a restart goes on, and does not begin again.
 */
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import type { Person } from '../../directory/person.ts';
import { personFromRow } from '../../directory/store-people.ts';
import { day, minute } from '../../ground/durations.ts';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { readSetting, storeSetting } from '../../store/settings.ts';

/** A round begins every half hour, or when the one before it is through. */
const roundEvery = 30 * minute;
/** A job reads so many mailboxes at most and the next comes a minute later, so that Exchange is never asked for all at once. */
export const mostPerJob = 60;
const betweenJobs = minute;
/** Mailboxes of recent interest never take more than half, so that the others always get on. */
const mostNear = mostPerJob / 2;
const recently = 7 * day;
const phoneIsNew = 2 * day;
/** An older listing of the phones says nothing about who has none. */
const inventoryHolds = day;

const Lap = z.object({ after: z.string(), began: z.iso.datetime(), done: z.boolean(), mailboxes: z.number() });
type Lap = z.infer<typeof Lap>;
const OutsideRound = z.object({
  near: Lap,
  all: Lap,
  last: z.object({ seconds: z.number(), mailboxes: z.number() }).nullable(),
});
export type OutsideRound = z.infer<typeof OutsideRound>;

export type OutsideTurn = {
  people: Person[];
  /** How far the round is once these were checked. */
  then: OutsideRound;
  nextAt: Date;
};

/** The next people to check, `mostPerJob` at most. */
export async function nextOutsideTurn(
  db: Kysely<Database>,
  policy: Policy,
  { organisation, now }: { organisation: Organisation; now: Date },
): Promise<OutsideTurn> {
  const round = (await readOutsideRound(db, organisation)) ?? { near: over(), all: over(), last: null };
  const near = restarted(round.near, now);
  const all = restarted(round.all, now);
  const interesting = near.done
    ? []
    : await mailboxes(db, organisation, { now, after: near.after, limit: mostNear, policy });
  const rest = mostPerJob - interesting.length;
  const others = all.done ? [] : await mailboxes(db, organisation, { now, after: all.after, limit: rest });
  const then = {
    near: near.done ? near : advanced(near, interesting, mostNear),
    all: all.done ? all : advanced(all, others, rest),
    last: round.last,
  };
  if (!all.done && then.all.done) {
    const seconds = Math.round((now.getTime() - Date.parse(then.all.began)) / 1000);
    then.last = { seconds, mailboxes: then.all.mailboxes };
  }
  const soonest = now.getTime() + betweenJobs;
  const idle = Math.min(Date.parse(then.near.began), Date.parse(then.all.began)) + roundEvery;
  return {
    people: [...new Map([...interesting, ...others].map((person) => [person.guid, person])).values()],
    then,
    nextAt: new Date(then.near.done && then.all.done ? Math.max(soonest, idle) : soonest),
  };
}

export async function storeOutsideRound(
  change: Change,
  organisation: Organisation,
  round: OutsideRound,
): Promise<void> {
  await storeSetting(change.tx, keyOf(organisation), round);
}

/** How far it is, and how long the last whole round took; undefined before the first. */
export async function readOutsideRound(
  db: Kysely<Database>,
  organisation: Organisation,
): Promise<OutsideRound | undefined> {
  return OutsideRound.safeParse(await readSetting(db, keyOf(organisation))).data;
}

function keyOf(organisation: Organisation): string {
  return `outside-wipes-round:${organisation}`;
}

function over(): Lap {
  return { after: '', began: new Date(0).toISOString(), done: true, mailboxes: 0 };
}

function restarted(lap: Lap, now: Date): Lap {
  if (!lap.done || now.getTime() - Date.parse(lap.began) < roundEvery) return lap;
  return { after: '', began: now.toISOString(), done: false, mailboxes: 0 };
}

function advanced(lap: Lap, read: readonly Person[], limit: number): Lap {
  const last = read.at(-1)?.guid ?? lap.after;
  return { ...lap, after: last, done: read.length < limit, mailboxes: lap.mailboxes + read.length };
}

/** With a policy only those of recent interest. */
async function mailboxes(
  db: Kysely<Database>,
  organisation: Organisation,
  { now, after, limit, policy }: { now: Date; after: string; limit: number; policy?: Policy },
): Promise<Person[]> {
  const listed = await db
    .selectFrom('appInventory')
    .select('organisation')
    .where('organisation', '=', organisation)
    .where('readAt', '>', new Date(now.getTime() - inventoryHolds))
    .executeTakeFirst();
  const rows = await db
    .selectFrom('person')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('gone', '=', false)
    .where('mailboxType', 'in', ['user', 'shared'])
    .where('guid', '>', after)
    .$if(listed !== undefined, (query) => query.where(hasPhone))
    .$if(policy !== undefined, (query) => query.where(ofInterest(policy, now)))
    .orderBy('guid')
    .limit(limit)
    .execute();
  return rows.map(personFromRow);
}

const hasPhone = sql<boolean>`exists (select from mobile_device d
  where d.organisation = person.organisation and d.person_guid = person.guid and not d.gone)`;

/**
 * An incident, a phone that is new or that the logs saw being told to wipe, a VIP, or somebody who decides over wipes: whoever
 * uses Exchange behind the bot's back is after these first, or has just been here.
 */
function ofInterest(policy: Policy | undefined, now: Date) {
  const names = [
    ...(policy?.vip ?? []),
    ...(policy?.people ?? [])
      .filter((entry) => entry.roles.some((role) => role !== 'helpdesk'))
      .map(({ mailbox }) => mailbox),
  ].map((name) => name.trim().toLowerCase());
  const lately = new Date(now.getTime() - recently);
  return sql<boolean>`(
    lower(person.primary_smtp) = any(${names}::text[]) or lower(person.upn) = any(${names}::text[])
    or lower(person.alias) = any(${names}::text[]) or person.guid = any(${names}::text[])
    or person.guid in (select person_guid from incident where state = 'open'
      union all select person_guid from incident where opened_at > ${lately})
    or exists (select from mobile_device d where d.organisation = person.organisation and d.person_guid = person.guid and not d.gone
      and (d.first_sync > ${new Date(now.getTime() - phoneIsNew)}
        or exists (select from log_client c join log_sighting s on s.client_id = c.id
          where c.organisation = d.organisation and lower(c.device_id) = lower(d.device_id) and s.at > ${lately}))))`;
}

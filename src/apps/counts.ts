/** Answers about all phones, counted by PostgreSQL over what is kept of each (see phone-sums.ts). */
import { type Kysely, sql } from 'kysely';
import type { Organisation } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import type { AppKind } from './known-apps.ts';
import type { Dimension } from './overview.ts';

/** The phones of one app, or of one of the names they give themselves, counted. A phone whose owner is not known counts as a person of its own. */
export type UseCount = {
  name: string;
  /** Set when the group is an app. */
  app: { key: string; kind: AppKind } | undefined;
  people: number;
  phones: number;
  requests: number;
  firstSeen: Date | null;
  lastSeen: Date | null;
};

const person = sql<string>`coalesce(owner_guid, 'account ' || account)`;

/** Groups, the one with most people first. */
export async function countUses(db: Kysely<Database>, organisation: Organisation, by: Dimension): Promise<UseCount[]> {
  const group = sql.ref(by);
  const { rows } = await sql<Omit<UseCount, 'app'> & { key: string; kind: AppKind }>`
    select ${group} as key, max(app_name) as app_name, max(app_kind) as kind, count(distinct ${person}) as people, count(*) as phones,
      sum(requests) as requests, min(first_seen) as first_seen, max(last_seen) as last_seen,
      ${by === 'app' ? sql`max(app_name)` : sql`coalesce(nullif(${group}, ''), 'not known')`} as name
    from app_phone where organisation = ${organisation} group by ${group} order by people desc, name`.execute(db);
  return rows.map(({ key, kind, name, people, phones, requests, firstSeen, lastSeen }) => ({
    name,
    app: by === 'app' ? { key, kind } : undefined,
    people,
    phones,
    requests,
    firstSeen,
    lastSeen,
  }));
}

/** How many phones give each device type. */
export async function countTypes(
  db: Kysely<Database>,
  organisation: Organisation,
): Promise<{ type: string; phones: number }[]> {
  const { rows } = await sql<{ type: string; phones: number }>`
    select type, count(*) as phones from app_phone where organisation = ${organisation} group by type order by phones desc`.execute(
    db,
  );
  return rows;
}

/** Whose phones with apps of somebody else were first seen since then, by app; the people by name. */
export async function listNewPhones(
  db: Kysely<Database>,
  organisation: Organisation,
  since: Date,
): Promise<{ app: string; people: string[] }[]> {
  const { rows } = await sql<{ app: string; people: string[] }>`
    select app, array_agg(name order by lower(name), name) as people from (
      select distinct app, ${person} as person, ${nameOfOwner} as name from app_phone left join person on person.guid = owner_guid
      where app_phone.organisation = ${organisation} and first_seen >= ${since} and app_kind in ('third-party', 'unknown')) as seen
    group by app`.execute(db);
  return rows;
}

/** As phones.ts names owners; accounts that name nobody as they were logged. */
const nameOfOwner = sql`case when owner_guid is null then coalesce(nullif(account, ''), 'an account that is not known')
  else coalesce(person.display_name, 'somebody not in the directory') end`;

/** What a rule catches now: phones, refusals in the time that was counted, and the last one. */
export type Caught = { phones: number; refused: number; refusedAt: Date | null };

const caughtBy: Readonly<Record<string, string>> = {
  DeviceType: 'device_type',
  DeviceModel: 'device_model',
  DeviceOS: 'device_os',
  UserAgent: 'user_agent',
};

/** By the string, lower case, of those strings of one characteristic that are asked about; whom none of them names is not in it. */
export async function countCaught(
  db: Kysely<Database>,
  organisation: Organisation,
  { characteristic, strings }: { characteristic: string; strings: readonly string[] },
): Promise<ReadonlyMap<string, Caught>> {
  const column = caughtBy[characteristic];
  if (column === undefined) return new Map();
  const name = sql`lower(device.${sql.ref(column)})`;
  const wanted = strings.map((one) => one.toLowerCase()).filter((one) => one !== '');
  const { rows } = await sql<Caught & { name: string }>`
    select ${name} as name, count(*) as phones, sum(refused) as refused, max(refused_at) as refused_at
    from ${listed} where app_phone.organisation = ${organisation} and ${name} = any(${wanted}::text[]) group by 1`.execute(
    db,
  );
  return new Map(rows.map(({ name: string, ...caught }) => [string, caught]));
}

const listed = sql`app_phone join mobile_device as device
  on device.organisation = app_phone.organisation and device.guid = app_phone.device_guid and not device.gone`;

/** Phones that are kept out for one reason, with how many people they are of, and the first of these by name. */
export type KeptOut = { state: string; reason: string; phones: number; people: number; names: string[] };

/** The reason with most phones first. */
export async function listKeptOut(
  db: Kysely<Database>,
  organisation: Organisation,
  mostNames: number,
): Promise<KeptOut[]> {
  const { rows } = await sql<KeptOut>`
    select state, reason, sum(phones)::int as phones, count(*) as people, (array_agg(name order by lower(name), name))[1:${sql.lit(mostNames)}] as names
    from (
      select lower(device.access_state) as state, device.access_reason as reason, ${person} as person, ${nameOfOwner} as name,
        count(*) as phones
      from ${listed} left join person on person.guid = owner_guid
      where app_phone.organisation = ${organisation} and lower(device.access_state) in ('blocked', 'quarantined')
      group by 1, 2, 3, 4) as owned
    group by state, reason order by phones desc, state, reason`.execute(db);
  return rows;
}

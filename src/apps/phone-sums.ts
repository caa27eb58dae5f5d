/**
 * Every phone with what is known of it, added up and kept (`app_phone`), so that a question about all of them is one that PostgreSQL
 * counts. Made anew by each round of the watch, and before an answer where there are few phones.
 */
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import { after, day } from '../ground/durations.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { jsonRows } from '../store/json-rows.ts';
import type { Database } from '../store/schema.ts';
import { readSetting, storeSetting } from '../store/settings.ts';
import { loadPhones, type Phone } from './phones.ts';

/** How far back requests are counted. */
export const usageDays = 7;

/** Device ids whose phones are put together at once. */
const idsAtOnce = 300;

/** Phones that are read and added up while somebody waits; more wait for the next round. */
const few = 2000;

/** Adds up every phone anew, some device ids after the others, and writes what is another than before. */
export async function sumPhones(db: Kysely<Database>, organisation: Organisation, now: Date): Promise<void> {
  const since = after(now, -usageDays * day);
  // What the logs know without a device id comes first.
  for (let ids = ['']; ids.length > 0; ids = await idsAfter(db, { organisation, since, last: ids.at(-1) ?? '' })) {
    const phones = await loadPhones(db, { organisation, since, deviceIds: ids });
    await keep(db, organisation, ids, phones);
  }
  await sql`delete from app_phone where organisation = ${organisation} and not exists (
    select from mobile_device as device where device.organisation = app_phone.organisation and lower(device.device_id) = app_phone.device_id
      and not gone)
    and not exists (
      select from log_client as client where client.organisation = app_phone.organisation and lower(client.device_id) = app_phone.device_id
        and last_at >= ${since})`.execute(db);
  await storeSetting(db, settingOf(organisation), { at: now.toISOString() });
}

async function idsAfter(
  db: Kysely<Database>,
  { organisation, since, last }: { organisation: Organisation; since: Date; last: string },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    (select distinct lower(device_id) as id from mobile_device
      where organisation = ${organisation} and not gone and lower(device_id) > ${last} order by 1 limit ${idsAtOnce})
    union
    (select distinct lower(device_id) from log_client
      where organisation = ${organisation} and last_at >= ${since} and lower(device_id) > ${last} order by 1 limit ${idsAtOnce})
    order by 1 limit ${idsAtOnce}`.execute(db);
  return rows.map(({ id }) => id);
}

async function keep(
  db: Kysely<Database>,
  organisation: Organisation,
  ids: readonly string[],
  phones: readonly Phone[],
): Promise<void> {
  const rows = phones.map(({ key, owner, account, deviceId, device, app, names, usage, firstSeen, lastSeen }) => ({
    organisation,
    key,
    device_id: deviceId.toLowerCase(),
    device_guid: device?.guid ?? null,
    owner_guid: owner?.guid ?? null,
    account,
    app: app.key,
    app_name: app.name,
    app_kind: app.kind,
    type: names.type,
    model: names.model,
    os: names.os,
    agent: names.agent,
    requests: usage.requests,
    refused: usage.refused,
    refused_at: usage.lastRefused?.at ?? null,
    first_seen: firstSeen,
    last_seen: lastSeen,
  }));
  // In one order, so that two that add up at once do not wait for each other crosswise.
  rows.sort((one, other) => (one.key < other.key ? -1 : 1));
  await sql`
    with told as (select * from jsonb_populate_recordset(null::app_phone, ${jsonRows(rows)})),
    gone as (delete from app_phone where organisation = ${organisation} and device_id = any(${ids}::text[])
      and key not in (select key from told))
    insert into app_phone select told.* from told left join app_phone as known using (organisation, key)
      where known.key is null or known is distinct from told
    on conflict (organisation, key) do update set (device_id, device_guid, owner_guid, account, app, app_name, app_kind, type, model, os,
      agent, requests, refused, refused_at, first_seen, last_seen) = row(excluded.device_id, excluded.device_guid, excluded.owner_guid,
      excluded.account, excluded.app, excluded.app_name, excluded.app_kind, excluded.type, excluded.model, excluded.os, excluded.agent,
      excluded.requests, excluded.refused, excluded.refused_at, excluded.first_seen, excluded.last_seen)`.execute(db);
}

/** Whether all phones can be read and added up while somebody waits. */
export async function arePhonesFew(db: Kysely<Database>, organisation: Organisation): Promise<boolean> {
  const { rows } = await sql<{ phones: number }>`
    select (select count(*) from (select from mobile_device where organisation = ${organisation} limit ${few + 1}) as listed)
      + (select count(*) from (select from log_client where organisation = ${organisation} limit ${few + 1}) as logged) as phones`.execute(
    db,
  );
  return (rows[0]?.phones ?? 0) <= few;
}

const Summed = z.object({ at: z.iso.datetime().transform((text) => new Date(text)) });

/** When all phones were added up last; undefined before the first time. */
export async function summedAt(db: Kysely<Database>, organisation: Organisation): Promise<Date | undefined> {
  return Summed.safeParse(await readSetting(db, settingOf(organisation))).data?.at;
}

function settingOf(organisation: Organisation): string {
  return `apps.summed.${organisation}`;
}

/** The phones of one app as they are now, of those device ids that had it when they were added up. */
export async function loadPhonesOf(
  db: Kysely<Database>,
  { organisation, since, app }: { organisation: Organisation; since: Date; app: string },
): Promise<Phone[]> {
  const rows = await db
    .selectFrom('appPhone')
    .select('deviceId')
    .distinct()
    .where('organisation', '=', organisation)
    .where('app', '=', app)
    .execute();
  const deviceIds = rows.map(({ deviceId }) => deviceId);
  return (await loadPhones(db, { organisation, since, deviceIds })).filter((phone) => phone.app.key === app);
}

/** Every phone that has a device type, model or user agent in common with one of these, themselves included. */
export async function loadPhonesNamedLike(
  db: Kysely<Database>,
  { organisation, since }: { organisation: Organisation; since: Date },
  phones: readonly Phone[],
): Promise<Phone[]> {
  const named = (name: (phone: Phone) => string | undefined) => [
    ...new Set(phones.map((phone) => name(phone)?.toLowerCase() ?? '').filter((one) => one !== '')),
  ];
  const { rows } = await sql<{ id: string }>`
    select distinct lower(device_id) as id from mobile_device where organisation = ${organisation} and not gone
      and (lower(device_type) = any(${named(({ device }) => device?.deviceType)}::text[])
        or lower(device_model) = any(${named(({ device }) => device?.deviceModel)}::text[])
        or lower(user_agent) = any(${named(({ device }) => device?.userAgent)}::text[]))`.execute(db);
  const own = new Set(phones.map(({ key }) => key));
  const others = await loadPhones(db, { organisation, since, deviceIds: rows.map(({ id }) => id) });
  return [...phones, ...others.filter(({ key }) => !own.has(key))];
}

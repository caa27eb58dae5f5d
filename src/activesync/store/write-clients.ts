import { type Kysely, sql, type Transaction } from 'kysely';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Database } from '../../store/schema.ts';
import type { Batch, BatchClient } from '../reader/batch.ts';
import { numberArray, textArray } from './arrays.ts';

/** A client as it stands in the store, or narrower: other processes only widen its times. Seconds since 1970; `lastAt` is the end of an hour. */
type StoredClient = { id: number; os: string; model: string; easVersion: number; first: number; lastAt: number };

/** Clients this process has stored: phones come again every minute, and their ids need no asking then. */
type ClientMemory = {
  deletions: number;
  clients: Map<string, StoredClient>;
  /** The same by what a reader told, which on one thread is the same object from batch to batch. */
  told: Record<Organisation, WeakMap<BatchClient, StoredClient>>;
};

const memories = new WeakMap<Kysely<Database>, ClientMemory>();
/** About 300 bytes each. */
const MOST_REMEMBERED = 100_000;

export type WrittenClients = {
  /** Database ids by the batch's client numbers. */
  ids: Int32Array;
  /** To be called once the transaction is committed. */
  remember(): void;
};

/**
 * For the statement that moves a file's position: from it to its end the transaction is the only one that writes roll-ups (without that,
 * two would wait for each other's clients), and nobody waits for the disk: position and roll-ups are lost together or not at all, and the
 * log can be read again. Answers how often clients were deleted.
 */
export const writersLock =
  sql<number>`(select count from log_client_deletions, set_config('synchronous_commit', 'off', true) for update of log_client_deletions)`.as(
    'deletions',
  );

/** Adds the batch's clients to the store and widens the times of known ones, under `writersLock`. */
export async function writeClients(
  tx: Transaction<Database>,
  input: { db: Kysely<Database>; organisation: Organisation; deletions: number; batch: Batch },
): Promise<WrittenClients> {
  const { db, organisation, deletions, batch } = input;
  const { clients } = batch;
  const memory = memoryOf(db, deletions);
  const { first, lastAt } = timesOf(batch);
  const ids = new Int32Array(clients.length);
  const fresh: number[] = [];
  const changed: StoredClient[] = [];
  const after: StoredClient[] = [];
  for (const [number, client] of clients.entries()) {
    const known = memory.told[organisation].get(client) ?? recalled(memory, organisation, client);
    if (known === undefined) {
      fresh.push(number);
      continue;
    }
    ids[number] = known.id;
    if (!isNews(client, known, first[number] ?? known.first, lastAt[number] ?? 0)) continue;
    changed.push(known);
    after.push({
      id: known.id,
      os: client.os === '' ? known.os : client.os,
      model: client.model === '' ? known.model : client.model,
      easVersion: Math.max(client.easVersion, known.easVersion),
      first: Math.min(first[number] ?? known.first, known.first),
      lastAt: Math.max(lastAt[number] ?? 0, known.lastAt),
    });
  }
  await widen(tx, after);
  const added = await addClients(tx, { organisation, batch, fresh, first, lastAt });
  for (const [number, { id }] of added) ids[number] = id;
  return {
    ids,
    remember: () => {
      for (const [at, known] of changed.entries()) Object.assign(known, after[at]);
      const current = memoryOf(db, deletions);
      if (current.clients.size + added.size > MOST_REMEMBERED) current.clients.clear();
      for (const [number, stored] of added) {
        const client = clients[number];
        if (client === undefined) continue;
        current.clients.set(keyOf(organisation, client), stored);
        current.told[organisation].set(client, stored);
      }
    },
  };
}

function memoryOf(db: Kysely<Database>, deletions: number): ClientMemory {
  const known = memories.get(db);
  if (known !== undefined && known.deletions === deletions) return known;
  const memory = {
    deletions,
    clients: new Map<string, StoredClient>(),
    told: { real: new WeakMap<BatchClient, StoredClient>(), lab: new WeakMap<BatchClient, StoredClient>() },
  };
  memories.set(db, memory);
  return memory;
}

function recalled(memory: ClientMemory, organisation: Organisation, client: BatchClient): StoredClient | undefined {
  const known = memory.clients.get(keyOf(organisation, client));
  if (known !== undefined) memory.told[organisation].set(client, known);
  return known;
}

function keyOf(organisation: Organisation, client: BatchClient): string {
  const { account, deviceId, deviceType, userAgent, stray } = client;
  return `${organisation}\n${account}\n${deviceId}\n${deviceType}\n${userAgent}\n${stray}`;
}

/** Whether a client tells more than is stored of it. */
function isNews(client: BatchClient, known: StoredClient, first: number, lastAt: number): boolean {
  return (
    lastAt > known.lastAt ||
    first < known.first ||
    client.easVersion > known.easVersion ||
    (client.os !== '' && client.os !== known.os) ||
    (client.model !== '' && client.model !== known.model)
  );
}

function timesOf({ clients, groups, lastEnd }: Batch): { first: Float64Array; lastAt: Float64Array } {
  const first = new Float64Array(clients.length).fill(lastEnd);
  const lastAt = new Float64Array(clients.length);
  for (let row = 0; row < groups.client.length; row += 1) {
    const client = groups.client[row] ?? 0;
    const start = groups.firstStart[row] ?? 0;
    const hourEnd = ((groups.hour[row] ?? 0) + 1) * 3600;
    if (start < (first[client] ?? 0)) first[client] = start;
    if (hourEnd > (lastAt[client] ?? 0)) lastAt[client] = hourEnd;
  }
  return { first, lastAt };
}

async function widen(tx: Transaction<Database>, clients: readonly StoredClient[]): Promise<void> {
  if (clients.length === 0) return;
  await sql`
    update log_client as known set first_at = least(known.first_at, to_timestamp(given.first)),
      last_at = greatest(known.last_at, to_timestamp(given.last_at)), os = given.os, model = given.model,
      eas_version = greatest(known.eas_version, given.eas_version)
    from unnest(${numberArray(clients.map(({ id }) => id))}::int[], ${numberArray(clients.map(({ first }) => first))}::int[],
      ${numberArray(clients.map(({ lastAt }) => lastAt))}::int[], ${textArray(clients.map(({ os }) => os))}::text[],
      ${textArray(clients.map(({ model }) => model))}::text[], ${numberArray(clients.map(({ easVersion }) => easVersion))}::int[])
      as given (id, first, last_at, os, model, eas_version)
    where known.id = given.id`.execute(tx);
}

async function addClients(
  tx: Transaction<Database>,
  input: {
    organisation: Organisation;
    batch: Batch;
    fresh: readonly number[];
    first: Float64Array;
    lastAt: Float64Array;
  },
): Promise<Map<number, StoredClient>> {
  const { organisation, batch, fresh, first, lastAt } = input;
  const added = new Map<number, StoredClient>();
  if (fresh.length === 0) return added;
  const text = (of: (client: BatchClient) => string) =>
    textArray(fresh.map((number) => (batch.clients[number] === undefined ? '' : of(batch.clients[number]))));
  const rows = sql`unnest(
      ${text(({ account }) => account)}::text[], ${text(({ deviceId }) => deviceId)}::text[],
      ${text(({ deviceType }) => deviceType)}::text[], ${text(({ userAgent }) => userAgent)}::text[], ${text(({ stray }) => stray)}::text[],
      ${text(({ os }) => os)}::text[], ${text(({ model }) => model)}::text[],
      ${numberArray(fresh.map((number) => batch.clients[number]?.easVersion ?? 0))}::int[],
      ${numberArray(fresh.map((number) => first[number] ?? 0))}::int[], ${numberArray(fresh.map((number) => lastAt[number] ?? 0))}::int[])
    with ordinality as given (account, device_id, device_type, user_agent, stray, os, model, eas_version, first_at, last_at, number)`;
  // Clients that differ only in bytes that no text keeps (control characters) fall together here, hence the grouping.
  const stored = await sql<StoredClient & { numbers: number[] }>`
    with wanted as (
      select account, device_id, device_type, user_agent, stray, max(os) as os, max(model) as model, max(eas_version) as eas_version,
        to_timestamp(min(first_at)) as first_at, to_timestamp(max(last_at)) as last_at, array_agg(number::int) as numbers
      from ${rows} group by account, device_id, device_type, user_agent, stray),
    stored as (
      insert into log_client as known (organisation, account, device_id, device_type, user_agent, stray, os, model, eas_version, first_at, last_at)
      select ${organisation}, account, device_id, device_type, user_agent, stray, os, model, eas_version, first_at, last_at from wanted
      order by account, device_id, device_type, user_agent, stray
      on conflict (organisation, account, device_id, device_type, md5(user_agent), stray) do update set
        os = case when excluded.os <> '' then excluded.os else known.os end,
        model = case when excluded.model <> '' then excluded.model else known.model end,
        eas_version = greatest(excluded.eas_version, known.eas_version),
        first_at = least(excluded.first_at, known.first_at), last_at = greatest(excluded.last_at, known.last_at)
      returning *)
    select id, stored.os, stored.model, stored.eas_version, numbers,
      extract(epoch from stored.first_at)::float8 as first, extract(epoch from stored.last_at)::float8 as last_at
    from stored join wanted using (account, device_id, device_type, user_agent, stray)`.execute(tx);
  for (const { numbers, ...client } of stored.rows) {
    for (const number of numbers) added.set(fresh[number - 1] ?? -1, { ...client });
  }
  return added;
}

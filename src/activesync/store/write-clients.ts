import { type Kysely, sql, type Transaction } from 'kysely';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Database } from '../../store/schema.ts';
import type { Batch, BatchClient } from '../reader/batch.ts';
import { given } from './arrays.ts';

/** When a client made requests, in seconds since 1970; `lastAt` is the end of an hour. */
type Seen = { first: number; lastAt: number };
/** A client as it stands in the store, or narrower: other processes only widen its times. */
type StoredClient = BatchClient & Seen & { id: number };

/** Clients this process has stored: phones come again every minute, and their ids need no asking then. */
type ClientMemory = { deletions: number; clients: Map<string, StoredClient> };

const memories = new WeakMap<Kysely<Database>, ClientMemory>();
/** About 500 bytes each. */
const mostRemembered = 100_000;

export type ClientIds = ReadonlyMap<BatchClient, number>;

/** The rows with the ids of their clients in the store. */
export function withIds<T extends { client: BatchClient }>(
  rows: readonly T[],
  ids: ClientIds,
): (T & { clientId: number })[] {
  return rows.map((row) => ({ ...row, clientId: ids.get(row.client) ?? 0 }));
}

export type WrittenClients = {
  ids: ClientIds;
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
  const memory = memoryOf(db, deletions);
  const keys = new Map<BatchClient, string>();
  const fresh = new Map<string, BatchClient & Seen>();
  const widened: StoredClient[] = [];
  for (const [client, seen] of seenOf(batch)) {
    const key = keyOf(organisation, client);
    keys.set(client, key);
    const known = memory.clients.get(key);
    if (known === undefined) fresh.set(key, { ...client, ...seen });
    const wide = known === undefined ? undefined : widenedBy(known, client, seen);
    if (wide !== undefined) widened.push(wide);
  }
  await updateClients(tx, widened);
  const added = new Map<string, StoredClient>();
  for (const row of await upsertClients(tx, organisation, [...fresh.values()]))
    added.set(keyOf(organisation, row), row);
  const ids = new Map<BatchClient, number>();
  for (const [client, key] of keys) ids.set(client, (memory.clients.get(key) ?? added.get(key))?.id ?? 0);
  return {
    ids,
    remember: () => {
      const { clients } = memoryOf(db, deletions);
      if (clients.size + added.size > mostRemembered) clients.clear();
      for (const row of [...widened, ...added.values()]) clients.set(keyOf(organisation, row), row);
    },
  };
}

function memoryOf(db: Kysely<Database>, deletions: number): ClientMemory {
  const known = memories.get(db);
  if (known !== undefined && known.deletions === deletions) return known;
  const memory = { deletions, clients: new Map<string, StoredClient>() };
  memories.set(db, memory);
  return memory;
}

function keyOf(organisation: Organisation, client: BatchClient): string {
  const { anonymous, account, deviceId, deviceType, userAgent, stray } = client;
  return `${organisation}\n${anonymous}\n${account}\n${deviceId}\n${deviceType}\n${userAgent}\n${stray}`;
}

/** What is stored of a client with what its lines say now; undefined where that is nothing new. */
function widenedBy(known: StoredClient, client: BatchClient, seen: Seen): StoredClient | undefined {
  const os = client.os === '' ? known.os : client.os;
  const model = client.model === '' ? known.model : client.model;
  const easVersion = Math.max(client.easVersion, known.easVersion);
  const first = Math.min(seen.first, known.first);
  const lastAt = Math.max(seen.lastAt, known.lastAt);
  const isSame =
    os === known.os &&
    model === known.model &&
    easVersion === known.easVersion &&
    first === known.first &&
    lastAt === known.lastAt;
  return isSame ? undefined : { ...known, os, model, easVersion, first, lastAt };
}

function seenOf({ groups }: Batch): Map<BatchClient, Seen> {
  const all = new Map<BatchClient, Seen>();
  for (const { client, hour, firstStart } of groups) {
    const lastAt = (hour + 1) * 3600;
    const seen = all.get(client);
    if (seen === undefined) all.set(client, { first: firstStart, lastAt });
    else {
      seen.first = Math.min(seen.first, firstStart);
      seen.lastAt = Math.max(seen.lastAt, lastAt);
    }
  }
  return all;
}

async function updateClients(tx: Transaction<Database>, clients: readonly StoredClient[]): Promise<void> {
  if (clients.length === 0) return;
  await sql`
    update log_client as known set first_at = least(known.first_at, to_timestamp(given.first)),
      last_at = greatest(known.last_at, to_timestamp(given.last_at)), os = given.os, model = given.model,
      eas_version = greatest(known.eas_version, given.eas_version)
    from ${given({ id: 'int', first: 'int', lastAt: 'int', os: 'text', model: 'text', easVersion: 'int' }, clients)}
    where known.id = given.id`.execute(tx);
}

const clientColumns = {
  anonymous: 'int',
  account: 'text',
  deviceId: 'text',
  deviceType: 'text',
  userAgent: 'text',
  stray: 'text',
  os: 'text',
  model: 'text',
  easVersion: 'int',
  first: 'int',
  lastAt: 'int',
} as const;

async function upsertClients(
  tx: Transaction<Database>,
  organisation: Organisation,
  clients: readonly (BatchClient & Seen)[],
): Promise<StoredClient[]> {
  if (clients.length === 0) return [];
  const { rows } = await sql<StoredClient>`
    insert into log_client as known (organisation, anonymous, account, device_id, device_type, user_agent, stray, os, model, eas_version, first_at, last_at)
    select ${organisation}, anonymous = 1, account, device_id, device_type, user_agent, stray, os, model, eas_version,
      to_timestamp(first), to_timestamp(last_at)
    from ${given(clientColumns, clients)}
    order by anonymous, account, device_id, device_type, user_agent, stray
    on conflict (organisation, anonymous, account, device_id, device_type, md5(user_agent), stray) do update set
      os = case when excluded.os <> '' then excluded.os else known.os end,
      model = case when excluded.model <> '' then excluded.model else known.model end,
      eas_version = greatest(excluded.eas_version, known.eas_version),
      first_at = least(excluded.first_at, known.first_at), last_at = greatest(excluded.last_at, known.last_at)
    returning id, anonymous, account, device_id, device_type, user_agent, stray, os, model, eas_version,
      extract(epoch from first_at)::float8 as first, extract(epoch from last_at)::float8 as last_at`.execute(tx);
  return rows;
}

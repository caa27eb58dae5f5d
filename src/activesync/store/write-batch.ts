import { type Kysely, sql, type Transaction } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { Batch } from '../reader/batch.ts';
import { numberArray, textArray } from './arrays.ts';
import type { BatchOrigin } from './batch-origin.ts';
import { forgetSpans } from './forget-spans.ts';
import { writeClients } from './write-clients.ts';
import { writeGroups } from './write-groups.ts';

/** Samples kept per server and command: more than any HeartbeatSampleSize in use (Exchange's default is 200). */
const SAMPLES_KEPT = 1_000;

/**
 * Adds a batch to the roll-ups, in the caller's transaction of `db`. Everything adds up, so batches may come in any order, but each
 * must come once: the caller moves the file's position in the same transaction, which takes `writersLock` with it, and calls the answer
 * after its commit.
 */
export async function writeBatch(
  tx: Transaction<Database>,
  db: Kysely<Database>,
  { deletions, ...origin }: BatchOrigin & { deletions: number },
  batch: Batch,
): Promise<() => void> {
  await writeOddities(tx, origin, batch);
  if (batch.clients.length === 0) return () => undefined;
  const { ids, remember } = await writeClients(tx, { db, organisation: origin.organisation, deletions, batch });
  await writeGroups(tx, origin, batch, ids);
  await forgetSpans(tx, origin, batch.heartbeats);
  await writeSamples(tx, origin, batch, ids);
  await writeSightings(tx, origin, batch, ids);
  return remember;
}

async function writeSamples(
  tx: Transaction<Database>,
  origin: BatchOrigin,
  batch: Batch,
  clients: Int32Array,
): Promise<void> {
  const rows = batch.samples;
  if (rows.length === 0) return;
  const { organisation, server } = origin;
  await sql`
    insert into log_sample (organisation, server, command, started_at, asked, client_id)
    select ${organisation}, ${server}, command, to_timestamp(started_at), asked, client_id
    from unnest(${textArray(rows.map(({ command }) => command))}::text[], ${numberArray(rows.map(({ startedAt }) => startedAt))}::float8[],
      ${numberArray(rows.map(({ asked }) => asked))}::int[], ${numberArray(rows.map(({ client }) => clients[client] ?? 0))}::int[])
      as given (command, started_at, asked, client_id)`.execute(tx);
  await sql`
    delete from log_sample where id in (
      select id from (select id, row_number() over (partition by command order by started_at desc, id desc) as place
        from log_sample where organisation = ${organisation} and server = ${server}) as placed
      where place > ${SAMPLES_KEPT})`.execute(tx);
}

async function writeSightings(
  tx: Transaction<Database>,
  { server }: BatchOrigin,
  batch: Batch,
  clients: Int32Array,
): Promise<void> {
  const rows = batch.sightings;
  if (rows.length === 0) return;
  await sql`
    insert into log_sighting (client_id, server, at, what)
    select client_id, ${server}, to_timestamp(at), what
    from unnest(${numberArray(rows.map(({ client }) => clients[client] ?? 0))}::int[], ${numberArray(rows.map(({ at }) => at))}::float8[],
      ${textArray(rows.map(({ what }) => what))}::text[]) as given (client_id, at, what)
    on conflict do nothing`.execute(tx);
}

async function writeOddities(tx: Transaction<Database>, origin: BatchOrigin, batch: Batch): Promise<void> {
  const rows = batch.odd;
  if (rows.length === 0) return;
  const { organisation, server, kind } = origin;
  const lastAt = batch.lastEnd;
  await sql`
    insert into log_oddity as known (organisation, server, kind, odd, text, requests, last_at)
    select ${organisation}, ${server}, ${kind}, odd, text, sum(requests), to_timestamp(${lastAt}::float8)
    from unnest(${textArray(rows.map((row) => row.kind))}::text[], ${textArray(rows.map(({ text }) => text))}::text[],
      ${numberArray(rows.map(({ requests }) => requests))}::int[])
      as given (odd, text, requests)
    group by odd, text order by odd, text
    on conflict (organisation, server, kind, odd, text) do update set
      requests = known.requests + excluded.requests, last_at = greatest(known.last_at, excluded.last_at)`.execute(tx);
}

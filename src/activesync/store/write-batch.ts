import { type Kysely, sql, type Transaction } from 'kysely';
import type { Organisation } from '../../directory/person.ts';
import type { LogKind } from '../../servers/port.ts';
import type { Database } from '../../store/schema.ts';
import type { Batch } from '../reader/batch.ts';
import { numberArray, quoted, quotedArray, textArray } from './array-text.ts';
import { forgetSpans } from './forget-spans.ts';
import { writeClients } from './write-clients.ts';

/** Samples kept per server and command: more than any HeartbeatSampleSize in use (Exchange's default is 200). */
const SAMPLES_KEPT = 1_000;

export type BatchOrigin = { organisation: Organisation; server: string; kind: LogKind };

/**
 * Adds a batch to the roll-ups, in the caller's transaction of `db`. Everything adds up, so batches may come in any order, but each
 * must come once: the caller moves the file's position in the same transaction, and calls the answer after its commit.
 */
export async function writeBatch(
  tx: Transaction<Database>,
  db: Kysely<Database>,
  origin: BatchOrigin,
  batch: Batch,
): Promise<() => void> {
  await writeOddities(tx, origin, batch);
  if (batch.clients.length === 0) return () => undefined;
  const { ids, remember } = await writeClients(tx, { db, organisation: origin.organisation, batch });
  await writeGroups(tx, origin, batch, ids);
  await writeHeartbeats(tx, origin, batch, ids);
  await forgetSpans(tx, origin, batch.heartbeats);
  await writeSamples(tx, origin, batch, ids);
  await writeSightings(tx, origin, batch, ids);
  return remember;
}

async function writeGroups(
  tx: Transaction<Database>,
  { server, kind }: BatchOrigin,
  batch: Batch,
  clients: Int32Array,
): Promise<void> {
  const { groups, outcomes, commands } = batch;
  const addresses = batch.addresses.map(quoted);
  const address = Array.from(groups.address, (number) => addresses[number] ?? '""');
  await sql`
    with added as (
      insert into log_rollup (client_id, server, kind, hour, command, http, substatus, status, error, access, requests,
        first_start, last_start, last_end, last_address, taken, sent, received)
      select client_id, ${server}, ${kind}, to_timestamp(hour * 3600.0), command.text, http, substatus, status, error, access, requests,
        to_timestamp(first_start), to_timestamp(last_start), to_timestamp(last_end), address, taken, sent, received
      from unnest(${numberArray(groups.client.map((number) => clients[number] ?? 0))}::int[], ${numberArray(groups.hour)}::int[],
          ${numberArray(groups.command)}::int[], ${numberArray(groups.outcome)}::int[], ${numberArray(groups.requests)}::int[],
          ${numberArray(groups.firstStart)}::int[], ${numberArray(groups.lastStart)}::int[], ${numberArray(groups.lastEnd)}::int[],
          ${quotedArray(address)}::text[], ${numberArray(groups.taken)}::float8[], ${numberArray(groups.sent)}::float8[],
          ${numberArray(groups.received)}::float8[])
        as given (client_id, hour, command, outcome, requests, first_start, last_start, last_end, address, taken, sent, received)
      join unnest(${textArray(commands)}::text[]) with ordinality as command (text, number) on command.number = given.command + 1
      join unnest(${numberArray(outcomes.map(({ http }) => http))}::int[], ${numberArray(outcomes.map(({ substatus }) => substatus))}::int[],
          ${numberArray(outcomes.map(({ status }) => status))}::int[], ${textArray(outcomes.map(({ error }) => error))}::text[],
          ${textArray(outcomes.map(({ access }) => access))}::text[])
        with ordinality as outcome (http, substatus, status, error, access, number) on outcome.number = given.outcome + 1)
    insert into log_hour as known (server, kind, hour, batches)
    select ${server}, ${kind}, to_timestamp(hour * 3600.0), 1 from unnest(${numberArray([...new Set(groups.hour)])}::int[]) as hour
    on conflict (server, kind, hour) do update set batches = known.batches + 1`.execute(tx);
}

async function writeHeartbeats(
  tx: Transaction<Database>,
  { server, kind }: BatchOrigin,
  batch: Batch,
  clients: Int32Array,
): Promise<void> {
  const rows = batch.heartbeats;
  if (rows.length === 0) return;
  const column = (of: (row: Batch['heartbeats'][number]) => number) => numberArray(rows.map(of));
  await sql`
    insert into log_heartbeat (client_id, server, kind, hour, command, asked, ended, win32, lived, requests, shortest, longest, sum)
    select client_id, ${server}, ${kind}, to_timestamp(hour * 3600.0), command, asked, ended, win32, lived, requests, shortest, longest, sum
    from unnest(${column(({ client }) => clients[client] ?? 0)}::int[], ${column(({ hour }) => hour)}::int[],
      ${textArray(rows.map(({ command }) => batch.commands[command] ?? ''))}::text[], ${column(({ asked }) => asked)}::int[],
      ${textArray(rows.map(({ ended }) => ended))}::text[], ${column(({ win32 }) => win32)}::int[], ${column(({ lived }) => lived)}::int[],
      ${column(({ requests }) => requests)}::int[], ${column(({ shortest }) => shortest)}::int[], ${column(({ longest }) => longest)}::int[],
      ${column(({ sum }) => sum)}::float8[])
      as given (client_id, hour, command, asked, ended, win32, lived, requests, shortest, longest, sum)`.execute(tx);
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

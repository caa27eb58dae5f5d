import { sql, type Transaction } from 'kysely';
import type { Organisation } from '../../directory/person.ts';
import type { LogKind } from '../../servers/port.ts';
import type { Database } from '../../store/schema.ts';
import type { Batch } from '../reader/batch.ts';

/** Samples kept per server and command: more than any HeartbeatSampleSize in use (Exchange's default is 200). */
const SAMPLES_KEPT = 1_000;

export type BatchOrigin = { organisation: Organisation; server: string; kind: LogKind };

/**
 * Adds a batch to the roll-ups, in the caller's transaction. Everything adds up, so batches may come in any order, but each
 * must come once: the caller moves the file's position in the same transaction.
 */
export async function writeBatch(tx: Transaction<Database>, origin: BatchOrigin, batch: Batch): Promise<void> {
  if (batch.clients.length > 0) {
    const clients = await writeClients(tx, origin, batch);
    await writeGroups(tx, origin, batch, clients);
    await writeAddresses(tx, batch, clients);
    await writeHeartbeats(tx, origin, batch, clients);
    await writeSamples(tx, origin, batch, clients);
    await writeSightings(tx, origin, batch, clients);
  }
  await writeOddities(tx, origin, batch);
}

/** Database ids by the batch's client numbers. */
async function writeClients(
  tx: Transaction<Database>,
  { organisation }: BatchOrigin,
  batch: Batch,
): Promise<Int32Array> {
  const { clients } = batch;
  const first = new Float64Array(clients.length).fill(Number.POSITIVE_INFINITY);
  const last = new Float64Array(clients.length);
  for (let row = 0; row < batch.groups.client.length; row += 1) {
    const client = batch.groups.client[row] ?? 0;
    first[client] = Math.min(first[client] ?? 0, batch.groups.firstStart[row] ?? 0);
    last[client] = Math.max(last[client] ?? 0, batch.groups.lastEnd[row] ?? 0);
  }
  const rows = sql`select * from unnest(
      ${clients.map((client) => client.account)}::text[], ${clients.map((client) => client.deviceId)}::text[],
      ${clients.map((client) => client.deviceType)}::text[], ${clients.map((client) => client.userAgent)}::text[],
      ${clients.map((client) => client.stray)}::text[], ${clients.map((client) => client.os)}::text[],
      ${clients.map((client) => client.model)}::text[], ${clients.map((client) => client.easVersion)}::int[],
      ${[...first].map((at) => (Number.isFinite(at) ? at : batch.lastEnd))}::float8[], ${[...last]}::float8[])
    with ordinality as given (account, device_id, device_type, user_agent, stray, os, model, eas_version, first_at, last_at, number)`;
  // Clients that differ only in bytes that no text keeps (control characters) fall together here, hence the grouping.
  await sql`
    insert into log_client as known (organisation, account, device_id, device_type, user_agent, stray, os, model, eas_version, first_at, last_at)
    select ${organisation}, account, device_id, device_type, user_agent, stray, max(os), max(model), max(eas_version),
      to_timestamp(min(first_at)), to_timestamp(max(last_at))
    from (${rows}) as given group by account, device_id, device_type, user_agent, stray
    order by account, device_id, device_type, user_agent, stray
    on conflict (organisation, account, device_id, device_type, md5(user_agent), stray) do update set
      os = case when excluded.os <> '' then excluded.os else known.os end,
      model = case when excluded.model <> '' then excluded.model else known.model end,
      eas_version = greatest(excluded.eas_version, known.eas_version),
      first_at = least(excluded.first_at, known.first_at), last_at = greatest(excluded.last_at, known.last_at)`.execute(
    tx,
  );
  const found = await sql<{ number: number; id: number }>`
    select given.number::int as number, known.id from (${rows}) as given
    join log_client as known on known.organisation = ${organisation} and known.account = given.account
      and known.device_id = given.device_id and known.device_type = given.device_type
      and md5(known.user_agent) = md5(given.user_agent) and known.stray = given.stray`.execute(tx);
  const ids = new Int32Array(clients.length);
  for (const { number, id } of found.rows) ids[number - 1] = id;
  return ids;
}

async function writeGroups(
  tx: Transaction<Database>,
  { server, kind }: BatchOrigin,
  batch: Batch,
  clients: Int32Array,
): Promise<void> {
  const { groups, outcomes, commands, addresses } = batch;
  const outcome = <T>(of: (outcome: Batch['outcomes'][number]) => T, otherwise: T) =>
    Array.from(groups.outcome, (index) => (outcomes[index] === undefined ? otherwise : of(outcomes[index])));
  await sql`
    insert into log_rollup as known (client_id, server, kind, hour, command, http, substatus, status, error, access, requests,
      first_start, last_start, last_end, last_address, taken, sent, received)
    select client_id, ${server}, ${kind}, to_timestamp(hour * 3600.0), command, http, substatus, status, error, access, sum(requests),
      to_timestamp(min(first_start)), to_timestamp(max(last_start)), to_timestamp(max(last_end)), max(last_address), sum(taken), sum(sent), sum(received)
    from unnest(
      ${Array.from(groups.client, (number) => clients[number] ?? 0)}::int[], ${[...groups.hour]}::int[],
      ${Array.from(groups.command, (number) => commands[number] ?? '')}::text[],
      ${outcome(({ http }) => http, 0)}::int[], ${outcome(({ substatus }) => substatus, 0)}::int[],
      ${outcome(({ status }) => status, -1)}::int[], ${outcome(({ error }) => error, '')}::text[],
      ${outcome(({ access }) => access, '')}::text[], ${[...groups.requests]}::int[],
      ${[...groups.firstStart]}::float8[], ${[...groups.lastStart]}::float8[], ${[...groups.lastEnd]}::float8[],
      ${Array.from(groups.lastAddress, (number) => addresses[number] ?? '')}::text[],
      ${[...groups.taken]}::float8[], ${[...groups.sent]}::float8[], ${[...groups.received]}::float8[])
      as given (client_id, hour, command, http, substatus, status, error, access, requests, first_start, last_start, last_end,
        last_address, taken, sent, received)
    group by client_id, hour, command, http, substatus, status, error, access
    on conflict (client_id, hour, server, kind, command, http, substatus, status, error, access) do update set
      requests = known.requests + excluded.requests, first_start = least(known.first_start, excluded.first_start),
      last_start = case when excluded.last_end >= known.last_end then excluded.last_start else known.last_start end,
      last_address = case when excluded.last_end >= known.last_end then excluded.last_address else known.last_address end,
      last_end = greatest(known.last_end, excluded.last_end), taken = known.taken + excluded.taken,
      sent = known.sent + excluded.sent, received = known.received + excluded.received`.execute(tx);
}

async function writeAddresses(tx: Transaction<Database>, batch: Batch, clients: Int32Array): Promise<void> {
  const rows = batch.clientAddresses;
  if (rows.length === 0) return;
  await sql`
    insert into log_address as known (client_id, address, requests, first_at, last_at)
    select client_id, address, sum(requests), to_timestamp(min(first_at)), to_timestamp(max(last_at))
    from unnest(${rows.map(({ client }) => clients[client] ?? 0)}::int[], ${rows.map(({ address }) => batch.addresses[address] ?? '')}::text[],
      ${rows.map(({ requests }) => requests)}::int[], ${rows.map(({ first }) => first)}::float8[], ${rows.map(({ last }) => last)}::float8[])
      as given (client_id, address, requests, first_at, last_at)
    group by client_id, address order by client_id, address
    on conflict (client_id, address) do update set requests = known.requests + excluded.requests,
      first_at = least(known.first_at, excluded.first_at), last_at = greatest(known.last_at, excluded.last_at)`.execute(
    tx,
  );
}

async function writeHeartbeats(
  tx: Transaction<Database>,
  { server, kind }: BatchOrigin,
  batch: Batch,
  clients: Int32Array,
): Promise<void> {
  const rows = batch.heartbeats;
  if (rows.length === 0) return;
  await sql`
    insert into log_heartbeat as known (client_id, server, kind, hour, command, asked, ended, win32, lived, requests, shortest, longest, sum)
    select client_id, ${server}, ${kind}, to_timestamp(hour * 3600.0), command, asked, ended, win32, lived, sum(requests), min(shortest), max(longest), sum(sum)
    from unnest(${rows.map(({ client }) => clients[client] ?? 0)}::int[], ${rows.map(({ hour }) => hour)}::int[],
      ${rows.map(({ command }) => batch.commands[command] ?? '')}::text[], ${rows.map(({ asked }) => asked)}::int[],
      ${rows.map(({ ended }) => ended)}::text[], ${rows.map(({ win32 }) => win32)}::int[], ${rows.map(({ lived }) => lived)}::int[],
      ${rows.map(({ requests }) => requests)}::int[], ${rows.map(({ shortest }) => shortest)}::int[],
      ${rows.map(({ longest }) => longest)}::int[], ${rows.map(({ sum }) => sum)}::float8[])
      as given (client_id, hour, command, asked, ended, win32, lived, requests, shortest, longest, sum)
    group by client_id, hour, command, asked, ended, win32, lived
    on conflict (hour, server, client_id, kind, command, asked, ended, win32, lived) do update set
      requests = known.requests + excluded.requests, shortest = least(known.shortest, excluded.shortest),
      longest = greatest(known.longest, excluded.longest), sum = known.sum + excluded.sum`.execute(tx);
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
    from unnest(${rows.map(({ command }) => command)}::text[], ${rows.map(({ startedAt }) => startedAt)}::float8[],
      ${rows.map(({ asked }) => asked)}::int[], ${rows.map(({ client }) => clients[client] ?? 0)}::int[])
      as given (command, started_at, asked, client_id)`.execute(tx);
  await sql`
    delete from log_sample where organisation = ${organisation} and server = ${server} and id not in (
      select id from (select id, row_number() over (partition by command order by started_at desc, id desc) as place
        from log_sample where organisation = ${organisation} and server = ${server}) as placed
      where place <= ${SAMPLES_KEPT})`.execute(tx);
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
    from unnest(${rows.map(({ client }) => clients[client] ?? 0)}::int[], ${rows.map(({ at }) => at)}::float8[],
      ${rows.map(({ what }) => what)}::text[]) as given (client_id, at, what)
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
    from unnest(${rows.map((row) => row.kind)}::text[], ${rows.map(({ text }) => text)}::text[], ${rows.map(({ requests }) => requests)}::int[])
      as given (odd, text, requests)
    group by odd, text
    on conflict (organisation, server, kind, odd, text) do update set
      requests = known.requests + excluded.requests, last_at = greatest(known.last_at, excluded.last_at)`.execute(tx);
}

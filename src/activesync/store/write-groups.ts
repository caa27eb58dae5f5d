/** The part of a batch that is most of it: groups and heartbeats. */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { Batch } from '../reader/batch.ts';
import { int4s, int8s, quoted, quotedArray } from './arrays.ts';
import type { BatchOrigin } from './write-batch.ts';

/** What a minute's reading makes waits as arrays for the rest of its hour; what a long reading makes is folded enough as it is. */
const MOST_WAITING = 10_000;
/** Elements of one row of arrays: whoever asks for one client passes over the rows of others. */
const PIECE = 512;

/** `ids`: database ids by the batch's client numbers. */
export async function writeGroups(
  tx: Transaction<Database>,
  origin: BatchOrigin,
  batch: Batch,
  ids: Int32Array,
): Promise<void> {
  const { hour } = batch.groups;
  const rollups = groupColumns(batch, ids);
  const beats = heartbeatColumns(batch, ids);
  const beatHours = Int32Array.from(batch.heartbeats, (beat) => beat.hour);
  const waits = hour.length + beatHours.length <= MOST_WAITING;
  const add = waits ? addPieces : addRows;
  const parts = [add('log_rollup', origin, rollups, hour), add('log_heartbeat', origin, beats, beatHours)].flat();
  const hours = [...new Set(hour)];
  await sql`
    with ${sql.join(parts.map((part, number) => sql`${sql.raw(`part${number}`)} as (${part})`))}
    insert into log_hour as known (server, kind, hour, ${waits ? sql`batches` : sql`parts`})
    select ${origin.server}, ${origin.kind}, to_timestamp(hour * 3600::float8), 1
    from unnest(${int4s(hours.length, (index) => hours[index] ?? 0)}::int[]) as hour
    on conflict (server, kind, hour) do update set
      ${waits ? sql`batches = known.batches + 1` : sql`parts = known.parts + 1`}`.execute(tx);
}

/** A column's element by its place in the batch; `store` says what becomes of it in a plain row. */
type Column = { name: string; type: 'int' | 'bigint' | 'text'; at(row: number): number | string; store?: 'time' };
/** The client stands first: rows are sorted by it. */
type Columns = readonly [Column, ...Column[]];

function groupColumns(batch: Batch, ids: Int32Array): Columns {
  const { groups, outcomes } = batch;
  const commands = batch.commands.map(quoted);
  const addresses = batch.addresses.map(quoted);
  const errors = outcomes.map(({ error }) => quoted(error));
  const accesses = outcomes.map(({ access }) => quoted(access));
  const outcome = (row: number) => outcomes[groups.outcome[row] ?? 0];
  return [
    { name: 'client_id', type: 'int', at: (row) => ids[groups.client[row] ?? 0] ?? 0 },
    { name: 'command', type: 'text', at: (row) => commands[groups.command[row] ?? 0] ?? '""' },
    { name: 'http', type: 'int', at: (row) => outcome(row)?.http ?? 0 },
    { name: 'substatus', type: 'int', at: (row) => outcome(row)?.substatus ?? 0 },
    { name: 'status', type: 'int', at: (row) => outcome(row)?.status ?? -1 },
    { name: 'error', type: 'text', at: (row) => errors[groups.outcome[row] ?? 0] ?? '""' },
    { name: 'access', type: 'text', at: (row) => accesses[groups.outcome[row] ?? 0] ?? '""' },
    { name: 'requests', type: 'int', at: (row) => groups.requests[row] ?? 0 },
    { name: 'first_start', type: 'int', store: 'time', at: (row) => groups.firstStart[row] ?? 0 },
    { name: 'last_start', type: 'int', store: 'time', at: (row) => groups.lastStart[row] ?? 0 },
    { name: 'last_end', type: 'int', store: 'time', at: (row) => groups.lastEnd[row] ?? 0 },
    { name: 'last_address', type: 'text', at: (row) => addresses[groups.address[row] ?? 0] ?? '""' },
    { name: 'taken', type: 'bigint', at: (row) => groups.taken[row] ?? 0 },
    { name: 'sent', type: 'bigint', at: (row) => groups.sent[row] ?? 0 },
    { name: 'received', type: 'bigint', at: (row) => groups.received[row] ?? 0 },
  ];
}

function heartbeatColumns({ heartbeats, ...batch }: Batch, ids: Int32Array): Columns {
  const commands = batch.commands.map(quoted);
  return [
    { name: 'client_id', type: 'int', at: (row) => ids[heartbeats[row]?.client ?? 0] ?? 0 },
    { name: 'command', type: 'text', at: (row) => commands[heartbeats[row]?.command ?? 0] ?? '""' },
    { name: 'asked', type: 'int', at: (row) => heartbeats[row]?.asked ?? 0 },
    { name: 'ended', type: 'text', at: (row) => heartbeats[row]?.ended ?? 'unknown' },
    { name: 'win32', type: 'int', at: (row) => heartbeats[row]?.win32 ?? 0 },
    { name: 'lived', type: 'int', at: (row) => heartbeats[row]?.lived ?? 0 },
    { name: 'requests', type: 'int', at: (row) => heartbeats[row]?.requests ?? 0 },
    { name: 'shortest', type: 'int', at: (row) => heartbeats[row]?.shortest ?? 0 },
    { name: 'longest', type: 'int', at: (row) => heartbeats[row]?.longest ?? 0 },
    { name: 'sum', type: 'bigint', at: (row) => heartbeats[row]?.sum ?? 0 },
  ];
}

type Table = 'log_rollup' | 'log_heartbeat';
type Statement = RawBuilder<unknown>;

function addPieces(table: Table, { server, kind }: BatchOrigin, columns: Columns, hours: Int32Array): Statement[] {
  const order = inOrder(columns, hours);
  const rows: Statement[] = [];
  for (let from = 0; from < order.length; ) {
    const hour = hours[order[from] ?? 0] ?? 0;
    let to = from;
    while (to < order.length && to - from < PIECE && hours[order[to] ?? 0] === hour) to += 1;
    const piece = order.subarray(from, to);
    const clients = `[${columns[0].at(piece[0] ?? 0)},${columns[0].at(piece.at(-1) ?? 0)}]`;
    rows.push(
      sql`(${server}, ${kind}, to_timestamp(${hour * 3600}::float8), ${clients}::int4range, ${arrays(columns, piece)})`,
    );
    from = to;
  }
  if (rows.length === 0) return [];
  const names = sql.raw(columns.map(({ name }) => name).join(', '));
  return [
    sql`insert into ${sql.raw(`${table}_batch`)} (server, kind, hour, clients, ${names}) values ${sql.join(rows)}`,
  ];
}

function addRows(table: Table, { server, kind }: BatchOrigin, columns: Columns, hours: Int32Array): Statement[] {
  const order = inOrder(columns, hours);
  if (order.length === 0) return [];
  const names = sql.raw(columns.map(({ name }) => name).join(', '));
  const values = sql.raw(
    columns.map(({ name, store }) => (store === 'time' ? `to_timestamp(${name})` : name)).join(', '),
  );
  return [
    sql`insert into ${sql.raw(`${table}_row`)} (server, kind, hour, ${names})
      select ${server}, ${kind}, to_timestamp(hour * 3600::float8), ${values}
      from unnest(${int4s(order.length, (index) => hours[order[index] ?? 0] ?? 0)}::int[], ${arrays(columns, order)}) as told (hour, ${names})`,
  ];
}

/** Places by hour and client: neighbours in the index, which PostgreSQL then walks through once. */
function inOrder(columns: Columns, hours: Int32Array): Int32Array {
  const keys = Float64Array.from(hours, (hour, row) => hour * 2 ** 31 + Number(columns[0].at(row)));
  return Int32Array.from(hours.keys()).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
}

function arrays(columns: Columns, rows: Int32Array): Statement {
  const { length } = rows;
  return sql.join(
    columns.map(({ type, at }) => {
      const place = (index: number) => rows[index] ?? 0;
      if (type === 'text') return sql`${quotedArray(length, (index) => String(at(place(index))))}::text[]`;
      if (type === 'bigint') return sql`${int8s(length, (index) => Number(at(place(index))))}::bigint[]`;
      return sql`${int4s(length, (index) => Number(at(place(index))))}::int[]`;
    }),
  );
}

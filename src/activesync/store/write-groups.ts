/** The part of a batch that is most of it: groups and heartbeats. */
import { CompiledQuery, type Transaction } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { Batch } from '../reader/batch.ts';
import { int4s, int8s, quoted, quotedArray } from './arrays.ts';
import type { BatchOrigin } from './write-batch.ts';

/**
 * What a minute's reading makes waits as arrays for the rest of its hour. What a long reading makes is folded enough as it is: it has
 * many groups, or hours long over, to which nothing is added any more.
 */
const MOST_WAITING = 10_000;
const MOST_HOURS_WAITING = 2;
/** Elements of one row of arrays, as many as fit in a page: whoever asks for one client passes over the rows of others. */
const PIECE = 80;

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
  const hours = [...new Set(hour)];
  const waits = hour.length + beatHours.length <= MOST_WAITING && hours.length <= MOST_HOURS_WAITING;
  const statement = new Statement();
  const add = waits ? addPieces : addRows;
  const parts = [
    add(statement, 'log_rollup', origin, rollups, hour),
    add(statement, 'log_heartbeat', origin, beats, beatHours),
  ].filter((part) => part !== '');
  const server = statement.value(origin.server);
  const kind = statement.value(origin.kind);
  const counted = waits ? 'batches' : 'parts';
  await tx.executeQuery(
    statement.query(`
      with ${parts.map((part, number) => `part${number} as (${part})`).join(', ')}
      insert into log_hour as known (server, kind, hour, ${counted})
      select ${server}, ${kind}, to_timestamp(hour * 3600::float8), 1
      from unnest(${statement.value(int4s(hours.length, (index) => hours[index] ?? 0))}::int[]) as hour
      on conflict (server, kind, hour) do update set ${counted} = known.${counted} + 1`),
  );
}

/** A statement of many hundred parameters: as Kysely's nodes they would take as long to build as to run. */
class Statement {
  readonly #values: unknown[] = [];

  /** Its placeholder. */
  value(value: unknown): string {
    return `$${this.#values.push(value)}`;
  }

  query(text: string): CompiledQuery {
    return CompiledQuery.raw(text, this.#values);
  }
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

function addPieces(
  statement: Statement,
  table: Table,
  origin: BatchOrigin,
  columns: Columns,
  hours: Int32Array,
): string {
  const order = inOrder(columns, hours);
  if (order.length === 0) return '';
  const server = statement.value(origin.server);
  const kind = statement.value(origin.kind);
  const rows: string[] = [];
  for (let from = 0; from < order.length; ) {
    const hour = hours[order[from] ?? 0] ?? 0;
    let to = from;
    while (to < order.length && to - from < PIECE && hours[order[to] ?? 0] === hour) to += 1;
    const piece = order.subarray(from, to);
    const begin = statement.value(hour * 3600);
    const clients = statement.value(`[${columns[0].at(piece[0] ?? 0)},${columns[0].at(piece.at(-1) ?? 0)}]`);
    rows.push(
      `(${server}, ${kind}, to_timestamp(${begin}::float8), ${clients}::int4range, ${arrays(statement, columns, piece)})`,
    );
    from = to;
  }
  const names = columns.map(({ name }) => name).join(', ');
  return `insert into ${table}_batch (server, kind, hour, clients, ${names}) values ${rows.join(', ')}`;
}

function addRows(statement: Statement, table: Table, origin: BatchOrigin, columns: Columns, hours: Int32Array): string {
  const order = inOrder(columns, hours);
  if (order.length === 0) return '';
  const names = columns.map(({ name }) => name).join(', ');
  const values = columns.map(({ name, store }) => (store === 'time' ? `to_timestamp(${name})` : name)).join(', ');
  const hour = statement.value(int4s(order.length, (index) => hours[order[index] ?? 0] ?? 0));
  return `insert into ${table}_row (server, kind, hour, ${names})
    select ${statement.value(origin.server)}, ${statement.value(origin.kind)}, to_timestamp(hour * 3600::float8), ${values}
    from unnest(${hour}::int[], ${arrays(statement, columns, order)}) as told (hour, ${names})`;
}

/** Places by hour and client: neighbours in the index, which PostgreSQL then walks through once. */
function inOrder(columns: Columns, hours: Int32Array): Int32Array {
  const keys = Float64Array.from(hours, (hour, row) => hour * 2 ** 31 + Number(columns[0].at(row)));
  return Int32Array.from(hours.keys()).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
}

function arrays(statement: Statement, columns: Columns, rows: Int32Array): string {
  const { length } = rows;
  const place = (index: number) => rows[index] ?? 0;
  return columns
    .map(({ type, at }) => {
      if (type === 'text')
        return `${statement.value(quotedArray(length, (index) => String(at(place(index)))))}::text[]`;
      if (type === 'bigint') return `${statement.value(int8s(length, (index) => Number(at(place(index)))))}::bigint[]`;
      return `${statement.value(int4s(length, (index) => Number(at(place(index)))))}::int[]`;
    })
    .join(', ');
}

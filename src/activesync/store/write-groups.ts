/** The part of a batch that is most of it: groups and heartbeats. */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { Batch, BatchClient } from '../reader/batch.ts';
import { bigintArray, intArray, textArray } from './arrays.ts';
import type { BatchOrigin } from './batch-origin.ts';

/**
 * What a minute's reading makes waits as arrays for the rest of its hour. What a long reading makes is merged enough as it is: it has
 * many groups, or hours long over, to which nothing is added any more.
 */
const mostWaiting = 10_000;
const mostHoursWaiting = 2;
/** Elements of one row of arrays, as many as fit in a page: whoever asks for one client passes over the rows of others. */
const pieceLength = 80;

type Stored<Row> = { row: Row; clientId: number };
/** Numbers of the type `time` are seconds, which become instants in a plain row. */
type Column<Row> =
  | { name: string; type: 'int' | 'bigint' | 'time'; of(row: Row): number }
  | { name: string; type: 'text'; of(row: Row): string };

const groupColumns: readonly Column<Batch['groups'][number]>[] = [
  { name: 'command', type: 'text', of: ({ command }) => command },
  { name: 'http', type: 'int', of: ({ http }) => http },
  { name: 'substatus', type: 'int', of: ({ substatus }) => substatus },
  { name: 'status', type: 'int', of: ({ status }) => status },
  { name: 'error', type: 'text', of: ({ error }) => error },
  { name: 'access', type: 'text', of: ({ access }) => access },
  { name: 'requests', type: 'int', of: ({ requests }) => requests },
  { name: 'first_start', type: 'time', of: ({ firstStart }) => firstStart },
  { name: 'last_start', type: 'time', of: ({ lastStart }) => lastStart },
  { name: 'last_end', type: 'time', of: ({ lastEnd }) => lastEnd },
  { name: 'last_address', type: 'text', of: ({ address }) => address },
  { name: 'taken', type: 'bigint', of: ({ taken }) => taken },
  { name: 'sent', type: 'bigint', of: ({ sent }) => sent },
  { name: 'received', type: 'bigint', of: ({ received }) => received },
];

const heartbeatColumns: readonly Column<Batch['heartbeats'][number]>[] = [
  { name: 'command', type: 'text', of: ({ command }) => command },
  { name: 'asked', type: 'int', of: ({ asked }) => asked },
  { name: 'ended', type: 'text', of: ({ ended }) => ended },
  { name: 'win32', type: 'int', of: ({ win32 }) => win32 },
  { name: 'lived', type: 'int', of: ({ lived }) => lived },
  { name: 'requests', type: 'int', of: ({ requests }) => requests },
  { name: 'shortest', type: 'int', of: ({ shortest }) => shortest },
  { name: 'longest', type: 'int', of: ({ longest }) => longest },
  { name: 'sum', type: 'bigint', of: ({ sum }) => sum },
];

/** `ids`: the clients' ids in the database. */
export async function writeGroups(
  tx: Transaction<Database>,
  origin: BatchOrigin,
  { groups, heartbeats }: Batch,
  ids: ReadonlyMap<BatchClient, number>,
): Promise<void> {
  const hours = [...new Set(groups.map(({ hour }) => hour))];
  const waits = groups.length + heartbeats.length <= mostWaiting && hours.length <= mostHoursWaiting;
  const inserts = [insert('log_rollup', origin, waits, groupColumns, inOrder(groups, ids))];
  if (heartbeats.length > 0)
    inserts.push(insert('log_heartbeat', origin, waits, heartbeatColumns, inOrder(heartbeats, ids)));
  const counted = sql.ref(waits ? 'batches' : 'parts');
  await sql`
    with ${sql.join(inserts.map((each, number) => sql`${sql.ref(`part${number}`)} as (${each})`))}
    insert into log_hour as known (server, kind, hour, ${counted})
    select ${origin.server}, ${origin.kind}, to_timestamp(hour * 3600::float8), 1
    from unnest(${intArray(hours)}::int[]) as hour
    on conflict (server, kind, hour) do update set ${counted} = known.${counted} + 1`.execute(tx);
}

/** By hour and client: neighbours in the index, which PostgreSQL then walks through once. */
function inOrder<T extends { client: BatchClient; hour: number }>(
  rows: readonly T[],
  ids: ReadonlyMap<BatchClient, number>,
): Stored<T>[] {
  return rows
    .map((row) => ({ row, clientId: ids.get(row.client) ?? 0 }))
    .sort((a, b) => a.row.hour - b.row.hour || a.clientId - b.clientId);
}

/** Plain rows, or for rows that wait in the hope of more a few rows of arrays. */
function insert<T extends { hour: number }>(
  table: 'log_rollup' | 'log_heartbeat',
  { server, kind }: BatchOrigin,
  waits: boolean,
  columns: readonly Column<T>[],
  rows: readonly Stored<T>[],
): RawBuilder<unknown> {
  const names = sql.join(columns.map(({ name }) => sql.ref(name)));
  const hours = intArray(rows.map(({ row }) => row.hour));
  const clientIds = intArray(rows.map(({ clientId }) => clientId));
  const from = sql`unnest(${hours}::int[], ${clientIds}::int[], ${sql.join(columns.map((column) => arrayOf(column, rows)))})
    with ordinality as given (hour, client_id, ${names}, number)`;
  if (waits)
    return sql`
      insert into ${sql.table(`${table}_batch`)} (server, kind, hour, clients, client_id, ${names})
      select ${server}, ${kind}, to_timestamp(hour * 3600::float8), int4range(min(client_id), max(client_id), '[]'),
        array_agg(client_id), ${sql.join(columns.map(({ name }) => sql`array_agg(${sql.ref(name)})`))}
      from ${from} group by hour, (number - 1) / ${sql.lit(pieceLength)}`;
  const stored = columns.map(({ name, type }) =>
    type === 'time' ? sql`to_timestamp(${sql.ref(name)})` : sql.ref(name),
  );
  return sql`
    insert into ${sql.table(`${table}_row`)} (server, kind, hour, client_id, ${names})
    select ${server}, ${kind}, to_timestamp(hour * 3600::float8), client_id, ${sql.join(stored)} from ${from}`;
}

function arrayOf<T>(column: Column<T>, rows: readonly Stored<T>[]): RawBuilder<unknown> {
  switch (column.type) {
    case 'text':
      return sql`${textArray(rows.map(({ row }) => column.of(row)))}::text[]`;
    case 'bigint':
      return sql`${bigintArray(rows.map(({ row }) => column.of(row)))}::bigint[]`;
    case 'int':
    case 'time':
      return sql`${intArray(rows.map(({ row }) => column.of(row)))}::int[]`;
  }
}

/** The part of a batch that is most of it: groups and heartbeats. */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { Batch, BatchClient } from '../reader/batch.ts';
import { type Columns, given, namesOf } from './arrays.ts';
import type { BatchOrigin } from './batch-origin.ts';
import { type ClientIds, withIds } from './write-clients.ts';

/**
 * What a minute's reading makes waits as arrays for the rest of its hour. What a long reading makes is merged enough as it is: it has
 * many groups, or hours long over, to which nothing is added any more.
 */
const mostWaiting = 10_000;
const mostHoursWaiting = 2;
/** Elements of one row of arrays, as many as fit in a page: whoever asks for one client passes over the rows of others. */
const pieceLength = 80;

/** What makes a group another one, and what is counted of it. */
const groupColumns = {
  command: 'text',
  http: 'int',
  substatus: 'int',
  status: 'int',
  error: 'text',
  access: 'text',
  requests: 'int',
  firstStart: 'time',
  lastStart: 'time',
  lastEnd: 'time',
  lastAddress: 'text',
  taken: 'bigint',
  sent: 'bigint',
  received: 'bigint',
} as const;

const heartbeatColumns = {
  command: 'text',
  asked: 'int',
  ended: 'text',
  win32: 'int',
  lived: 'int',
  requests: 'int',
  shortest: 'int',
  longest: 'int',
  sum: 'bigint',
} as const;

/** `ids`: the clients' ids in the database. */
export async function writeGroups(
  tx: Transaction<Database>,
  origin: BatchOrigin,
  { groups, heartbeats }: Batch,
  ids: ClientIds,
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
    from ${given(
      { hour: 'int' },
      hours.map((hour) => ({ hour })),
    )}
    on conflict (server, kind, hour) do update set ${counted} = known.${counted} + 1`.execute(tx);
}

/** By hour and client: neighbours in the index, which PostgreSQL then walks through once. */
function inOrder<T extends { client: BatchClient; hour: number }>(rows: readonly T[], ids: ClientIds) {
  return withIds(rows, ids).sort((a, b) => a.hour - b.hour || a.clientId - b.clientId);
}

/** Plain rows, or for rows that wait in the hope of more a few rows of arrays. */
function insert(
  table: 'log_rollup' | 'log_heartbeat',
  { server, kind }: BatchOrigin,
  waits: boolean,
  columns: Columns,
  rows: readonly Readonly<Record<string, unknown>>[],
): RawBuilder<unknown> {
  const from = given({ hour: 'int', clientId: 'int', ...columns }, rows);
  const each = (of: (name: RawBuilder<unknown>, type: Columns[string]) => RawBuilder<unknown>) =>
    sql.join(Object.entries(columns).map(([name, type]) => of(sql.ref(name), type)));
  if (waits)
    return sql`
      insert into ${sql.table(`${table}_batch`)} (server, kind, hour, clients, client_id, ${namesOf(columns)})
      select ${server}, ${kind}, to_timestamp(hour * 3600::float8), int4range(min(client_id), max(client_id), '[]'),
        array_agg(client_id), ${each((name) => sql`array_agg(${name})`)}
      from ${from} group by hour, (number - 1) / ${sql.lit(pieceLength)}`;
  return sql`
    insert into ${sql.table(`${table}_row`)} (server, kind, hour, client_id, ${namesOf(columns)})
    select ${server}, ${kind}, to_timestamp(hour * 3600::float8), client_id,
      ${each((name, type) => (type === 'time' ? sql`to_timestamp(${name})` : name))} from ${from}`;
}

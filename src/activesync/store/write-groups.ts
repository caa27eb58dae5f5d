/** The part of a batch that is most of it: groups and heartbeats. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { Batch, BatchClient } from '../reader/batch.ts';
import { given, namesOf } from './arrays.ts';
import type { BatchOrigin } from './batch-origin.ts';
import { type ClientIds, withIds } from './write-clients.ts';

const groupColumns = {
  clientId: 'int',
  seriesId: 'int',
  hour: 'int',
  requests: 'int',
  firstStart: 'int',
  lastStart: 'int',
  lastEnd: 'int',
  lastAddress: 'text',
} as const;

const heartbeatColumns = {
  clientId: 'int',
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

/** The ids in the database of the clients, and of each group's series. */
export type GroupIds = { clients: ClientIds; series: readonly number[] };

export async function writeGroups(
  tx: Transaction<Database>,
  { server, kind }: BatchOrigin,
  { groups, heartbeats }: Batch,
  ids: GroupIds,
): Promise<void> {
  const rows = groups.map((group, number) => ({
    ...group,
    clientId: ids.clients.get(group.client) ?? 0,
    seriesId: ids.series[number] ?? 0,
    lastAddress: kind === 'backEnd' ? '' : group.lastAddress,
  }));
  await sql`
    insert into log_rollup_row (${namesOf(groupColumns)})
    select ${namesOf(groupColumns)} from ${given(groupColumns, inOrder(rows))}`.execute(tx);
  if (heartbeats.length > 0)
    await sql`
      insert into log_heartbeat (server, kind, hour, ${namesOf(heartbeatColumns)})
      select ${server}, ${kind}, to_timestamp(hour * 3600::float8), ${namesOf(heartbeatColumns)}
      from ${given({ hour: 'int', ...heartbeatColumns }, inOrder(withIds(heartbeats, ids.clients)))}`.execute(tx);
  const hours = [...new Set(groups.map(({ hour }) => hour))].sort();
  await sql`
    insert into log_hour as known (server, kind, hour, parts)
    select ${server}, ${kind}, to_timestamp(hour * 3600::float8), 1
    from ${given(
      { hour: 'int' },
      hours.map((hour) => ({ hour })),
    )}
    on conflict (server, kind, hour) do update set parts = known.parts + 1`.execute(tx);
}

/** By hour and client: neighbours in the index, which PostgreSQL then walks through once. */
function inOrder<T extends { client: BatchClient; clientId: number; hour: number }>(rows: readonly T[]): T[] {
  return [...rows].sort((a, b) => a.hour - b.hour || a.clientId - b.clientId);
}

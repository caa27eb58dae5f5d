import { type Kysely, sql } from 'kysely';
import type { Organisation } from '../../directory/person.ts';
import type { LogKind } from '../../servers/port.ts';
import type { Database } from '../../store/schema.ts';
import type { EndedName } from '../reader/outcome.ts';

/** Hanging requests of one client in one hour that asked for the same and ended the same way. */
export type HeartbeatRow = {
  server: string;
  kind: LogKind;
  hour: Date;
  command: string;
  clientId: number;
  account: string;
  deviceId: string;
  deviceType: string;
  /** The address this client was last seen from, '' where none was logged: for networks of the policy. */
  address: string;
  /** Seconds asked for; 0: the log does not tell (front ends), only how long the request lived. */
  asked: number;
  ended: EndedName;
  win32: number;
  /** Seconds the connection lived, in steps of 2 %, for `cut`, `dropped` and `overlapped` (there: at most); else 0. */
  lived: number;
  requests: number;
  shortestMs: number;
  longestMs: number;
  sumMs: number;
};

export type HeartbeatQuery = {
  organisation: Organisation;
  servers?: readonly string[];
  kinds?: readonly LogKind[];
  commands?: readonly string[];
  deviceTypes?: readonly string[];
  accounts?: readonly string[];
};

/** Rows of the hours in [from, to), by hour. */
export async function heartbeats(
  db: Kysely<Database>,
  from: Date,
  to: Date,
  query: HeartbeatQuery,
): Promise<HeartbeatRow[]> {
  const any = (list: readonly string[] | undefined, column: string) =>
    list === undefined ? sql`true` : sql`${sql.ref(column)} = any(${[...list]}::text[])`;
  const { rows } = await sql<HeartbeatRow>`
    select h.server, h.kind, h.hour, h.command, h.client_id, c.account, c.device_id, c.device_type,
      coalesce((select a.address from log_address a where a.client_id = h.client_id order by a.last_at desc limit 1), '') as address,
      h.asked, h.ended, h.win32, h.lived, h.requests, h.shortest as shortest_ms, h.longest as longest_ms, h.sum as sum_ms
    from log_heartbeat h join log_client c on c.id = h.client_id
    where c.organisation = ${query.organisation} and h.hour >= date_trunc('hour', ${from}::timestamptz) and h.hour < ${to}
      and ${any(query.servers, 'h.server')} and ${any(query.kinds, 'h.kind')} and ${any(query.commands, 'h.command')}
      and ${any(query.deviceTypes, 'c.device_type')} and ${any(query.accounts, 'c.account')}
    order by h.hour, h.server, h.client_id, h.asked`.execute(db);
  return rows;
}

/** One cell of a histogram over all clients. */
export type HeartbeatCell = Pick<
  HeartbeatRow,
  | 'server'
  | 'kind'
  | 'command'
  | 'asked'
  | 'ended'
  | 'win32'
  | 'lived'
  | 'requests'
  | 'shortestMs'
  | 'longestMs'
  | 'sumMs'
> & { clients: number };

/** The same over all clients and hours: what a report over weeks needs, summed where the rows are. */
export async function heartbeatHistogram(
  db: Kysely<Database>,
  from: Date,
  to: Date,
  query: HeartbeatQuery,
): Promise<HeartbeatCell[]> {
  const any = (list: readonly string[] | undefined, column: string) =>
    list === undefined ? sql`true` : sql`${sql.ref(column)} = any(${[...list]}::text[])`;
  const { rows } = await sql<HeartbeatCell>`
    select h.server, h.kind, h.command, h.asked, h.ended, h.win32, h.lived, sum(h.requests)::int as requests, min(h.shortest) as shortest_ms,
      max(h.longest) as longest_ms, sum(h.sum)::float8 as sum_ms, count(distinct h.client_id)::int as clients
    from log_heartbeat h join log_client c on c.id = h.client_id
    where c.organisation = ${query.organisation} and h.hour >= date_trunc('hour', ${from}::timestamptz) and h.hour < ${to}
      and ${any(query.servers, 'h.server')} and ${any(query.kinds, 'h.kind')} and ${any(query.commands, 'h.command')}
      and ${any(query.deviceTypes, 'c.device_type')} and ${any(query.accounts, 'c.account')}
    group by h.server, h.kind, h.command, h.asked, h.ended, h.win32, h.lived
    order by h.server, h.kind, h.command, h.asked`.execute(db);
  return rows;
}

/** One heartbeat asked for, as Exchange's ring buffer holds it. */
export type HeartbeatSample = {
  server: string;
  command: string;
  startedAt: Date;
  asked: number;
  account: string;
  deviceId: string;
};

/** The last `count` (at most 1,000) heartbeats asked of each server and command, oldest first. */
export async function lastHeartbeats(
  db: Kysely<Database>,
  query: { organisation: Organisation; server?: string; count: number },
): Promise<HeartbeatSample[]> {
  const { rows } = await sql<HeartbeatSample>`
    select s.server, s.command, s.started_at, s.asked, c.account, c.device_id from (
      select *, row_number() over (partition by server, command order by started_at desc, id desc) as place
      from log_sample where organisation = ${query.organisation} and (${query.server ?? null}::text is null or server = ${query.server ?? null})) s
    join log_client c on c.id = s.client_id where s.place <= ${query.count} order by s.server, s.command, s.started_at, s.id`.execute(
    db,
  );
  return rows;
}

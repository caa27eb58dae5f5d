/** The log reader's roll-ups as observations. Grouped in the database: weeks of hours become one row per client and way of ending. */
import { type Kysely, sql } from 'kysely';
import type { EndedName } from '../activesync/reader/outcome.ts';
import type { Organisation } from '../directory/person.ts';
import type { Database } from '../store/schema.ts';
import type { Observation } from './observation.ts';

export type ServerObservation = Observation & { server: string; command: string };

type Row = {
  server: string;
  command: string;
  client: number;
  deviceType: string;
  deviceId: string;
  asked: number;
  ended: EndedName;
  requests: number;
  shortestMs: number;
  longestMs: number;
  sumMs: number;
  firstHour: Date;
  lastHour: Date;
};

/** Hanging requests that ended in the last `hours` before `now` and that the back end's log tells the heartbeat of. */
export async function readObservations(
  db: Kysely<Database>,
  query: {
    organisation: Organisation;
    servers: readonly string[];
    now: Date;
    hours: number;
    networkOf: (deviceId: string) => string;
  },
): Promise<ServerObservation[]> {
  const { organisation, servers, now, hours, networkOf } = query;
  const from = new Date(now.getTime() - hours * 3_600_000);
  const { rows } = await sql<Row>`
    select g.*, c.device_type, c.device_id from (
      select h.server, h.command, h.client_id as client, h.asked, h.ended, sum(h.requests)::int as requests,
        min(h.shortest) as shortest_ms, max(h.longest) as longest_ms, sum(h.sum)::float8 as sum_ms,
        min(h.hour) as first_hour, max(h.hour) as last_hour
      from log_heartbeat h
      where h.hour >= date_trunc('hour', ${from}::timestamptz) and h.kind = 'backEnd' and h.asked > 0 and h.server = any(${[...servers]}::text[])
      group by h.server, h.command, h.client_id, h.asked, h.ended, h.lived) g
    join log_client c on c.id = g.client where c.organisation = ${organisation}`.execute(db);
  return rows
    .filter(({ deviceType }) => !isProbe(deviceType))
    .map((row) => ({
      server: row.server,
      command: row.command,
      client: String(row.client),
      deviceType: row.deviceType,
      network: networkOf(row.deviceId),
      asked: row.asked,
      ended: row.ended,
      requests: row.requests,
      shortest: row.shortestMs / 1000,
      mean: row.sumMs / row.requests / 1000,
      longest: row.longestMs / 1000,
      firstHour: row.firstHour.getTime(),
      lastHour: row.lastHour.getTime(),
    }));
}

/** Exchange leaves its own test clients out of the average. */
export function isProbe(deviceType: string): boolean {
  return /^(TestActiveSyncConnectivity|EASProbeDeviceType)/i.test(deviceType);
}

/**
 * Where each device calls from, in lower case: the back end's log only names the front end, so the other logs are asked, the
 * edge's first (a front end behind a balancer that hides addresses sees only the balancer).
 */
export async function readAddresses(
  db: Kysely<Database>,
  { organisation, since }: { organisation: Organisation; since: Date },
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ device: string; address: string }>`
    select distinct on (lower(c.device_id)) lower(c.device_id) as device, r.last_address as address
    from log_rollup r join log_client c on c.id = r.client_id
    where c.organisation = ${organisation} and r.hour >= ${since} and r.kind <> 'backEnd' and r.last_address <> '' and c.device_id <> ''
    order by lower(c.device_id), case r.kind when 'edge' then 0 when 'httpProxy' then 1 else 2 end, r.last_end desc`.execute(
    db,
  );
  return new Map(rows.map(({ device, address }) => [device, address]));
}

export type Sample = {
  server: string;
  command: string;
  startedAt: Date;
  asked: number;
  account: string;
  deviceId: string;
  deviceType: string;
};

/** The last heartbeats asked of one server, oldest first, probes left out as Exchange does. */
export async function readSamples(
  db: Kysely<Database>,
  query: { organisation: Organisation; server: string; count: number },
): Promise<Sample[]> {
  const { rows } = await sql<Sample>`
    select s.server, s.command, s.started_at, s.asked, s.account, s.device_id, s.device_type from (
      select s.*, c.account, c.device_id, c.device_type,
        row_number() over (partition by s.command order by s.started_at desc, s.id desc) as place
      from log_sample s join log_client c on c.id = s.client_id
      where s.organisation = ${query.organisation} and s.server = ${query.server}
        and c.device_type !~* '^(TestActiveSyncConnectivity|EASProbeDeviceType)') s
    where s.place <= ${query.count} order by s.command, s.started_at, s.id`.execute(db);
  return rows;
}

/** Average asked by server and hour, oldest first: since when it is as it is. */
export async function readHours(
  db: Kysely<Database>,
  query: { organisation: Organisation; servers: readonly string[]; since: Date },
): Promise<{ server: string; hour: Date; requests: number; average: number }[]> {
  const { rows } = await sql<{ server: string; hour: Date; requests: number; average: number }>`
    select h.server, h.hour, sum(h.requests)::int as requests, (sum(h.asked::bigint * h.requests) / sum(h.requests))::int as average
    from log_heartbeat h join log_client c on c.id = h.client_id
    where c.organisation = ${query.organisation} and h.hour >= ${query.since} and h.kind = 'backEnd' and h.asked > 0
      and h.ended <> 'overlapped' and h.server = any(${[...query.servers]}::text[])
    group by h.server, h.hour order by h.server, h.hour`.execute(db);
  return rows;
}

/** The log reader's roll-ups as observations. Grouped in the database: weeks of hours become one row per client and way of ending. */
import { type Kysely, sql } from 'kysely';
import type { EndedName } from '../activesync/reader/outcome.ts';
import type { Organisation } from '../directory/person.ts';
import type { Database } from '../store/schema.ts';
import type { Observation } from './observation.ts';

export type ServerObservation = Observation & { server: string; command: string };

export type LogClient = { account: string; deviceId: string; deviceType: string };

/**
 * The clients of an organisation by id, Exchange's own test clients left out. Read apart and not joined: while tables grow quickly
 * PostgreSQL knows too little of their sizes, and a join of a first reading's roll-ups took seconds.
 */
export async function readClients(
  db: Kysely<Database>,
  organisation: Organisation,
): Promise<ReadonlyMap<number, LogClient>> {
  const rows = await db
    .selectFrom('logClient')
    .select(['id', 'account', 'deviceId', 'deviceType'])
    .where('organisation', '=', organisation)
    .execute();
  return new Map(rows.filter(({ deviceType }) => !isProbe(deviceType)).map(({ id, ...client }) => [id, client]));
}

type Row = {
  server: string;
  command: string;
  client: number;
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
    clients: ReadonlyMap<number, LogClient>;
    servers: readonly string[];
    now: Date;
    hours: number;
    networkOf: (deviceId: string) => string;
  },
): Promise<ServerObservation[]> {
  const { clients, servers, now, hours, networkOf } = query;
  const from = new Date(now.getTime() - hours * 3_600_000);
  const { rows } = await hashing(db, (tx) =>
    sql<Row>`
    select h.server, h.command, h.client_id as client, h.asked, h.ended, sum(h.requests)::int as requests,
      min(h.shortest) as shortest_ms, max(h.longest) as longest_ms, sum(h.sum)::float8 as sum_ms,
      min(h.hour) as first_hour, max(h.hour) as last_hour
    from log_heartbeat h
    where h.hour >= date_trunc('hour', ${from}::timestamptz) and h.kind = 'backEnd' and h.asked > 0 and h.server = any(${[...servers]}::text[])
    group by h.client_id, h.asked, h.lived, h.ended, h.server, h.command`.execute(tx),
  );
  return rows.flatMap((row) => {
    const client = clients.get(row.client);
    if (client === undefined) return [];
    return [
      {
        server: row.server,
        command: row.command,
        client: String(row.client),
        deviceType: client.deviceType,
        network: networkOf(client.deviceId),
        asked: row.asked,
        ended: row.ended,
        requests: row.requests,
        shortest: row.shortestMs / 1000,
        mean: row.sumMs / row.requests / 1000,
        longest: row.longestMs / 1000,
        firstHour: row.firstHour.getTime(),
        lastHour: row.lastHour.getTime(),
      },
    ];
  });
}

/**
 * Tens of thousands of rows fall into a few groups. Before PostgreSQL has statistics of a growing table it expects one row, and
 * sorts them all; counting them in a hash takes a fifth of the time.
 */
function hashing<T>(db: Kysely<Database>, read: (tx: Kysely<Database>) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`set local enable_sort = off`.execute(tx);
    return read(tx);
  });
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

export type Sample = LogClient & { command: string; startedAt: Date; asked: number };

/** The last heartbeats asked of one server, oldest first, probes left out as Exchange does. */
export async function readSamples(
  db: Kysely<Database>,
  query: { organisation: Organisation; server: string; clients: ReadonlyMap<number, LogClient> },
): Promise<Sample[]> {
  const rows = await db
    .selectFrom('logSample')
    .select(['command', 'startedAt', 'asked', 'clientId'])
    .where('organisation', '=', query.organisation)
    .where('server', '=', query.server)
    .orderBy('startedAt')
    .orderBy('id')
    .execute();
  return rows.flatMap(({ clientId, ...sample }) => {
    const client = query.clients.get(clientId);
    return client === undefined ? [] : [{ ...client, ...sample }];
  });
}

/** Average asked by server and hour, oldest first: since when it is as it is. */
export async function readHours(
  db: Kysely<Database>,
  query: { organisation: Organisation; servers: readonly string[]; since: Date },
): Promise<{ server: string; hour: Date; requests: number; average: number }[]> {
  const { rows } = await sql<{ server: string; hour: Date; requests: number; average: number }>`
    select h.server, h.hour, sum(h.requests)::int as requests, (sum(h.asked::bigint * h.requests) / sum(h.requests))::int as average
    from log_heartbeat h
    where h.hour >= ${query.since} and h.kind = 'backEnd' and h.asked > 0 and h.ended <> 'overlapped'
      and h.server = any(${[...query.servers]}::text[])
      and h.client_id not in (select id from log_client where organisation <> ${query.organisation})
    group by h.hour, h.server order by h.hour`.execute(db);
  return rows;
}

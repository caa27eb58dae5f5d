/** The log reader's roll-ups as observations: weeks of hours become one row per client and way of ending. */
import { type Kysely, sql } from 'kysely';
import type { Organisation } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import { hourMs, type Observation } from './observation.ts';
import { readWays } from './spans.ts';
import type { Way } from './ways.ts';

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
  // Columns as texts, as in spans.ts.
  const { rows } = await sql<Record<'ids' | 'accounts' | 'devices' | 'types', string | null>>`
    select json_agg(id)::text as ids, json_agg(account)::text as accounts, json_agg(device_id)::text as devices,
      json_agg(device_type)::text as types
    from log_client where organisation = ${organisation}`.execute(db);
  const [found] = rows;
  const ids: number[] = JSON.parse(found?.ids ?? '[]');
  const texts = (column: string | null | undefined): string[] => JSON.parse(column ?? '[]');
  const [accounts, devices, types] = [texts(found?.accounts), texts(found?.devices), texts(found?.types)];
  const clients = new Map<number, LogClient>();
  for (const [row, id] of ids.entries()) {
    const deviceType = types[row] ?? '';
    if (isProbe(deviceType)) continue;
    clients.set(id, { account: accounts[row] ?? '', deviceId: devices[row] ?? '', deviceType });
  }
  return clients;
}

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
  const { clients, networkOf, ...which } = query;
  const found: ServerObservation[] = [];
  for (const { server, ways } of await readWays(db, which)) {
    for (const way of ways) {
      for (let row = 0; row < way.client.length; row += 1) {
        const client = clients.get(at(way.client, row));
        if (client !== undefined) found.push(observationOf(server, way, row, client, networkOf));
      }
    }
  }
  return found;
}

function observationOf(
  server: string,
  way: Way,
  row: number,
  { deviceId, deviceType }: LogClient,
  networkOf: (deviceId: string) => string,
): ServerObservation {
  const requests = at(way.requests, row);
  return {
    server,
    command: way.command,
    client: String(at(way.client, row)),
    deviceType,
    network: networkOf(deviceId),
    asked: at(way.asked, row),
    ended: way.ended,
    requests,
    shortest: at(way.shortest, row) / 1000,
    mean: at(way.sum, row) / requests / 1000,
    longest: at(way.longest, row) / 1000,
    firstHour: at(way.first, row) * hourMs,
    lastHour: at(way.last, row) * hourMs,
  };
}

function at(column: readonly number[], row: number): number {
  return column[row] ?? 0;
}

/** Exchange leaves its own test clients out of the average. */
const probe = '^(TestActiveSyncConnectivity|EASProbeDeviceType)';

export function isProbe(deviceType: string): boolean {
  return new RegExp(probe, 'i').test(deviceType);
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
    with told as materialized (select client_id, last_address as address, last_end,
        case kind when 'edge' then 0 when 'httpProxy' then 1 else 2 end as place
      from log_rollup where hour >= ${since} and kind <> 'backEnd' and last_address <> ''),
    newest as (select distinct on (client_id) * from told order by client_id, place, last_end desc)
    select distinct on (lower(device_id)) lower(device_id) as device, address from newest join log_client c on c.id = newest.client_id
    where c.organisation = ${organisation} and c.device_id <> '' order by lower(device_id), place, last_end desc`.execute(
    db,
  );
  return new Map(rows.map(({ device, address }) => [device, address]));
}

export type Sample = LogClient & { command: string; startedAt: Date; asked: number };

/** The last `count` heartbeats asked of one server by each command, oldest first, probes left out as Exchange does. */
export async function readSamples(
  db: Kysely<Database>,
  query: { organisation: Organisation; server: string; clients: ReadonlyMap<number, LogClient>; count: number },
): Promise<Sample[]> {
  const { organisation, server, clients, count } = query;
  const { rows } = await sql<{ command: string; startedAt: Date; asked: number; clientId: number }>`
    select command, started_at, asked, client_id from (
      select *, row_number() over (partition by command order by started_at desc, id desc) as place from log_sample
      where organisation = ${organisation} and server = ${server}
        and client_id not in (select id from log_client where device_type ~* ${probe})) as placed
    where place <= ${count} order by started_at, id`.execute(db);
  return rows.flatMap(({ clientId, ...sample }) => {
    const client = clients.get(clientId);
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

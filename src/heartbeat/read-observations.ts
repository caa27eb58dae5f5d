/** The log reader's roll-ups as observations: weeks of hours become one row per client, heartbeat and end. */
import { type Kysely, sql } from 'kysely';
import { hour } from '../ground/durations.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import type { Observation } from './observation.ts';
import { readWaits } from './spans.ts';

export type ServerObservation = Observation & { server: string; command: string };

export type LogClient = { account: string; deviceId: string; deviceType: string };

/**
 * The clients of an organisation by id. Read apart and not joined: while tables grow quickly
 * PostgreSQL knows too little of their sizes, and a join of a first reading's roll-ups took seconds.
 */
export async function readClients(
  db: Kysely<Database>,
  organisation: Organisation,
): Promise<ReadonlyMap<number, LogClient>> {
  // One text, as in spans.ts.
  const { rows } = await sql<{ clients: string | null }>`
    select json_agg(json_build_array(id, account, device_id, device_type))::text as clients
    from log_client where organisation = ${organisation}`.execute(db);
  const found: [id: number, account: string, deviceId: string, deviceType: string][] = JSON.parse(
    rows[0]?.clients ?? '[]',
  );
  return new Map(found.map(([id, account, deviceId, deviceType]) => [id, { account, deviceId, deviceType }]));
}

/** Hanging requests that ended in the last `hours` before `now` and whose heartbeat the back end's log gives. */
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
  const { clients, servers, networkOf, ...time } = query;
  const observations: ServerObservation[] = [];
  for (const server of servers) {
    for (const wait of await readWaits(db, { server, ...time })) {
      const [id, command, ended, asked, , requests, shortest, longest, sum, first, last] = wait;
      const client = clients.get(id);
      if (client === undefined) continue;
      observations.push({
        server,
        command,
        client: String(id),
        deviceType: client.deviceType,
        network: networkOf(client.deviceId),
        asked,
        ended,
        requests,
        shortest: shortest / 1000,
        mean: sum / requests / 1000,
        longest: longest / 1000,
        firstHour: first * hour,
        lastHour: last * hour,
      });
    }
  }
  return observations;
}

/**
 * Where each device calls from, in lower case: the back end's log only names the front end, so the other logs are asked, the
 * edge's first (a front end behind a balancer that hides addresses sees only the balancer).
 */
export async function readAddresses(
  db: Kysely<Database>,
  { organisation, since }: { organisation: Organisation; since: Date },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await sql<{ device: string; addresses: string[] }>`
    with seen as materialized (select distinct client_id, last_address as address,
        case kind when 'edge' then 0 when 'httpProxy' then 1 else 2 end as place
      from log_rollup where hour >= ${since} and kind <> 'backEnd' and last_address <> ''),
    device as (select lower(device_id) as device, address, place from seen join log_client c on c.id = seen.client_id
      where c.organisation = ${organisation} and not c.anonymous and c.device_id <> ''),
    nearest as (select device, min(place) as place from device group by device)
    select device, array_agg(distinct address) as addresses from device join nearest using (device, place) group by device`.execute(
    db,
  );
  return new Map(rows.map(({ device, addresses }) => [device, addresses]));
}

export type Sample = LogClient & { command: string; startedAt: Date; asked: number };

/** The last `count` heartbeats asked of one server by each command, oldest first. */
export async function readSamples(
  db: Kysely<Database>,
  query: { organisation: Organisation; server: string; clients: ReadonlyMap<number, LogClient>; count: number },
): Promise<Sample[]> {
  const { organisation, server, clients, count } = query;
  const { rows } = await sql<{ command: string; startedAt: Date; asked: number; clientId: number }>`
    select command, started_at, asked, client_id from (
      select *, row_number() over (partition by command order by started_at desc, id desc) as place from log_sample
      where organisation = ${organisation} and server = ${server}) as placed
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

/** On an incident's card: how long this phone waits on its connection, what cuts it, and so how soon it may hear of a wipe. */
import { type Kysely, sql } from 'kysely';
import { day } from '../ground/durations.ts';
import type { DeviceEvidence, EvidenceInput } from '../incidents/devices/evidence.ts';
import type { Database } from '../store/schema.ts';
import { beyond } from './observation.ts';
import type { EdgeReading } from './reading.ts';
import { latestReading } from './readings.ts';
import { edgeName } from './reasons.ts';
import { longestHeartbeat } from './values.ts';
import { shortEdge } from './verdict.ts';
import { seconds } from './words.ts';

type Waits = { deviceId: string; server: string; asked: number; requests: number; failed: number; lastHour: Date };

/** By device guid; only phones that held a connection within the last day are spoken of. */
export async function heartbeatEvidence({
  db,
  view,
  now,
}: EvidenceInput): Promise<ReadonlyMap<string, DeviceEvidence>> {
  const ids = view.devices.map(({ facts }) => facts.deviceId.toLowerCase()).filter((id) => id !== '');
  if (ids.length === 0) return new Map();
  const { organisation } = view.incident;
  const waits = await latestWaits(db, { organisation, ids, now });
  if (waits.size === 0) return new Map();
  const reading = await latestReading(db, organisation);
  const found = new Map<string, DeviceEvidence>();
  for (const device of view.devices) {
    const wait = waits.get(device.facts.deviceId.toLowerCase());
    if (wait === undefined) continue;
    const edge = reading?.edges.find(({ servers }) => servers.includes(wait.server));
    const max = reading?.servers.find(({ server }) => server === wait.server)?.values.max ?? longestHeartbeat;
    found.set(device.guid, { source: 'heartbeat', text: sentence(wait, edge, max) });
  }
  return found;
}

/** How soon it hears follows from its heartbeat and stands on the card already; this adds what the logs and the edge make of it. */
function sentence(wait: Waits, edge: EdgeReading | undefined, max: number): DeviceEvidence['text'] {
  const asks = `Direct Push: it asks ${wait.server} to wait ${seconds(wait.asked)} for mail`;
  const short = edge === undefined ? undefined : shortEdge(edge, max);
  if (edge === undefined || short === undefined) {
    return [wait.failed === 0 ? `${asks} and is answered.` : `${asks}; its connection was lost lately.`];
  }
  const isSilent = short.known === 'bounded' || (short.known === 'seen' && short.how === 'silent');
  if (isSilent && wait.asked > short.seconds * 0.95) {
    return [
      `${asks}, but ${edgeName(edge)} silently forgets connections by ${seconds(short.seconds)}: it may hear of a wipe only when it next connects by itself.`,
    ];
  }
  // It waits longer than policy.yaml says of the edge, and is answered.
  if (short.known === 'policy' && wait.asked > beyond(short.seconds) && wait.failed === 0)
    return [`${asks} and is answered.`];
  const some = short.known === 'seen' && short.some ? 'some connections' : 'connections';
  return [`${asks}; ${edgeName(edge)} cuts ${some} at about ${seconds(short.seconds)}.`];
}

/** What each device asked for most often in its newest hour with a waiting request. */
async function latestWaits(
  db: Kysely<Database>,
  query: { organisation: string; ids: readonly string[]; now: Date },
): Promise<ReadonlyMap<string, Waits>> {
  const since = new Date(query.now.getTime() - day);
  const { rows } = await sql<Waits>`
    with client as materialized (select id, lower(device_id) as device_id from log_client
      where organisation = ${query.organisation} and lower(device_id) = any(${[...query.ids]}::text[])),
    held as (select client_id, server, hour, asked, ended, requests from log_heartbeat
      where kind = 'backEnd' and asked > 0 and ended <> 'overlapped' and hour >= ${since} and client_id in (select id from client))
    select distinct on (device_id) device_id, server, asked, sum(requests)::int as requests,
      sum(case when ended in ('cut', 'dropped') then requests else 0 end)::int as failed, hour as last_hour
    from held join client on client.id = held.client_id
    group by device_id, server, asked, hour order by device_id, hour desc, requests desc`.execute(db);
  return new Map(rows.map((row) => [row.deviceId, row]));
}

/** What the servers' logs say of each phone of an incident: whether it still reaches Exchange, and what keeps it from hearing of a wipe. */
import { type Kysely, sql } from 'kysely';
import { rollupsOf } from '../activesync/store/rollups-of.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { DeviceEvidence, EvidenceProvider } from '../incidents/devices/evidence.ts';
import type { Span } from '../message/model.ts';
import { strong, time } from '../message/text.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import { type OutcomeFacts, outcomeOf } from './outcome.ts';
import { clientsOfPerson } from './phones.ts';
import { summaryOf, type UsageClient } from './usage.ts';

const day = 86_400_000;
const lookedBackDays = 14;

export const logEvidence: EvidenceProvider = async ({ db, view, now }) => {
  const { incident, owner, devices } = view;
  const since = new Date(now.getTime() - lookedBackDays * day);
  const deviceIds = devices.map(({ facts }) => facts.deviceId).filter((id) => id !== '');
  if (deviceIds.length === 0) return new Map();
  const asked = { organisation: incident.organisation, since, person: owner, deviceIds };
  const byId = await clientsOfPerson(db, asked);
  const told = await wipesTold(db, [...byId.values()].flat(), since);
  const found = new Map<string, DeviceEvidence>();
  for (const device of devices) {
    const clients = byId.get(device.facts.deviceId.toLowerCase());
    if (clients === undefined) continue;
    const lastSync = device.facts.lastSync === null ? null : new Date(device.facts.lastSync);
    const said = await sentence(db, clients, lastSync, now);
    const text = said.includes(toldToWipe) ? said : [...handedOver(clients, told), ...said];
    if (text.length > 0) found.set(device.guid, { source: 'logs', text });
  }
  return found;
};

const toldToWipe = strong('it was told to wipe itself');

type Told = { clientId: number; at: Date; server: string };

/** The moments at which a server handed a wipe over, the newest first. */
async function wipesTold(db: Kysely<Database>, clients: readonly UsageClient[], since: Date): Promise<Told[]> {
  const ids = clients.map(({ id }) => id);
  if (ids.length === 0) return [];
  return await db
    .selectFrom('logSighting')
    .select(['clientId', 'at', 'server'])
    .where('clientId', 'in', ids)
    .where('at', '>=', since)
    .orderBy('at', 'desc')
    .execute();
}

/** Said whatever the phone did later. */
function handedOver(clients: readonly UsageClient[], told: readonly Told[]): (string | Span)[] {
  const last = told.find(({ clientId }) => clients.some(({ id }) => id === clientId));
  return last === undefined ? [] : ['Logs: ', toldToWipe, ', ', time(last.at), `, by ${last.server}. `];
}

/** Empty where Exchange itself knows a later success than the logs, which are read a minute behind. */
async function sentence(
  db: Kysely<Database>,
  clients: readonly UsageClient[],
  lastSync: Date | null,
  now: Date,
): Promise<(string | Span)[]> {
  const { lastAttempt, lastLetIn, lastRefused, refused } = summaryOf(clients);
  if (lastAttempt === null) return ['Logs: no request in 14 days.'];
  const newest = lastRefused !== null && (lastLetIn === null || lastRefused.at > lastLetIn.at) ? lastRefused : null;
  if (newest === null) {
    if (lastSync !== null && lastLetIn !== null && lastSync > lastLetIn.end) return [];
    const from = lastAttempt.address === '' ? '' : ` from ${lastAttempt.address}`;
    return ['Logs: last let in ', time(lastLetIn?.end ?? lastAttempt.end), `${from}, on ${lastAttempt.server}.`];
  }
  if (newest.why === 'wipe-told') return ['Logs: ', toldToWipe, ', ', time(newest.at), '.'];
  if (newest.why !== 'password') return ['Logs: last try ', time(newest.at), `, ${newest.meaning}.`];
  const first = await firstRefusal(db, clients, lastLetIn?.at ?? new Date(now.getTime() - lookedBackDays * day));
  return [
    strong('Logs: refused at the login since '),
    time(first ?? newest.at),
    lastLetIn === null ? '' : ', right after it was last let in',
    refused > 1 ? ` (${refused} times, the last ` : ' (the last ',
    time(newest.at),
    '): the password it sends is no longer right, as after a password change, ',
    strong('so a wipe cannot reach it'),
    '.',
  ];
}

/** Roll-ups are by the hour: the first refusal of the first hour that began after the phone was last let in, or of that hour itself. */
async function firstRefusal(
  db: Kysely<Database>,
  clients: readonly UsageClient[],
  after: Date,
): Promise<Date | undefined> {
  const { rows } = await sql<OutcomeFacts & { firstStart: Date; lastStart: Date }>`
    select kind, http, substatus, status, error, access, first_start, last_start
    from ${rollupsOf(clients.map(({ id }) => id))} as told
    where last_start > ${after} and http in (401, 456, 457) order by first_start limit 50`.execute(db);
  const first = rows.find((row) => outcomeOf(row).why === 'password');
  if (first === undefined) return undefined;
  return first.firstStart > after ? first.firstStart : first.lastStart;
}

/**
 * Cards of young incidents with an open hold are shown anew after logs told of one of their phones (`phones`: device ids, in any
 * case); one that says the same is not sent again.
 */
export async function refreshLogEvidence(
  store: Store,
  organisation: Organisation,
  phones: readonly string[],
): Promise<void> {
  if (phones.length === 0) return;
  await store.change(async (change) => {
    const young = new Date(change.now.getTime() - day);
    const devices = await change.tx
      .selectFrom('incident')
      .innerJoin('incidentDevice', 'incidentDevice.incidentNumber', 'incident.number')
      .select(['incident.number', sql<string>`lower(facts->>'deviceId')`.as('deviceId')])
      .where('organisation', '=', organisation)
      .where('state', '=', 'open')
      .where('hold', '=', 'open')
      .where('openedAt', '>', young)
      .execute();
    if (devices.length === 0) return;
    const ids = new Set(phones.map((phone) => phone.toLowerCase()));
    const told = devices.filter(({ deviceId }) => ids.has(deviceId));
    for (const number of new Set(told.map((device) => device.number))) await change.refresh(`incident:${number}`);
  });
}

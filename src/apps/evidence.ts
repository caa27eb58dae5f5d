/** What the servers' logs say of each phone of an incident: whether it still reaches Exchange, and what keeps it from hearing of a wipe. */
import { type Kysely, sql } from 'kysely';
import { rollupsOf } from '../activesync/store/rollups-of.ts';
import { after, day } from '../ground/durations.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { latest } from '../ground/instants.ts';
import type { DeviceEvidence, EvidenceProvider } from '../incidents/devices/evidence.ts';
import type { IncidentView } from '../incidents/incident/view.ts';
import type { Span } from '../message/model.ts';
import { strong, time } from '../message/text.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import { type OutcomeFacts, outcomeOf } from './outcome.ts';
import { clientsOfPerson } from './phones.ts';
import { summaryOf, type UsageClient } from './usage.ts';

const lookBack = 14 * day;

export const logEvidence: EvidenceProvider = async ({ db, view, now }) => {
  const { incident, owner, devices } = view;
  const since = after(now, -lookBack);
  const deviceIds = devices.map(({ facts }) => facts.deviceId).filter((id) => id !== '');
  if (deviceIds.length === 0) return new Map();
  const byId = await clientsOfPerson(db, { organisation: incident.organisation, since, person: owner, deviceIds });
  const sightings = await wipesHandedOver(db, [...byId.values()].flat(), since);
  const found = new Map<string, DeviceEvidence>();
  for (const { guid, facts } of devices) {
    const clients = byId.get(facts.deviceId.toLowerCase());
    if (clients === undefined) continue;
    const lastSync = facts.lastSync === null ? null : new Date(facts.lastSync);
    const text = await sentence(db, clients, lastSync, now, outOfReachOf(view, lastSync));
    const last = sightings.find(({ clientId }) => clients.some(({ id }) => id === clientId));
    // Said whatever the phone did later.
    if (last !== undefined && !text.includes(toldToWipe))
      text.unshift('Logs: ', toldToWipe, ', ', time(last.at), `, by ${last.server}. `);
    if (text.length > 0) found.set(guid, { source: 'logs', text });
  }
  return found;
};

const toldToWipe = strong('it was told to wipe itself');

/** The moments at which a server handed a wipe over, the newest first. */
async function wipesHandedOver(
  db: Kysely<Database>,
  clients: readonly UsageClient[],
  since: Date,
): Promise<{ clientId: number; at: Date; server: string }[]> {
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

/** Empty where Exchange itself knows a later success than the logs, which are read a minute behind. */
async function sentence(
  db: Kysely<Database>,
  clients: readonly UsageClient[],
  lastSync: Date | null,
  now: Date,
  outOfReach: string | undefined,
): Promise<(string | Span)[]> {
  const { lastAttempt, lastLetIn, lastRefused, turnedAway } = summaryOf(clients);
  const newest = lastRefused !== null && (lastLetIn === null || lastRefused.at > lastLetIn.at) ? lastRefused : null;
  const known = latest([lastLetIn?.at, newest?.at]);
  if (turnedAway !== null && (known === null || turnedAway.last.at > known)) {
    const anonymous = clients.filter((client) => client.anonymous);
    const first = await firstRefusal(db, anonymous, lastLetIn?.at ?? after(now, -lookBack));
    return [
      strong('Logs: turned away at the login since '),
      time(first ?? turnedAway.last.at),
      lastLetIn === null ? '' : ', right after it was last let in',
      turnedAway.requests > 1 ? ` (${turnedAway.requests} times, the last ` : ' (the last ',
      time(turnedAway.last.at),
      '): somebody who gives its name. ',
      ...(outOfReach === undefined
        ? [
            'The phone itself, if its password is no longer right, and then no wipe reaches it; or anybody who knows its id.',
          ]
        : [`${outOfReach}, `, strong('so a wipe cannot reach it'), '.']),
    ];
  }
  if (lastAttempt === null) return ['Logs: no request in 14 days.'];
  if (newest === null) {
    if (lastSync !== null && lastLetIn !== null && lastSync > lastLetIn.end) return [];
    const from = lastAttempt.address === '' ? '' : ` from ${lastAttempt.address}`;
    return ['Logs: last let in ', time(lastLetIn?.end ?? lastAttempt.end), `${from}, on ${lastAttempt.server}.`];
  }
  if (newest.why === 'wipe-told') return ['Logs: ', toldToWipe, ', ', time(newest.at), '.'];
  return ['Logs: last try ', time(newest.at), `, ${newest.meaning}.`];
}

/** Why this phone cannot log in, by what is known of its account and not of its attempts: those anybody can make. */
function outOfReachOf({ owner, timeline }: IncidentView, lastSync: Date | null): string | undefined {
  if (owner.accountEnabled === false) return 'The account is disabled';
  const changed = timeline.ticks.filter(({ step }) => step === 'password').at(-1)?.at;
  return changed !== undefined && (lastSync === null || changed > lastSync) ? 'The password was changed' : undefined;
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
 * Cards of young incidents with an open hold are rendered again after a reading of logs that held one of their phones (`phones`:
 * device ids, in any case); one that says the same is not sent again.
 */
export async function refreshLogEvidence(
  store: Store,
  organisation: Organisation,
  phones: readonly string[],
): Promise<void> {
  if (phones.length === 0) return;
  const ids = new Set(phones.map((phone) => phone.toLowerCase()));
  await store.change(async (change) => {
    const devices = await change.tx
      .selectFrom('incident')
      .innerJoin('incidentDevice', 'incidentDevice.incidentNumber', 'incident.number')
      .select(['incident.number', sql<string>`lower(facts->>'deviceId')`.as('deviceId')])
      .where('organisation', '=', organisation)
      .where('state', '=', 'open')
      .where('hold', '=', 'open')
      .where('openedAt', '>', after(change.now, -day))
      .execute();
    const numbers = devices.filter(({ deviceId }) => ids.has(deviceId)).map(({ number }) => number);
    for (const number of new Set(numbers)) await change.refresh(`incident:${number}`);
  });
}

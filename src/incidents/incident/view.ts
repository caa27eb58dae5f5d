/** The read model of one incident: what cards, answers and rules look at, loaded in one place. */
import { type Kysely, type Selectable, sql } from 'kysely';
import { z } from 'zod';
import type { Person } from '../../directory/person.ts';
import { personFromRow } from '../../directory/store-people.ts';
import { internalError, MislaidError } from '../../ground/errors.ts';
import type { Database } from '../../store/schema.ts';
import type { ApprovalDecisionTable, ApprovalTable } from '../../store/tables/approvals.ts';
import type { IncidentTable } from '../../store/tables/incidents.ts';
import type { WipeTable, WipeTransitionTable } from '../../store/tables/wipes.ts';
import { type LockState, lockState } from '../brake/brake.ts';
import { DeviceFacts, DeviceWipe, deviceLabel } from '../devices/device.ts';
import { noSuchIncident } from '../lock-order.ts';
import { type IncidentEvent, parseEvent } from './timeline-event.ts';
import { type TimelineFacts, timelineFacts } from './timeline-facts.ts';

export type Incident = Selectable<IncidentTable>;
export type Wipe = Selectable<WipeTable>;
export type WipeTransition = Selectable<WipeTransitionTable>;
export type Approval = Selectable<ApprovalTable>;
export type Decision = Selectable<ApprovalDecisionTable>;

export type IncidentDevice = {
  number: number;
  guid: string;
  facts: DeviceFacts;
  label: string;
  readAt: Date;
  present: boolean;
  chosen: boolean;
  keptReportedAt: Date | null;
  keptReportedSync: Date | null;
  keptVerifiedBy: string | null;
};

export type IncidentView = {
  incident: Incident;
  owner: Person;
  opener: Person | undefined;
  devices: readonly IncidentDevice[];
  /** Newest last. */
  wipes: readonly (Wipe & { transitions: readonly WipeTransition[] })[];
  approvals: readonly (Approval & { decisions: readonly Decision[] })[];
  events: readonly IncidentEvent[];
  timeline: TimelineFacts;
  /** When Exchange was asked for wipes of these devices by us, on whichever incident (ISO 8601), by device GUID. */
  ownRequests: ReadonlyMap<string, readonly string[]>;
  /** Devices for which a wipe of ours is being asked, by GUID, with the requests that Exchange held before (ISO 8601). */
  beingAsked: ReadonlyMap<string, readonly string[]>;
  /** Whether any wipe is issued at all now. */
  lock: LockState;
  /** Names of everybody who appears in wipes, decisions and events. */
  names: ReadonlyMap<string, string>;
};

/** Throws MislaidError `no-such-incident`. */
export async function loadIncident(db: Kysely<Database>, number: number): Promise<IncidentView> {
  const ofIncident = async () => {
    const incident = await db.selectFrom('incident').selectAll().where('number', '=', number).executeTakeFirst();
    const devices = db.selectFrom('incidentDevice').selectAll().where('incidentNumber', '=', number).orderBy('number');
    const events = db.selectFrom('incidentEvent').selectAll().where('incidentNumber', '=', number).orderBy('id');
    return { incident, devices: await devices.execute(), events: (await events.execute()).map(parseEvent) };
  };
  const ofWipes = async () => {
    const wipes = db.selectFrom('wipe').where('incidentNumber', '=', number);
    const transitions = db.selectFrom('wipeTransition').selectAll().where('wipeId', 'in', wipes.select('id'));
    return {
      wipes: await wipes.selectAll().orderBy('id').execute(),
      transitions: await transitions.orderBy('id').execute(),
      lock: await lockState(db),
    };
  };
  const ofApprovals = async () => {
    const approvals = db.selectFrom('approval').where('incidentNumber', '=', number);
    const decisions = db.selectFrom('approvalDecision').selectAll().where('approvalId', 'in', approvals.select('id'));
    return {
      approvals: await approvals.selectAll().orderBy('id').execute(),
      decisions: await decisions.orderBy('at').execute(),
    };
  };
  const ofDevices = async () => {
    const loaded = await ofIncident();
    const guids = loaded.devices.map((row) => row.deviceGuid);
    return { ...loaded, own: await ownRequestsOf(db, guids), asking: await beingAskedOf(db, guids) };
  };
  // Side by side, but not all at once: that would take ten connections from those who wait for less.
  const [{ incident, devices, events, own, asking }, { wipes, transitions, lock }, { approvals, decisions }] =
    await Promise.all([ofDevices(), ofWipes(), ofApprovals()]);
  if (incident === undefined) throw noSuchIncident(number);
  const guids = [
    incident.personGuid,
    incident.openedBy,
    incident.holdClosedBy,
    incident.closedBy,
    ...wipes.map((wipe) => wipe.requestedBy),
    ...approvals.flatMap((approval) => [approval.requestedBy, approval.closedBy]),
    ...transitions.map((row) => row.actorGuid),
    ...decisions.map((row) => row.actorGuid),
    ...events.map((event) => event.actorGuid),
    ...devices.map((device) => device.keptVerifiedBy),
    lock.locked ? lock.by : null,
  ].filter((guid) => guid !== null);
  const rows = await db
    .selectFrom('person')
    .selectAll()
    .where('guid', 'in', [...new Set(guids)])
    .execute();
  const people = new Map(rows.map((row) => [row.guid, personFromRow(row)]));
  const owner = people.get(incident.personGuid);
  if (owner === undefined)
    throw internalError({
      code: 'no-such-person',
      message: `INC-${number}: its owner is not in the directory`,
    });
  return {
    incident,
    owner,
    opener: incident.openedBy === null ? undefined : people.get(incident.openedBy),
    devices: devices.map((row) => {
      const facts = DeviceFacts.parse(row.facts);
      return { ...row, guid: row.deviceGuid, facts, label: deviceLabel(facts) };
    }),
    wipes: wipes.map((wipe) => ({ ...wipe, transitions: transitions.filter((row) => row.wipeId === wipe.id) })),
    approvals: approvals.map((row) => ({ ...row, decisions: decisions.filter((d) => d.approvalId === row.id) })),
    events,
    timeline: timelineFacts(events),
    ownRequests: own,
    beingAsked: asking,
    lock,
    names: new Map(rows.map((row) => [row.guid, row.displayName])),
  };
}

/** When Exchange was asked for wipes of these devices by us (ISO 8601), by device GUID. */
export async function ownRequestsOf(
  db: Kysely<Database>,
  deviceGuids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  if (deviceGuids.length === 0) return found;
  const { rows } = await sql<{ deviceGuid: string; requestedAt: Date }>`
    select device_guid, requested_at from wipe where device_guid = any(${deviceGuids}::text[]) and requested_at is not null
    union
    select device_guid, requested_at from wipe_request_seen where device_guid = any(${deviceGuids}::text[]) and origin = 'ours'`.execute(
    db,
  );
  for (const { deviceGuid, requestedAt } of rows) {
    found.set(deviceGuid, [...(found.get(deviceGuid) ?? []), requestedAt.toISOString()]);
  }
  return found;
}

/** While it is not known whether Exchange took a wipe of ours: what it held just before (ISO 8601), by device GUID. */
export async function beingAskedOf(
  db: Kysely<Database>,
  deviceGuids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (deviceGuids.length === 0) return new Map();
  const rows = await db
    .selectFrom('wipe')
    .select(['deviceGuid', 'before'])
    .where('state', '=', 'issuing')
    .where('deviceGuid', 'in', [...deviceGuids])
    .execute();
  return new Map(rows.map(({ deviceGuid, before }) => [deviceGuid, requestedBefore(before)]));
}

function requestedBefore(before: unknown): string[] {
  const { data } = z.object({ wipe: DeviceWipe }).safeParse(before);
  return [data?.wipe.full.requested, data?.wipe.accountOnly.requested].filter(
    (instant): instant is string => typeof instant === 'string',
  );
}

export async function namesOf(db: Kysely<Database>, guids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const unique = [...new Set(guids)];
  if (unique.length === 0) return new Map();
  const rows = await db.selectFrom('person').select(['guid', 'displayName']).where('guid', 'in', unique).execute();
  return new Map(rows.map((row) => [row.guid, row.displayName]));
}

export function requireDevice(view: IncidentView, number: number): IncidentDevice {
  const device = view.devices.find((candidate) => candidate.number === number);
  if (device !== undefined) return device;
  const known = view.devices.map((candidate) => `${candidate.number} ${candidate.label}`).join(', ');
  throw new MislaidError({
    code: 'no-such-device',
    message: `INC-${view.incident.number} has no device ${number}`,
    userMessage: `INC-${view.incident.number} has no phone number ${number}. ${known === '' ? 'Its phones are not read yet.' : `It has: ${known}.`}`,
  });
}

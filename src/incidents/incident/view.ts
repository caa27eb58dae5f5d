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
    const wipes = await wipesOf(db, number);
    return { wipes, approvals: await approvalsOf(db, number), lock: await lockState(db) };
  };
  const ofDevices = async () => {
    const loaded = await ofIncident();
    const requests = await requestsOf(
      db,
      loaded.devices.map((row) => row.deviceGuid),
    );
    return { ...loaded, ...requests };
  };
  // Side by side, but not all at once: that would take connections from those who wait for less.
  const [{ incident, devices, events, own, asking }, { wipes, approvals, lock }] = await Promise.all([
    ofDevices(),
    ofWipes(),
  ]);
  if (incident === undefined) throw noSuchIncident(number);
  const guids = [
    incident.personGuid,
    incident.openedBy,
    incident.holdClosedBy,
    incident.closedBy,
    ...wipes.map((wipe) => wipe.requestedBy),
    ...approvals.flatMap((approval) => [approval.requestedBy, approval.closedBy]),
    ...wipes.flatMap(({ transitions }) => transitions.map((row) => row.actorGuid)),
    ...approvals.flatMap(({ decisions }) => decisions.map((row) => row.actorGuid)),
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
    wipes,
    approvals,
    events,
    timeline: timelineFacts(events),
    ownRequests: own,
    beingAsked: asking,
    lock,
    names: new Map(rows.map((row) => [row.guid, row.displayName])),
  };
}

/** An instant inside JSON, where PostgreSQL writes it as text. */
const withInstant = <Row extends { at: string }>(row: Row) => ({ ...row, at: new Date(row.at) });

/** The wipes of an incident with their transitions, in one question; oldest first. */
async function wipesOf(db: Kysely<Database>, incident: number): Promise<IncidentView['wipes'][number][]> {
  type Stored = Omit<WipeTransition, 'at'> & { at: string };
  const rows = await db
    .selectFrom('wipe')
    .selectAll()
    .select(
      sql<Stored[]>`(
        select coalesce(jsonb_agg(jsonb_build_object('id', id, 'wipeId', wipe_id, 'at', at, 'fromState', from_state,
          'toState', to_state, 'event', event, 'actorGuid', actor_guid, 'why', why, 'evidence', evidence) order by id), '[]')
        from wipe_transition where wipe_id = wipe.id)`.as('transitions'),
    )
    .where('incidentNumber', '=', incident)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ ...row, transitions: row.transitions.map(withInstant) }));
}

/** The requests of an incident with their decisions, in one question; oldest first. */
async function approvalsOf(db: Kysely<Database>, incident: number): Promise<IncidentView['approvals'][number][]> {
  type Stored = Omit<Decision, 'at'> & { at: string };
  const rows = await db
    .selectFrom('approval')
    .selectAll()
    .select(
      sql<Stored[]>`(
        select coalesce(jsonb_agg(jsonb_build_object('approvalId', approval_id, 'actorGuid', actor_guid, 'identity', identity,
          'decision', decision, 'reason', reason, 'at', at) order by at), '[]')
        from approval_decision where approval_id = approval.id)`.as('decisions'),
    )
    .where('incidentNumber', '=', incident)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ ...row, decisions: row.decisions.map(withInstant) }));
}

/**
 * By device GUID: `own`, when Exchange was asked for wipes of these devices by us (ISO 8601), and `asking`, while it is not known
 * whether Exchange took a wipe of ours, what it held just before (ISO 8601).
 */
export async function requestsOf(
  db: Kysely<Database>,
  deviceGuids: readonly string[],
): Promise<{ own: ReadonlyMap<string, readonly string[]>; asking: ReadonlyMap<string, readonly string[]> }> {
  const own = new Map<string, string[]>();
  if (deviceGuids.length === 0) return { own, asking: new Map() };
  const { rows } = await sql<{ deviceGuid: string; requestedAt: Date | null; before: unknown }>`
    select device_guid, requested_at, null::jsonb as before
      from wipe where device_guid = any(${deviceGuids}::text[]) and requested_at is not null
    union
    select device_guid, requested_at, null
      from wipe_request_seen where device_guid = any(${deviceGuids}::text[]) and origin = 'ours'
    union all
    select device_guid, null, coalesce(before::jsonb, '{}')
      from wipe where device_guid = any(${deviceGuids}::text[]) and state = 'issuing'`.execute(db);
  for (const { deviceGuid, requestedAt } of rows) {
    if (requestedAt !== null) own.set(deviceGuid, [...(own.get(deviceGuid) ?? []), requestedAt.toISOString()]);
  }
  const asking = rows.filter(({ before }) => before !== null);
  return { own, asking: new Map(asking.map(({ deviceGuid, before }) => [deviceGuid, requestedBefore(before)])) };
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

import type { Actor } from '../../directory/actor.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import type { Change, Subject } from '../../store/port.ts';
import type { WipeEventKind } from '../../store/tables/wipe-events.ts';
import { mayBeRemark, remarkWaiting } from '../approvals/remarks.ts';
import { lockIncident } from '../lock-order.ts';
import { refreshHomes } from './homes.ts';
import type { TimelineEvent, TimelineKind } from './timeline-event.ts';

/** Who an entry is about: a person who spoke, a person by guid, or the bot itself (null). */
export type By = Actor | { guid: PersonGuid } | null;

export function guidOf(by: By): PersonGuid | null {
  if (by === null) return null;
  return 'person' in by ? by.person.guid : by.guid;
}

export function incidentSubject(number: number): Subject {
  return `incident:${number}`;
}

/**
 * The audit keeps the codes that it was begun with, whatever the timeline calls them now: a machine that reads it need not follow
 * our words.
 */
const auditCodes: Readonly<Record<string, string>> = {
  'approval.one-approved': 'approval.one-agreed',
  'device.kept-withdrawn': 'device.kept-taken-back',
  'owner.reported-found': 'owner.says-found',
  'owner.reported-kept': 'owner.says-kept',
  'owner.reported-lost': 'owner.says-lost',
  'roles.restored': 'roles-restored',
} satisfies Partial<Record<TimelineKind, string>>;
const auditedWipeEvents: Readonly<Record<string, string>> = {
  'cancel-proved': 'cancel-read-back',
  sent: 'device-told',
  lapsed: 'execution-lapsed',
  'no-request-proved': 'not-asked-proved',
  claimed: 'taken-for-issuing',
} satisfies Partial<Record<WipeEventKind, string>>;

/** The action of the audit under which a kind of the timeline is recorded. */
export function auditCode(kind: TimelineKind): string {
  return auditCodes[kind] ?? kind;
}

/** One fact of an incident: on its timeline and in the audit, and its cards are rendered again. */
export async function record(
  change: Change,
  { incident, by, kind, data }: { incident: number; by: By } & TimelineEvent,
): Promise<void> {
  const guid = guidOf(by);
  // What waits must not be decided while a remark on it is being written.
  if (mayBeRemark(kind)) await lockIncident(change, incident);
  const { id } = await change.tx
    .insertInto('incidentEvent')
    .values({ incidentNumber: incident, at: change.now, kind, actorGuid: guid, data: JSON.stringify(data) })
    .returning('id')
    .executeTakeFirstOrThrow();
  change.audit({
    action: auditCode(kind),
    subject: incidentSubject(incident),
    incident,
    actor: { guid, identity: by !== null && 'person' in by ? by.identity : null },
    data: 'event' in data ? { ...data, event: auditedWipeEvents[data.event] ?? data.event } : data,
  });
  await change.refresh(incidentSubject(incident));
  await remarkWaiting(change, incident, { id, kind, data });
  if (onHomePages.has(kind)) await refreshHomes(change);
}

/** Facts that lists of incidents show. */
const onHomePages: ReadonlySet<TimelineKind> = new Set([
  'incident.opened',
  'incident.closed',
  'hold.opened',
  'hold.closed',
]);

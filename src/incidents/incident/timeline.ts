import type { Actor } from '../../directory/actor.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import type { AuditEntry, Change, Subject } from '../../store/port.ts';
import { refreshHomes } from './homes.ts';

/** Who an entry is about: a person who spoke, a person by guid, or the bot itself (null). */
export type By = Actor | { guid: PersonGuid } | null;

export function guidOf(by: By): PersonGuid | null {
  if (by === null) return null;
  return 'person' in by ? by.person.guid : by.guid;
}

export function incidentSubject(number: number): Subject {
  return `incident:${number}`;
}

/** One fact of an incident: on its timeline, in the audit, and its cards are shown anew. */
export async function record(
  change: Change,
  input: { incident: number; kind: string; by: By; data?: Record<string, unknown>; audit?: Partial<AuditEntry> },
): Promise<void> {
  const { incident, kind, by, data = {} } = input;
  await change.tx
    .insertInto('incidentEvent')
    .values({ incidentNumber: incident, at: change.now, kind, actorGuid: guidOf(by), data: JSON.stringify(data) })
    .execute();
  change.audit({
    action: kind,
    subject: incidentSubject(incident),
    incident,
    actor: { guid: guidOf(by), identity: by !== null && 'person' in by ? by.identity : null },
    data,
    ...input.audit,
  });
  await change.refresh(incidentSubject(incident));
  if (onHomePages.has(kind)) await refreshHomes(change);
}

/** Facts that lists of incidents show. */
const onHomePages = new Set(['incident.opened', 'incident.closed', 'hold.opened', 'hold.closed']);

/** The audit for other systems: JSON Lines as it is stored (verifiable elsewhere), and OCSF events for a SIEM. */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { isDrill } from '../store/drills.ts';
import type { Database } from '../store/schema.ts';
import { readAudit, type StoredRecord } from './read.ts';

/** Each entry as one line: the members that its hash covers, and the hash. No newline at the end. */
export async function* exportJsonLines(db: Kysely<Database>, options: { after?: number } = {}): AsyncGenerator<string> {
  for await (const record of readAudit(db, options)) yield JSON.stringify(record);
}

/** Each entry as one OCSF event. */
export async function* exportOcsf(
  db: Kysely<Database>,
  options: { after?: number; productVersion: string },
): AsyncGenerator<OcsfEvent> {
  const drills = new Map<number, boolean>();
  for await (const record of readAudit(db, options)) {
    const incident = record.incidentNumber;
    if (incident !== null && !drills.has(incident)) drills.set(incident, await isDrill(db, incident));
    yield toOcsf(record, options.productVersion, incident !== null && drills.get(incident));
  }
}

const ocsfVersion = '1.5.0';

/** Our last word of an action → OCSF's activity; what fits none is 99, Other, with our word as its name. */
const activities: Readonly<Record<string, readonly [number, string]>> = {
  requested: [1, 'Create'],
  proposed: [1, 'Create'],
  opened: [1, 'Create'],
  created: [1, 'Create'],
  read: [2, 'Read'],
  verified: [2, 'Read'],
  exported: [2, 'Read'],
  changed: [3, 'Update'],
  approved: [3, 'Update'],
  denied: [3, 'Update'],
  withdrawn: [3, 'Update'],
  closed: [3, 'Update'],
  removed: [4, 'Delete'],
  'partnership-removed': [4, 'Delete'],
  acknowledged: [7, 'Unenroll'],
  unblocked: [8, 'Enable'],
  unlocked: [8, 'Enable'],
  blocked: [9, 'Disable'],
  locked: [9, 'Disable'],
};

/** OCSF Entity Management (class 3004 of category 3, Identity & Access Management). */
export function toOcsf(record: StoredRecord, productVersion: string, drill = false) {
  const [activity, name] = activityOf(record.action);
  const data = Fields.safeParse(record.data).data ?? {};
  return {
    class_uid: 3004,
    class_name: 'Entity Management',
    category_uid: 3,
    category_name: 'Identity & Access Management',
    activity_id: activity,
    activity_name: name,
    /** class_uid * 100 + activity_id */
    type_uid: 3004 * 100 + activity,
    /** Milliseconds since 1970. */
    time: Date.parse(record.at),
    severity_id: severityOf(record.action),
    status_id: statusOf(record.action),
    metadata: {
      version: ocsfVersion,
      product: { name: 'Mislaid', vendor_name: 'Mislaid', version: productVersion },
      log_name: 'mislaid-audit',
      sequence: record.seq,
      uid: record.hash,
      event_code: record.action,
      ...(record.incidentNumber === null ? {} : { correlation_uid: `INC-${record.incidentNumber}` }),
    },
    actor: { user: userOf(record) },
    entity: {
      type: record.subject.split(':')[0] ?? record.subject,
      uid: record.subject,
      name: record.subject,
      data: record.data,
    },
    ...(data.reason === undefined ? {} : { comment: data.reason }),
    /** Place in our chain, so that an event can be traced to its entry; and whether it was only practised. */
    unmapped: { seq: record.seq, hash: record.hash, prev_hash: record.prevHash, ...(drill ? { drill } : {}) },
  };
}

export type OcsfEvent = ReturnType<typeof toOcsf>;

const Fields = z.object({ reason: z.string().optional() });

function activityOf(action: string): readonly [number, string] {
  const word = action.split('.').at(-1) ?? action;
  return activities[word] ?? [99, word];
}

function userOf(record: StoredRecord) {
  const { actorGuid, actorIdentity } = record;
  if (actorGuid !== null) return { uid: actorGuid, ...(actorIdentity === null ? {} : { uid_alt: actorIdentity }) };
  if (actorIdentity !== null) return { uid: actorIdentity };
  // Type 3 of OCSF's user: System. Clocks and reads of Exchange act without a person.
  return { name: 'mislaid', type_id: 3 };
}

/** 1 informational, 3 medium, 4 high (OCSF): what security looks at first. */
function severityOf(action: string): number {
  if (/^wipes\.|break-glass|outside|wrong-scope|forged|tamper/.test(action)) return 4;
  if (/^(wipe|policy|role)\./.test(action)) return 3;
  return 1;
}

/** 1 success, 2 failure, 0 unknown. */
function statusOf(action: string): 0 | 1 | 2 {
  if (/\.(refused|refused-by-device|failed|not-asked|denied)$/.test(action)) return 2;
  return /\.(issuing|not-reported)$/.test(action) ? 0 : 1;
}

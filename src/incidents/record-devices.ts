import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { Change } from '../store/port.ts';
import type { DeviceFacts } from './device.ts';
import { incidentSubject } from './timeline.ts';

/**
 * Stores what Exchange told of an incident's devices. A device gets its number once; a new partnership gets the next one,
 * and one that is gone keeps its number. Answers whether anything that a card shows is different.
 */
export async function recordDevices(change: Change, incident: number, read: readonly DeviceFacts[]): Promise<boolean> {
  const known = await change.tx
    .selectFrom('incidentDevice')
    .selectAll()
    .where('incidentNumber', '=', incident)
    .orderBy('number')
    .forUpdate()
    .execute();
  const byGuid = new Map(known.map((row) => [row.deviceGuid, row]));
  const added = byLastSync(read).filter((facts) => !byGuid.has(facts.guid));
  const changed = read.filter((facts) => {
    const row = byGuid.get(facts.guid);
    return row !== undefined && (!row.present || !isDeepStrictEqual(row.facts, facts));
  });
  const gone = known.filter((row) => row.present && !read.some((facts) => facts.guid === row.deviceGuid));

  const first = Math.max(0, ...known.map((row) => row.number)) + 1;
  if (added.length > 0) {
    await change.tx
      .insertInto('incidentDevice')
      .values(
        added.map((facts, index) => ({
          incidentNumber: incident,
          number: first + index,
          deviceGuid: facts.guid,
          facts: JSON.stringify(facts),
          readAt: change.now,
          present: true,
          ownerSaysKeptAt: null,
          ownerSaysKeptSync: null,
          keptVerifiedBy: null,
        })),
      )
      .execute();
  }
  for (const facts of changed) {
    await change.tx
      .updateTable('incidentDevice')
      .set({ facts: JSON.stringify(facts) })
      .where('incidentNumber', '=', incident)
      .where('deviceGuid', '=', facts.guid)
      .execute();
  }
  if (known.length > 0) {
    const isRead = sql<boolean>`device_guid = any(${read.map((facts) => facts.guid)}::text[])`;
    await change.tx
      .updateTable('incidentDevice')
      .set({ readAt: change.now, present: isRead })
      .where('incidentNumber', '=', incident)
      .where((eb) => eb.or([eb('present', '=', true), isRead]))
      .execute();
  }
  const different = added.length + changed.length + gone.length > 0;
  if (different) await change.refresh(incidentSubject(incident));
  return different;
}

/** Newest sync first, so that the phone in use is number 1; never synced last. */
function byLastSync(facts: readonly DeviceFacts[]): DeviceFacts[] {
  return [...facts].sort(
    (one, other) => (other.lastSync ?? '').localeCompare(one.lastSync ?? '') || one.guid.localeCompare(other.guid),
  );
}

/** The same for one device that a job has just read. */
export async function recordOneDevice(change: Change, incident: number, facts: DeviceFacts): Promise<void> {
  await change.tx
    .updateTable('incidentDevice')
    .set({ facts: JSON.stringify(facts), readAt: change.now, present: true })
    .where('incidentNumber', '=', incident)
    .where('deviceGuid', '=', facts.guid)
    .execute();
  await change.refresh(incidentSubject(incident));
}

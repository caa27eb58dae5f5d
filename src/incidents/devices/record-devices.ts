import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { Change } from '../../store/port.ts';
import { incidentSubject } from '../incident/timeline.ts';
import type { DeviceFacts } from './device.ts';

/** What a reading brought: partnerships that came or went, other facts of the same ones (a later sync), or nothing new. */
export type DeviceNews = 'partnerships' | 'facts' | 'nothing';

/**
 * Stores what Exchange told of an incident's devices. A device gets its number once; a new partnership gets the next one,
 * and one that is gone keeps its number. Cards are rendered again where anything that they show is different.
 */
export async function recordDevices(
  change: Change,
  incident: number,
  read: readonly DeviceFacts[],
): Promise<DeviceNews> {
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
          keptReportedAt: null,
          keptReportedSync: null,
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
  const cameBack = changed.some((facts) => byGuid.get(facts.guid)?.present === false);
  const news = added.length + gone.length > 0 || cameBack ? 'partnerships' : changed.length > 0 ? 'facts' : 'nothing';
  if (news !== 'nothing') await change.refresh(incidentSubject(incident));
  return news;
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

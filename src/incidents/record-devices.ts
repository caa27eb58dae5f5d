import { isDeepStrictEqual } from 'node:util';
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
  let next = Math.max(0, ...known.map((row) => row.number)) + 1;
  let different = false;
  for (const facts of byLastSync(read)) {
    const row = known.find((candidate) => candidate.deviceGuid === facts.guid);
    if (row === undefined) {
      await change.tx
        .insertInto('incidentDevice')
        .values({
          incidentNumber: incident,
          number: next,
          deviceGuid: facts.guid,
          facts: JSON.stringify(facts),
          readAt: change.now,
          present: true,
          ownerSaysKeptAt: null,
          ownerSaysKeptSync: null,
          keptVerifiedBy: null,
        })
        .execute();
      next += 1;
      different = true;
      continue;
    }
    different ||= !row.present || !isDeepStrictEqual(row.facts, facts);
    await change.tx
      .updateTable('incidentDevice')
      .set({ facts: JSON.stringify(facts), readAt: change.now, present: true })
      .where('incidentNumber', '=', incident)
      .where('number', '=', row.number)
      .execute();
  }
  const gone = known.filter((row) => row.present && !read.some((facts) => facts.guid === row.deviceGuid));
  for (const row of gone) {
    await change.tx
      .updateTable('incidentDevice')
      .set({ present: false, readAt: change.now })
      .where('incidentNumber', '=', incident)
      .where('number', '=', row.number)
      .execute();
  }
  different ||= gone.length > 0;
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

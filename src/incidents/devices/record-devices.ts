import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import { after, day } from '../../ground/durations.ts';
import type { Change } from '../../store/port.ts';
import { refreshWaiting } from '../approvals/remarks.ts';
import { incidentSubject } from '../incident/timeline.ts';
import { DeviceFacts, isOutlookApp, type WipeTimes, wipeTimesKnown } from './device.ts';

/** What a reading brought: partnerships that came or went, other facts of the same ones (a later sync), or nothing new. */
export type DeviceNews = 'partnerships' | 'facts' | 'nothing';

/** One device before and after a reading; before the first one of it there is nothing. */
export type FactsChange = { number: number; before: DeviceFacts | undefined; after: DeviceFacts };

/**
 * Stores what Exchange told of an incident's devices; what it does not show is absent only where the answer was `whole`. A device gets its number once; a new partnership gets the next one,
 * and one that is gone keeps its number. Cards are rendered again where anything that they show is different.
 */
export async function recordDevices(
  change: Change,
  incident: number,
  answered: readonly DeviceFacts[],
  whole: boolean,
): Promise<{ news: DeviceNews; changes: FactsChange[] }> {
  const known = await change.tx
    .selectFrom('incidentDevice')
    .selectAll()
    .where('incidentNumber', '=', incident)
    .orderBy('number')
    .forUpdate()
    .execute();
  const byGuid = new Map(known.map((row) => [row.deviceGuid, row]));
  const read = answered.map((facts) => keepKnown(byGuid.get(facts.guid)?.facts, facts));
  const added = byLastSync(read, change.now).filter((facts) => !byGuid.has(facts.guid));
  const changed = read.filter((facts) => {
    const row = byGuid.get(facts.guid);
    return row !== undefined && (!row.present || !isDeepStrictEqual(row.facts, facts));
  });
  const gone = whole ? known.filter((row) => row.present && !read.some((facts) => facts.guid === row.deviceGuid)) : [];

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
      .where((eb) => (whole ? eb.or([eb('present', '=', true), isRead]) : isRead))
      .execute();
  }
  const cameBack = changed.some((facts) => byGuid.get(facts.guid)?.present === false);
  const news = added.length + gone.length > 0 || cameBack ? 'partnerships' : changed.length > 0 ? 'facts' : 'nothing';
  if (news !== 'nothing') {
    await change.refresh(incidentSubject(incident));
    await refreshWaiting(change, incident);
  }
  const numbers = new Map(known.map((row) => [row.deviceGuid, row.number]));
  added.forEach((facts, index) => {
    numbers.set(facts.guid, first + index);
  });
  const changes = [...added, ...changed].map((after) => {
    const before = byGuid.get(after.guid)?.facts;
    return {
      number: numbers.get(after.guid) ?? 0,
      before: before === undefined ? undefined : DeviceFacts.parse(before),
      after,
    };
  });
  return { news, changes };
}

/** A reading that does not say what Exchange holds for a device leaves what was known of it. */
function keepKnown(before: unknown, after: DeviceFacts): DeviceFacts {
  if (before === undefined || wipeTimesKnown(after)) return after;
  return { ...after, wipe: DeviceFacts.parse(before).wipe };
}

/**
 * Newest sync first, so that the phone in use is number 1; never synced last. Outlook's syncs Exchange Online does not report: it comes
 * after the phones of these two weeks, and before those that have been silent for longer.
 */
function byLastSync(facts: readonly DeviceFacts[], now: Date): DeviceFacts[] {
  const unreported = after(now, -14 * day).toISOString();
  const rank = (device: DeviceFacts) => device.lastSync ?? (isOutlookApp(device) ? unreported : '');
  return [...facts].sort((one, other) => rank(other).localeCompare(rank(one)) || one.guid.localeCompare(other.guid));
}

/** The same for one device that a job has just read. */
export async function recordOneDevice(
  change: Change,
  incident: number,
  answered: DeviceFacts,
): Promise<FactsChange | undefined> {
  const row = await change.tx
    .selectFrom('incidentDevice')
    .select(['number', 'facts'])
    .where('incidentNumber', '=', incident)
    .where('deviceGuid', '=', answered.guid)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const facts = keepKnown(row.facts, answered);
  await change.tx
    .updateTable('incidentDevice')
    .set({ facts: JSON.stringify(facts), readAt: change.now, present: true })
    .where('incidentNumber', '=', incident)
    .where('deviceGuid', '=', facts.guid)
    .execute();
  await change.refresh(incidentSubject(incident));
  await refreshWaiting(change, incident);
  return { number: row.number, before: DeviceFacts.parse(row.facts), after: facts };
}

/**
 * A partnership that we removed, read back: it is shown no more, and what Exchange held for it and no phone acknowledged ended with it.
 */
export async function recordRemoval(change: Change, incident: number, deviceGuid: string): Promise<void> {
  const row = await change.tx
    .selectFrom('incidentDevice')
    .select('facts')
    .where('incidentNumber', '=', incident)
    .where('deviceGuid', '=', deviceGuid)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return;
  const facts = DeviceFacts.parse(row.facts);
  const ended = (times: WipeTimes): WipeTimes => (times.acknowledged === null ? noWipe : times);
  const wipe = { full: ended(facts.wipe.full), accountOnly: ended(facts.wipe.accountOnly) };
  await change.tx
    .updateTable('incidentDevice')
    .set({ facts: JSON.stringify({ ...facts, wipe }), present: false })
    .where('incidentNumber', '=', incident)
    .where('deviceGuid', '=', deviceGuid)
    .execute();
}

const noWipe: WipeTimes = { requested: null, sent: null, acknowledged: null, requestor: null };

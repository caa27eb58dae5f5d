/** Follows a wipe that Exchange took: handed to the phone, acknowledged, refused, not reported; with back-off, without an end. */

import { personByGuid } from '../../directory/find.ts';
import { ExchangeError } from '../../exchange/port.ts';
import { after, hour, minute } from '../../ground/durations.ts';
import { firstWord } from '../../message/words.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { type DeviceFacts, holdsRequest, wipeTimesKnown } from '../devices/device.ts';
import { type DeviceAnswer, readDevice } from '../devices/read-facts.ts';
import { recordOneDevice } from '../devices/record-devices.ts';
import { drillSteps, formatDuration } from '../drill/drill.ts';
import { replyOnIncident } from '../incident/reply.ts';
import { record } from '../incident/timeline.ts';
import { loadIncident, type Wipe } from '../incident/view.ts';
import type { JobContext } from '../job.ts';
import { lockOwner } from '../lock-order.ts';
import { lostRanges } from '../lost-range.ts';
import { recordRequestNews } from '../outside-wipes/request-news.ts';
import { absenceRecheck, countAbsence, endAbsence } from './absence.ts';
import type { WipeEvent } from './machine.ts';
import { timesFor, watchSchedule } from './request-proof.ts';
import { promiseOf } from './scope.ts';
import { mayReappear, takeUp } from './take-up.ts';
import { lockWipe, moveWipe } from './wipes.ts';

const watched: readonly string[] = ['requested', 'sent', 'refused-by-device', 'not-reported', 'given-up'];
/** How often a wipe that ended by what Exchange did not show is looked for. */
const laterPace = 15 * minute;
const unreadForLong = 2 * hour;
/** A request that good readings do not show for so long is gone: Exchange's answers lag by less. */
const missingForLong = 5 * minute;
/** Handed over twice so far apart without an acknowledgement: the phone answers with status 2, or its answer is lost every time. */
const sentAgainAfter = minute;

export async function watchWipe(context: JobContext, wipeId: number): Promise<void> {
  const { store } = context;
  const wipe = await store.db.selectFrom('wipe').selectAll().where('id', '=', wipeId).executeTakeFirst();
  if (wipe === undefined || !isWatched(wipe, context.clock.now())) return;
  const answer = await readUnlessAway(context, wipe);
  const { reportsWipes } = await context.capabilities(wipe.organisation);
  await store.change(async (change) => {
    // A request of somebody else may open an incident of the owner.
    await lockOwner(change, wipe.mailboxGuid);
    let row = await lockWipe(change, wipeId);
    if (!isWatched(row, change.now)) return;
    await countUnread(change, context.policy, row, answer);
    if (mayReappear(row, change.now)) {
      if (answer.kind === 'found' && wipeTimesKnown(answer.facts)) {
        row = (await takeUp(change, context, row, answer.facts)) ?? row;
      }
      if (mayReappear(row, change.now)) {
        const next = { key: `${wipeId}-later-${change.now.getTime()}`, dueAt: after(change.now, laterPace) };
        await change.enqueue('watch-wipe', { wipe: wipeId }, next);
        return;
      }
      await change.enqueue(
        'plan-b',
        { wipe: wipeId },
        { key: `${wipeId}-again`, dueAt: after(change.now, 30 * minute) },
      );
    }
    if (answer.kind === 'absent' && (await countAbsence(change, row))) {
      await removed(change, context, row);
      return;
    }
    if (answer.kind === 'found') {
      await endAbsence(change, row);
      const changed = await recordOneDevice(change, row.incidentNumber, answer.facts);
      if (changed !== undefined) {
        const { incidentNumber: incident, mailboxGuid: ownerGuid } = row;
        await recordRequestNews(change, { policy: context.policy, incident, ownerGuid, changes: [changed] });
      }
      const known = wipeTimesKnown(answer.facts);
      if (known && !isWatched(await follow(change, context, row, answer.facts, reportsWipes), change.now)) return;
    }
    const watchStep = row.watchStep + 1;
    await change.tx.updateTable('wipe').set({ watchStep }).where('id', '=', wipeId).execute();
    await change.enqueue(
      'watch-wipe',
      { wipe: wipeId },
      { key: `${wipeId}-${watchStep}`, dueAt: after(change.now, nextRead(watchStep, answer)) },
    );
  });
}

/** An Exchange that does not answer says nothing: the next reading is planned all the same. */
async function readUnlessAway(context: JobContext, wipe: Wipe): Promise<DeviceAnswer> {
  try {
    const source = { db: context.store.db, exchange: context.exchange(wipe.organisation) };
    return await readDevice(source, wipe.mailboxGuid, wipe.deviceGuid);
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    context.log.warn({ wipe: wipe.id, err: error }, 'the device of a wipe could not be read');
    return { kind: 'not-known' };
  }
}

/** A person is asked, once, when for so long no reading has said what Exchange holds. */
async function countUnread(change: Change, policy: Policy, wipe: Wipe, answer: DeviceAnswer): Promise<void> {
  const read = answer.kind === 'found' && wipeTimesKnown(answer.facts);
  const missing = read && isAsked(wipe) && !holdsRequest(timesFor(wipe.scope, answer.facts.wipe));
  if (read && !missing) {
    if (wipe.unreadSince === null) return;
    await change.tx
      .updateTable('wipe')
      .set({ unreadSince: null, unreadTold: false })
      .where('id', '=', wipe.id)
      .execute();
    return;
  }
  const unreadSince = wipe.unreadSince ?? change.now;
  const long = missing ? missingForLong : unreadForLong;
  const tell = !wipe.unreadTold && change.now.getTime() - unreadSince.getTime() >= long;
  await change.tx
    .updateTable('wipe')
    .set({ unreadSince, unreadTold: wipe.unreadTold || tell })
    .where('id', '=', wipe.id)
    .execute();
  if (!tell) return;
  const said = missing
    ? `Exchange no longer shows the request for the wipe of phone ${wipe.deviceNumber}.`
    : `Exchange has not said for two hours what it holds for phone ${wipe.deviceNumber}.`;
  // What a restore lost may hold a cancel of our own.
  const lost = (await lostRanges(change.tx)).at(-1);
  const whose =
    lost !== undefined && wipe.requestedAt !== null && wipe.requestedAt <= lost.until
      ? 'Whether by Mislaid is not known, because a backup was restored'
      : 'Not by Mislaid';
  const rest = missing
    ? ` ${whose}: somebody took it back, and as it stands the phone hears of no wipe. End it here with "cancel wipe INC-${wipe.incidentNumber} ${wipe.deviceNumber}"; then it can be proposed again.`
    : ' So it is not known how its wipe stands. Please look with Get-MobileDevice and Get-MobileDeviceStatistics; I go on reading.';
  await replyOnIncident(change, wipe.incidentNumber, 'warning', said, rest);
  await notify(change, policy, 'wipe-unreadable', { incident: wipe.incidentNumber, line: [`${said}${rest}`] });
}

/** Exchange took it and has not told the phone, as far as is known: its request is there, or was taken back. */
function isAsked({ state }: Wipe): boolean {
  return state === 'requested' || state === 'not-reported';
}

/** A partnership that is not shown is looked for again soon, however slowly the wipe is followed by now. */
function nextRead(watchStep: number, answer: DeviceAnswer): number {
  const pace = watchSchedule(watchStep);
  return answer.kind === 'found' ? pace : Math.min(pace, absenceRecheck);
}

/** A wipe that was given up is watched only while Exchange still holds its request. */
function isWatched(wipe: Wipe, now: Date): boolean {
  if (mayReappear(wipe, now)) return true;
  return watched.includes(wipe.state) && (wipe.state !== 'given-up' || wipe.exchangeHolds);
}

async function follow(
  change: Change,
  context: JobContext,
  wipe: Wipe,
  device: DeviceFacts,
  reportsWipes: boolean,
): Promise<Wipe> {
  const times = timesFor(wipe.scope, device.wipe);
  if (times.acknowledged !== null) return acknowledged(change, context, wipe, new Date(times.acknowledged));
  // Told once more of a request that somebody else put in the place of ours, a phone has refused nothing.
  if (times.sent !== null && wipe.state === 'sent' && isReplaced(wipe, times.requested)) return wipe;
  if (times.sent !== null) return sent(change, context, wipe, new Date(times.sent));
  if (!reportsWipes && wipe.state === 'requested') {
    return moveTo(change, wipe, { kind: 'not-reported' }, { exchangeHolds: true });
  }
  return wipe;
}

/** Exchange keeps one request of each scope: whoever asks again takes the place of the one before. */
function isReplaced({ requestedAt }: Wipe, shown: string | null): boolean {
  return requestedAt !== null && shown !== null && Date.parse(shown) !== requestedAt.getTime();
}

async function sent(change: Change, context: JobContext, wipe: Wipe, sentAt: Date): Promise<Wipe> {
  if (wipe.state === 'requested' || wipe.state === 'not-reported') {
    return moveTo(change, wipe, { kind: 'sent' }, { sentAt, exchangeHolds: true });
  }
  if (wipe.state !== 'sent' || wipe.sentAt === null || sentAt.getTime() - wipe.sentAt.getTime() < sentAgainAfter)
    return wipe;
  const moved = await moveTo(change, wipe, { kind: 'refused-by-device' }, { exchangeHolds: true });
  if (moved.state !== 'refused-by-device') return moved;
  await replyOnIncident(
    change,
    wipe.incidentNumber,
    'danger',
    `Phone ${wipe.deviceNumber} was told of its wipe more than once and has not acknowledged.`,
    ' It refuses, or its answer is lost each time. The request stays in Exchange and is repeated whenever the phone connects.',
  );
  await notify(change, context.policy, 'wipe-refused-by-device', {
    incident: wipe.incidentNumber,
    line: [`wipe refused by phone ${wipe.deviceNumber}`],
  });
  return moved;
}

async function acknowledged(change: Change, context: JobContext, wipe: Wipe, acknowledgedAt: Date): Promise<Wipe> {
  const moved = await moveTo(
    change,
    wipe,
    { kind: 'acknowledged' },
    { acknowledgedAt, endedAt: change.now, exchangeHolds: false, sentAt: wipe.sentAt ?? acknowledgedAt },
  );
  if (moved.state !== 'acknowledged') return moved;
  if (wipe.drill) await reportDrill(change, context, wipe);
  const owner = await personByGuid(change.tx, wipe.mailboxGuid);
  await replyOnIncident(
    change,
    wipe.incidentNumber,
    'success',
    `${firstWord(owner?.displayName ?? 'The owner')}'s phone ${wipe.deviceNumber} acknowledged the wipe.`,
    ` ${promiseOf(wipe.scope)}`,
  );
  await notify(change, context.policy, 'wipe-acknowledged', {
    incident: wipe.incidentNumber,
    line: [`wipe acknowledged by phone ${wipe.deviceNumber}`],
  });
  return moved;
}

/** The figures of a drill go where drills are judged: under its card and to security. */
async function reportDrill(change: Change, context: JobContext, wipe: Wipe): Promise<void> {
  const view = await loadIncident(change.tx, wipe.incidentNumber);
  const figures = drillSteps(view)
    .filter((one) => one.seconds > 0)
    .map((one) => `${one.what.toLowerCase()} after ${formatDuration(one.seconds)}`)
    .join(', ');
  await record(change, {
    incident: wipe.incidentNumber,
    kind: 'drill.ended',
    by: null,
    data: Object.fromEntries(drillSteps(view).map((one) => [one.what, one.seconds])),
  });
  await replyOnIncident(change, wipe.incidentNumber, 'success', 'The drill is over:', ` ${figures}.`);
  await notify(change, context.policy, 'drill-ended', { incident: wipe.incidentNumber, line: [figures] });
}

async function removed(change: Change, context: JobContext, wipe: Wipe): Promise<void> {
  const why = 'The partnership was removed from Exchange before the phone acknowledged, and with it the wipe.';
  const moved = await moveWipe(
    change,
    wipe,
    { kind: 'partnership-removed' },
    { by: null, why, set: { endedAt: change.now, exchangeHolds: false } },
  );
  if (moved === undefined) return;
  const later = { key: `${wipe.id}-later`, dueAt: after(change.now, laterPace) };
  await change.enqueue('watch-wipe', { wipe: wipe.id }, later);
  await change.tx
    .updateTable('incidentDevice')
    .set({ present: false })
    .where('incidentNumber', '=', wipe.incidentNumber)
    .where('number', '=', wipe.deviceNumber)
    .execute();
  await notify(change, context.policy, 'wipe-partnership-gone', {
    incident: wipe.incidentNumber,
    line: [`phone ${wipe.deviceNumber}: ${why}`],
  });
}

async function moveTo(
  change: Change,
  wipe: Wipe,
  event: WipeEvent,
  set: Parameters<typeof moveWipe>[3]['set'],
): Promise<Wipe> {
  return (await moveWipe(change, wipe, event, { by: null, ...(set === undefined ? {} : { set }) })) ?? wipe;
}

/** Follows a wipe that Exchange took: handed to the phone, acknowledged, refused, not reported; with back-off, without an end. */

import { personByGuid } from '../../directory/find.ts';
import { after, minute } from '../../ground/durations.ts';
import { firstWord } from '../../message/words.ts';
import { notifySecurity } from '../../notices/security.ts';
import type { Change } from '../../store/port.ts';
import { type DeviceFacts, wipeTimesKnown } from '../devices/device.ts';
import { type DeviceAnswer, readDevice } from '../devices/read-facts.ts';
import { recordOneDevice } from '../devices/record-devices.ts';
import { drillSteps, formatDuration } from '../drill/drill.ts';
import { replyOnIncident } from '../incident/reply.ts';
import { record } from '../incident/timeline.ts';
import { loadIncident, type Wipe } from '../incident/view.ts';
import type { JobContext } from '../job.ts';
import { absenceRecheck, countAbsence, endAbsence } from './absence.ts';
import type { WipeEvent } from './machine.ts';
import { timesFor, watchSchedule } from './request-proof.ts';
import { lockWipe, moveWipe } from './wipes.ts';

const watched: readonly string[] = ['requested', 'sent', 'refused-by-device', 'not-reported', 'given-up'];
/** Handed over twice so far apart without an acknowledgement: the phone answers with status 2, or its answer is lost every time. */
const sentAgainAfter = minute;

export async function watchWipe(context: JobContext, wipeId: number): Promise<void> {
  const { store } = context;
  const wipe = await store.db.selectFrom('wipe').selectAll().where('id', '=', wipeId).executeTakeFirst();
  if (wipe === undefined || !isWatched(wipe)) return;
  const answer = await readDevice(context.exchange(wipe.organisation), wipe.mailboxGuid, wipe.deviceGuid);
  const { reportsWipes } = await context.capabilities(wipe.organisation);
  await store.change(async (change) => {
    const row = await lockWipe(change, wipeId);
    if (!isWatched(row)) return;
    if (answer.kind === 'absent' && (await countAbsence(change, row))) {
      await removed(change, context, row);
      return;
    }
    if (answer.kind === 'found') {
      await endAbsence(change, row);
      await recordOneDevice(change, row.incidentNumber, answer.facts);
      const known = wipeTimesKnown(answer.facts);
      if (known && !isWatched(await follow(change, context, row, answer.facts, reportsWipes))) return;
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

/** A partnership that is not shown is looked for again soon, however slowly the wipe is followed by now. */
function nextRead(watchStep: number, answer: DeviceAnswer): number {
  const pace = watchSchedule(watchStep);
  return answer.kind === 'found' ? pace : Math.min(pace, absenceRecheck);
}

/** A wipe that was given up is watched only while Exchange still holds its request. */
function isWatched(wipe: Wipe): boolean {
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
  if (times.sent !== null) return sent(change, context, wipe, new Date(times.sent));
  if (!reportsWipes && wipe.state === 'requested') {
    return moveTo(change, wipe, { kind: 'not-reported' }, { exchangeHolds: true });
  }
  return wipe;
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
    `Phone ${wipe.deviceNumber} was told to erase itself more than once and has not acknowledged.`,
    ' It refuses, or its answer is lost each time. The request stays in Exchange and is repeated whenever the phone connects.',
  );
  await notifySecurity(change, context.policy, {
    incident: wipe.incidentNumber,
    tone: 'danger',
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
    ' It erases itself after this; Exchange cannot see that.',
  );
  await notifySecurity(change, context.policy, {
    incident: wipe.incidentNumber,
    tone: 'success',
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
  await notifySecurity(change, context.policy, { incident: wipe.incidentNumber, tone: 'success', line: [figures] });
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
  await change.tx
    .updateTable('incidentDevice')
    .set({ present: false })
    .where('incidentNumber', '=', wipe.incidentNumber)
    .where('number', '=', wipe.deviceNumber)
    .execute();
  await notifySecurity(change, context.policy, {
    incident: wipe.incidentNumber,
    tone: 'danger',
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

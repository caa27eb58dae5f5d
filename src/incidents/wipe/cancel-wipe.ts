import { cancelMobileDeviceWipe } from '../../exchange/cmdlets/cancel-mobile-device-wipe.ts';
import { ExchangeError } from '../../exchange/port.ts';
import { after } from '../../ground/durations.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import { notify } from '../../notices/notify.ts';
import { holdsRequest, wipeTimesKnown } from '../devices/device.ts';
import { requestorName, unfinishedRequests } from '../devices/held-requests.ts';
import { readDevice } from '../devices/read-facts.ts';
import { recordOneDevice } from '../devices/record-devices.ts';
import { replyOnIncident } from '../incident/reply.ts';
import type { Wipe } from '../incident/view.ts';
import type { JobContext } from '../job.ts';
import { absenceRecheck } from './absence.ts';
import { timesFor } from './request-proof.ts';
import { stillErased } from './scope.ts';
import { lockWipe, moveWipe } from './wipes.ts';

export type Cancelling = {
  wipe: number;
  /** `cancel` leaves the wipe as it is when it is too late; `give-up` ends our waiting even then. */
  mode: 'cancel' | 'give-up';
  by: PersonGuid;
  why: string;
};

/** Answers after which asking again would change nothing. */
const surelyNot: readonly string[] = ['exchange-refused', 'exchange-refused-unsent', 'exchange-not-found'];

export async function cancelWipeInExchange(
  context: JobContext,
  { wipe: wipeId, mode, by, why }: Cancelling,
): Promise<void> {
  const { store, policy } = context;
  const wipe = await store.db.selectFrom('wipe').selectAll().where('id', '=', wipeId).executeTakeFirst();
  if (wipe === undefined || !['requested', 'sent', 'not-reported', 'refused-by-device'].includes(wipe.state)) return;
  const exchange = context.exchange(wipe.organisation);
  try {
    await exchange.run(cancelMobileDeviceWipe, { Identity: wipe.deviceGuid });
  } catch (error) {
    // Exchange answered that it will not: the read below says how it stands, and giving up is said as what it is.
    if (!(error instanceof ExchangeError) || !surelyNot.includes(error.code)) throw error;
    context.log.warn({ wipe: wipe.id, code: error.code }, 'Exchange did not take the cancel');
  }
  const answer = await readDevice({ db: store.db, exchange }, wipe.mailboxGuid, wipe.deviceGuid);
  // Without a good reading nobody is told anything: the job runs again and reads again.
  if (answer.kind !== 'found' || !wipeTimesKnown(answer.facts)) throw notReadBack(wipe);
  const times = timesFor(wipe.scope, answer.facts.wipe);
  const stillHeld = holdsRequest(times);
  const others = unfinishedRequests(answer.facts).filter(({ requestedAt }) => requestedAt !== times.requested);
  const holdsNow =
    others.length === 0
      ? 'it holds no request for this phone any more.'
      : `it holds ours no more, but still ${others.map((one) => `the ${one.scope} wipe that ${requestorName(one)} asked for`).join(' and ')}: ${stillErased(others.map(({ scope }) => scope))}.`;

  await store.change(async (change) => {
    const row = await lockWipe(change, wipeId);
    // The card shows what was read back, and not what Exchange held before.
    await recordOneDevice(change, row.incidentNumber, answer.facts);
    const person = { guid: by };
    const evidence = { readAt: change.now.toISOString(), stillHeld };
    const reply = (tone: 'neutral' | 'warning', first: string, rest: string) =>
      replyOnIncident(change, row.incidentNumber, tone, first, ` ${rest}`);
    if (times.acknowledged !== null) {
      await reply(
        'warning',
        `Too late: phone ${row.deviceNumber} has acknowledged the wipe.`,
        'Nothing takes that back any more.',
      );
      await notify(change, policy, 'wipe-not-cancelled', {
        incident: row.incidentNumber,
        line: [`cancel of the wipe of phone ${row.deviceNumber} came too late: the phone has acknowledged it`],
      });
      await change.enqueue('watch-wipe', { wipe: wipeId }, { key: `${wipeId}-acknowledged` });
      return;
    }
    if (
      !stillHeld &&
      (await moveWipe(
        change,
        row,
        { kind: 'cancel-proved' },
        { by: person, why, evidence, set: { endedAt: change.now, exchangeHolds: false } },
      )) !== undefined
    ) {
      await reply(
        'neutral',
        `The wipe of phone ${row.deviceNumber} is cancelled.`,
        `I read Exchange again: ${holdsNow}`,
      );
      await notify(change, policy, 'wipe-cancelled', {
        incident: row.incidentNumber,
        line: [`wipe of phone ${row.deviceNumber} cancelled: ${why}`],
      });
      // An answer may lag: should Exchange show the request again, it is taken up (take-up.ts).
      await change.enqueue(
        'watch-wipe',
        { wipe: wipeId },
        { key: `${wipeId}-later`, dueAt: after(change.now, absenceRecheck) },
      );
      return;
    }
    if (mode === 'cancel') {
      await reply(
        'warning',
        times.sent === null
          ? `Exchange did not take the cancel of the wipe of phone ${row.deviceNumber}.`
          : `Too late to cancel the wipe of phone ${row.deviceNumber}.`,
        times.sent === null
          ? 'It keeps the request, and has not handed it to the phone yet. Try again; "remove device" ends it, too.'
          : 'Exchange has handed it to the phone and keeps the request. Only "remove device" ends it now, if the phone has not begun.',
      );
      await notify(change, policy, 'wipe-not-cancelled', {
        incident: row.incidentNumber,
        line: [
          `cancel of the wipe of phone ${row.deviceNumber} ${times.sent === null ? 'was not taken by Exchange' : 'came too late'}`,
        ],
      });
      return;
    }
    const moved = await moveWipe(
      change,
      row,
      { kind: 'given-up', stillHeld },
      { by: person, why, evidence, set: { endedAt: change.now, exchangeHolds: stillHeld } },
    );
    if (moved === undefined) return;
    await reply(
      'warning',
      `The wipe of phone ${row.deviceNumber} is given up.`,
      stillHeld
        ? `Exchange could not cancel it and keeps the request for ever: ${stillErased([row.scope])}. I go on watching.`
        : `I read Exchange again: ${holdsNow}${others.length === 0 ? ' Block the phone and reset the password now, in that order.' : ''}`,
    );
    await notify(change, policy, 'wipe-given-up', {
      incident: row.incidentNumber,
      line: [
        `wipe of phone ${row.deviceNumber} given up: ${why}${stillHeld ? '; Exchange still holds the request' : ''}`,
      ],
    });
  });
}

function notReadBack(wipe: Wipe): MislaidError {
  return new MislaidError({
    code: 'cancel-not-read-back',
    message: `Exchange does not show the device of wipe ${wipe.id} whole, so it is not known whether the cancel was taken`,
    userMessage: 'Whether Exchange took the cancel is not known yet. I am reading it again.',
  });
}

/**
 * Account-only was asked, and Exchange took a full wipe: a factory reset too many costs somebody's photos. It is cancelled at
 * once and read back, a few times at most; how it ended is said as it is, and the wipe ends: nothing asks again by itself.
 */

import { cancelMobileDeviceWipe } from '../../exchange/cmdlets/cancel-mobile-device-wipe.ts';
import { type Exchange, ExchangeError } from '../../exchange/port.ts';
import { after, second } from '../../ground/durations.ts';
import { strong } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import type { DeviceFacts } from '../devices/device.ts';
import { replyOnIncident } from '../incident/reply.ts';
import type { Wipe } from '../incident/view.ts';
import type { JobContext } from '../job.ts';
import { recordWipeRequest } from '../outside-wipes/outside-wipes.ts';
import { lockWipe, moveWipe } from './wipes.ts';

/** Cancelling again does not help where it did not help so often. `watchStep` counts it while the wipe is being issued. */
const mostCancels = 3;
const againAfter = 10 * second;

/** Exchange shows the full wipe: cancel and look again, or, when that did not help, say so and end. */
export async function cancelFullWipe(
  context: JobContext,
  exchange: Exchange,
  wipe: Wipe,
  device: DeviceFacts,
): Promise<void> {
  if (wipe.watchStep >= mostCancels) {
    await end(context, wipe, true);
    return;
  }
  let refusedBy: string | undefined;
  try {
    await exchange.run(cancelMobileDeviceWipe, { Identity: wipe.deviceGuid });
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    refusedBy = error.code;
  }
  await context.store.change(async (change) => {
    const row = await lockWipe(change, wipe.id);
    if (row.state !== 'issuing') return;
    await change.tx
      .updateTable('wipe')
      .set({ watchStep: row.watchStep + 1 })
      .where('id', '=', wipe.id)
      .execute();
    await recordWipeRequest(
      change,
      wipe.organisation,
      { guid: wipe.deviceGuid, scope: 'full', times: device.wipe.full },
      'ours',
    );
    if (row.watchStep === 0) {
      const sentence =
        'Exchange took a FULL wipe where account-only was asked. I am cancelling it and reading it back.';
      await replyOnIncident(change, wipe.incidentNumber, 'danger', sentence);
      await notify(change, context.policy, 'wrong-scope', {
        incident: wipe.incidentNumber,
        line: [strong(sentence)],
        key: String(wipe.id),
      });
    }
    change.audit({
      action: 'wipe.wrong-scope',
      subject: `wipe:${wipe.id}`,
      incident: wipe.incidentNumber,
      data: { cancels: row.watchStep + 1, ...(refusedBy === undefined ? {} : { refusedBy }) },
    });
    await change.enqueue(
      'reconcile-wipe',
      { wipe: wipe.id, step: 0 },
      { key: `${wipe.id}-scope-${row.watchStep + 1}`, dueAt: after(change.now, againAfter) },
    );
  });
}

/** A read after cancelling no longer shows it. */
export function endCancelledFullWipe(context: JobContext, wipe: Wipe): Promise<void> {
  return end(context, wipe, false);
}

async function end(context: JobContext, wipe: Wipe, stillHeld: boolean): Promise<void> {
  const why = stillHeld
    ? 'Exchange took a full wipe instead and did not take it back: this phone will be reset, photos included, if it connects.'
    : 'Exchange took a full wipe instead. I cancelled it, and a read shows it no more.';
  await context.store.change(async (change) => {
    const row = await lockWipe(change, wipe.id);
    const moved = await moveWipe(
      change,
      row,
      { kind: 'no-request-proved' },
      { by: null, why, set: { endedAt: change.now, exchangeHolds: stillHeld } },
    );
    if (moved === undefined) return;
    const next = stillHeld
      ? ' Tell the owner. "Remove device" is the only way to end it, and needs a second person.'
      : ' Nothing is asked of Exchange now. Account-only does not work on this phone or this Exchange; decide whether a full wipe is right, and propose it.';
    await replyOnIncident(change, wipe.incidentNumber, stillHeld ? 'danger' : 'warning', why, next);
    await notify(change, context.policy, 'wrong-scope-ended', {
      incident: wipe.incidentNumber,
      line: [why],
      key: String(wipe.id),
    });
  });
}

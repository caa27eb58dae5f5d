/** After asking: reads until Exchange proves that it was asked, or that it was not. Only reads that succeed count. */
import { z } from 'zod';
import { after, second } from '../../ground/durations.ts';
import { notifySecurity } from '../../notices/security.ts';
import { type DeviceFacts, DeviceWipe } from '../devices/device.ts';
import { readOneDevice } from '../devices/read-facts.ts';
import { recordOneDevice } from '../devices/record-devices.ts';
import type { Wipe } from '../incident/view.ts';
import type { JobContext } from '../job.ts';
import { planBFirstDueAt } from '../plan-b/rules.ts';
import { notifyNotAsked } from './issue-wipe.ts';
import {
  type ProofInput,
  provesNotAsked,
  provesRequest,
  reconcileAt,
  watchSchedule,
  wrongScopeMoved,
} from './request-proof.ts';
import { lockWipe, moveWipe } from './wipes.ts';
import { cancelFullWipe, endCancelledFullWipe } from './wrong-scope.ts';

const Before = z.object({ wipe: DeviceWipe, readAt: z.iso.datetime() });

export async function reconcileWipe(context: JobContext, wipeId: number, step: number): Promise<void> {
  const { store, policy, clock } = context;
  const wipe = await store.db.selectFrom('wipe').selectAll().where('id', '=', wipeId).executeTakeFirst();
  if (wipe?.state !== 'issuing' || wipe.callDeadlineAt === null) return;
  const exchange = context.exchange(wipe.organisation);
  const device = await readOneDevice(exchange, wipe.mailboxGuid, wipe.deviceGuid);
  const readAt = clock.now();
  if (device === undefined) {
    await partnershipGone(context, wipe);
    return;
  }
  const before = Before.parse(wipe.before);
  const question: ProofInput = {
    scope: wipe.scope,
    before: before.wipe,
    now: device.wipe,
    lastReadAt: new Date(before.readAt),
    requestor: policy.exchange.requestor,
  };
  if (wrongScopeMoved(question)) {
    await cancelFullWipe(context, exchange, wipe, device);
    return;
  }
  const proof = provesRequest(question);
  // While a wipe is being issued its steps count the cancels of a full wipe that Exchange took instead.
  if (wipe.watchStep > 0 && proof.kind === 'not-seen') {
    await endCancelledFullWipe(context, wipe);
    return;
  }
  if (proof.kind === 'proved') {
    await requested(context, wipe, device, proof.requestedAt);
    return;
  }
  const deadline = wipe.callDeadlineAt;
  await store.change(async (change) => {
    const row = await lockWipe(change, wipeId);
    if (row.state !== 'issuing') return;
    if (provesNotAsked({ callDeadline: deadline, readAt, proof })) {
      const why = 'Exchange shows no request 16 minutes after it should have answered.';
      const moved = await moveWipe(
        change,
        row,
        { kind: 'no-request-proved' },
        { by: null, why, evidence: { readAt: readAt.toISOString() }, set: { endedAt: change.now } },
      );
      if (moved !== undefined) await notifyNotAsked(change, policy, row, why);
      return;
    }
    if (proof.kind === 'doubt') {
      await notifySecurity(change, policy, {
        incident: row.incidentNumber,
        tone: 'danger',
        line: [`it is not known whether Exchange was asked: ${proof.description}`],
        key: `doubt:${row.id}:${proof.why}`,
      });
    }
    const dueAt = reconcileAt(deadline, step + 1);
    const next = dueAt > change.now ? dueAt : after(change.now, 5 * second);
    await change.enqueue(
      'reconcile-wipe',
      { wipe: wipeId, step: reached(deadline, change.now, step) },
      { key: `${wipeId}-${step + 1}`, dueAt: next },
    );
  });
}

/** A read before the deadline does not use up a step. */
function reached(deadline: Date, now: Date, step: number): number {
  return now < deadline ? step : step + 1;
}

async function requested(context: JobContext, wipe: Wipe, device: DeviceFacts, requestedAt: Date): Promise<void> {
  const { store, policy } = context;
  await store.change(async (change) => {
    const row = await lockWipe(change, wipe.id);
    const moved = await moveWipe(
      change,
      row,
      { kind: 'request-proved' },
      { by: null, evidence: { requestedAt: requestedAt.toISOString() }, set: { requestedAt, watchStep: 0 } },
    );
    if (moved === undefined) return;
    await recordOneDevice(change, wipe.incidentNumber, device);
    await change.enqueue(
      'watch-wipe',
      { wipe: wipe.id },
      { key: String(wipe.id), dueAt: after(change.now, watchSchedule(0)) },
    );
    await change.enqueue(
      'plan-b',
      { wipe: wipe.id },
      {
        key: String(wipe.id),
        dueAt: planBFirstDueAt({
          state: 'requested',
          requestedAt,
          lastHeartbeatSeconds: device.lastHeartbeatSeconds,
          policy,
        }),
      },
    );
    await notifySecurity(change, policy, {
      incident: wipe.incidentNumber,
      line: [`wipe of phone ${wipe.deviceNumber} asked of Exchange (${wipe.scope})`],
    });
  });
}

async function partnershipGone(context: JobContext, wipe: Wipe): Promise<void> {
  await context.store.change(async (change) => {
    const row = await lockWipe(change, wipe.id);
    const why = 'The partnership is gone from the mailbox, and with it any request.';
    const moved = await moveWipe(
      change,
      row,
      { kind: 'partnership-removed' },
      { by: null, why, set: { endedAt: change.now } },
    );
    if (moved !== undefined)
      await notifySecurity(change, context.policy, {
        incident: wipe.incidentNumber,
        tone: 'danger',
        line: [`phone ${wipe.deviceNumber}: ${why}`],
      });
  });
}

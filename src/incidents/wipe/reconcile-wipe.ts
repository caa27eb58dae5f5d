/** After asking: reads until Exchange proves that it was asked, or that it was not. Only reads that succeed count. */
import { after, second } from '../../ground/durations.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { type DeviceFacts, wipeTimesKnown } from '../devices/device.ts';
import { readDevice } from '../devices/read-facts.ts';
import { recordOneDevice } from '../devices/record-devices.ts';
import { replyOnIncident } from '../incident/reply.ts';
import type { Wipe } from '../incident/view.ts';
import type { JobContext } from '../job.ts';
import { planBFirstDueAt } from '../plan-b/rules.ts';
import { absenceRecheck, countAbsence, endAbsence } from './absence.ts';
import { notifyNotAsked } from './issue-wipe.ts';
import {
  type ProofInput,
  provesDespiteClocks,
  provesNotAsked,
  provesRequest,
  reconcileAt,
  watchSchedule,
  wrongScopeMoved,
} from './request-proof.ts';
import { Before } from './take-up.ts';
import { lockWipe, moveWipe } from './wipes.ts';
import { cancelFullWipe, endCancelledFullWipe } from './wrong-scope.ts';

/**
 * `refused`: Exchange answered with one of the verdicts that it gives before it writes, in words for people; one good reading without a
 * request proves then that it holds none.
 */
export async function reconcileWipe(
  context: JobContext,
  wipeId: number,
  step: number,
  refused?: string,
): Promise<void> {
  const { store, policy, clock } = context;
  const wipe = await store.db.selectFrom('wipe').selectAll().where('id', '=', wipeId).executeTakeFirst();
  if (wipe?.state !== 'issuing' || wipe.callDeadlineAt === null) return;
  const exchange = context.exchange(wipe.organisation);
  const answer = await readDevice({ db: store.db, exchange }, wipe.mailboxGuid, wipe.deviceGuid);
  const readAt = clock.now();
  if (answer.kind === 'absent') {
    await absent(context, wipe, step);
    return;
  }
  if (answer.kind === 'not-known' || !wipeTimesKnown(answer.facts)) {
    await readAgain(context, wipe, step);
    return;
  }
  const device = answer.facts;
  const before = Before.parse(wipe.before);
  const question: ProofInput = {
    scope: wipe.scope,
    before: before.wipe,
    now: device.wipe,
    lastReadAt: new Date(before.readAt),
    requestor: policy.exchange.requestor,
  };
  // In the time that a restore lost, the other scope may have been proposed and approved by itself: nothing of it is taken back here.
  if (wipe.restoredAt === null && wrongScopeMoved(question)) {
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
  if (proof.kind === 'doubt') {
    const isNew = await isNewRequest(context, wipe, proof.requestedAt);
    if (provesDespiteClocks({ callDeadline: deadline, readAt, proof, requestor: question.requestor, isNew })) {
      await requested(context, wipe, device, proof.requestedAt);
      return;
    }
  }
  await store.change(async (change) => {
    const row = await lockWipe(change, wipeId);
    if (row.state !== 'issuing') return;
    await endAbsence(change, row);
    if (row.restoredAt !== null && provesNotAsked({ callDeadline: deadline, readAt, proof })) {
      await notHeld(change, policy, row, readAt);
      return;
    }
    const verdict = proof.kind === 'not-seen' && row.restoredAt === null ? refused : undefined;
    if (verdict !== undefined || provesNotAsked({ callDeadline: deadline, readAt, proof })) {
      const why = verdict ?? 'Exchange shows no request 16 minutes after it should have answered.';
      const moved = await moveWipe(
        change,
        row,
        { kind: 'no-request-proved' },
        { by: null, why, evidence: { readAt: readAt.toISOString() }, set: { endedAt: change.now } },
      );
      if (moved !== undefined) await notifyNotAsked(change, policy, row, why);
      if (moved !== undefined) await lookForLater(change, wipeId);
      return;
    }
    if (proof.kind === 'doubt') {
      await notify(change, policy, 'wipe-doubt', {
        incident: row.incidentNumber,
        line: [`it is not known whether Exchange was asked: ${proof.description}`],
        key: `${row.id}:${proof.why}`,
      });
    }
    await enqueueNext(change, row, step);
  });
}

/** Of a wipe that a restored backup had on its way: what Exchange does not hold may have been asked for, and taken back, meanwhile. */
async function notHeld(change: Change, policy: Policy, wipe: Wipe, readAt: Date): Promise<void> {
  const why =
    'A backup was restored, and Exchange holds no request of it: whether it was asked for meanwhile, and taken back, is not known.';
  const moved = await moveWipe(
    change,
    wipe,
    { kind: 'not-held' },
    { by: null, why, evidence: { readAt: readAt.toISOString() }, set: { endedAt: change.now } },
  );
  if (moved === undefined) return;
  const rest = ' To ask for it, propose it again; the hold stays open.';
  await replyOnIncident(
    change,
    wipe.incidentNumber,
    'warning',
    `Phone ${wipe.deviceNumber}: the wipe is void.`,
    ` ${why}${rest}`,
  );
  await notify(change, policy, 'wipe-voided', {
    incident: wipe.incidentNumber,
    line: [`phone ${wipe.deviceNumber}: ${why}`],
  });
}

/** Reads again at the next step; `within` (milliseconds) makes it sooner. */
async function enqueueNext(change: Change, wipe: Wipe, step: number, within?: number): Promise<void> {
  const deadline = wipe.callDeadlineAt ?? change.now;
  const planned = reconcileAt(deadline, step + 1);
  const next = planned > change.now ? planned : after(change.now, 5 * second);
  const soonest = within === undefined ? undefined : after(change.now, within);
  await change.enqueue(
    'reconcile-wipe',
    { wipe: wipe.id, step: reached(deadline, change.now, step) },
    { key: `${wipe.id}-${step + 1}`, dueAt: soonest !== undefined && soonest < next ? soonest : next },
  );
}

/** Nothing follows from a reading that does not say what Exchange holds. */
async function readAgain(context: JobContext, wipe: Wipe, step: number): Promise<void> {
  await context.store.change(async (change) => {
    const row = await lockWipe(change, wipe.id);
    if (row.state === 'issuing') await enqueueNext(change, row, step, absenceRecheck);
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
    await endAbsence(change, row);
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
    await notify(change, policy, 'wipe-requested', {
      incident: wipe.incidentNumber,
      line: [`wipe of phone ${wipe.deviceNumber} asked of Exchange (${wipe.scope})`],
    });
  });
}

/** Whether the store knows nobody else for a request: no other wipe of ours made it, or may have, and it was not seen before we asked. */
async function isNewRequest({ store: { db } }: JobContext, wipe: Wipe, requestedAt: Date): Promise<boolean> {
  const ofDevice = db.selectFrom('wipe').select('id').where('deviceGuid', '=', wipe.deviceGuid);
  const other = await ofDevice
    .where('id', '!=', wipe.id)
    .where('issuingAt', 'is not', null)
    .where((eb) => eb.or([eb('requestedAt', '=', requestedAt), eb('requestedAt', 'is', null)]))
    .executeTakeFirst();
  const seen = await db
    .selectFrom('wipeRequestSeen')
    .select('deviceGuid')
    .where('organisation', '=', wipe.organisation)
    .where('deviceGuid', '=', wipe.deviceGuid)
    .where('requestedAt', '=', requestedAt)
    .where('seenAt', '<', wipe.issuingAt ?? wipe.proposedAt)
    .executeTakeFirst();
  return other === undefined && seen === undefined;
}

/** What Exchange shows later is taken up (take-up.ts). */
async function lookForLater(change: Change, wipeId: number): Promise<void> {
  await change.enqueue(
    'watch-wipe',
    { wipe: wipeId },
    { key: `${wipeId}-later`, dueAt: after(change.now, absenceRecheck) },
  );
}

/** Neither list shows the partnership: it ends the wipe only when that is known by then. */
async function absent(context: JobContext, wipe: Wipe, step: number): Promise<void> {
  await context.store.change(async (change) => {
    const row = await lockWipe(change, wipe.id);
    if (row.state !== 'issuing') return;
    if (!(await countAbsence(change, row))) {
      await enqueueNext(change, row, step, absenceRecheck);
      return;
    }
    const why = 'The partnership is gone from the mailbox, and with it any request.';
    const moved = await moveWipe(
      change,
      row,
      { kind: 'partnership-removed' },
      { by: null, why, set: { endedAt: change.now } },
    );
    if (moved === undefined) return;
    await lookForLater(change, wipe.id);
    await notify(change, context.policy, 'wipe-partnership-gone', {
      incident: wipe.incidentNumber,
      line: [`phone ${wipe.deviceNumber}: ${why}`],
    });
  });
}

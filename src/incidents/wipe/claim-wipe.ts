import { type Kysely, sql } from 'kysely';
import { auditIsWritable } from '../../audit/chain.ts';
import { personByGuid } from '../../directory/find.ts';
import type { Identity } from '../../ground/addresses.ts';
import { after, minute, second } from '../../ground/durations.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import { paragraph } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import { type Policy, policyHash, type Role } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { policiesAgree } from '../../store/processes.ts';
import type { Database } from '../../store/schema.ts';
import { decisionsOf, lockApproval, markExecuted, openApproval } from '../approvals/approvals.ts';
import { mayRequest, stillApproved } from '../approvals/rules.ts';
import { brakeInput, countWipe, lockBrake, lockState } from '../brake/brake.ts';
import { lockedBecause, lockWipes } from '../brake/lock.ts';
import { breakGlassRefusal, breakGlassUntil } from '../break-glass/break-glass.ts';
import type { DeviceFacts } from '../devices/device.ts';
import { incidentSubject, record } from '../incident/timeline.ts';
import type { Approval, Wipe } from '../incident/view.ts';
import type { JobContext } from '../job.ts';
import { lockPeople } from '../lock-order.ts';
import { currentRoles, suspendingIncidents } from '../roles/current-roles.ts';
import { absenceRecheck, countAbsence, endAbsence } from './absence.ts';
import { checkIssueGate, type IssueGate } from './issue-gate.ts';
import { reconcileAt } from './request-proof.ts';
import { whyNotWiped } from './wipeable.ts';
import { lockWipe, moveWipe } from './wipes.ts';

/** How long Clear-MobileDevice may take before its session is killed; reconciling goes on for 16 minutes after it. */
export const issueTimeLimit = minute;
/** A held wipe is checked again so often, until its time runs out. */
const checkHeldAfter = 15 * second;
/** Unlocking re-enqueues at once all that the lock held; this only finds what ran out of time. */
const checkLockedAfter = minute;

/** The wipe in state `issuing`, or undefined when it was not claimed: held, ended, or another worker was faster. */
export async function claimWipe(
  context: JobContext,
  wipeId: number,
  device: DeviceFacts,
  readAt: Date,
): Promise<Wipe | undefined> {
  const { store, policy, clock } = context;
  const writable = await auditIsWritable(store.db, clock.now());
  if (!writable.ok) {
    context.log.error({ err: writable.cause, wipe: wipeId }, 'the audit cannot be written: no wipe is issued');
    await holdUnaudited(context, wipeId);
    return undefined;
  }
  return store.change(async (change) => {
    // In the order of lock-order.ts: nobody is suspended, and the incident is not closed, between this look and the claim.
    const approval = await openApproval(change.tx, 'wipe', String(wipeId));
    await lockPeople(change, await peopleOf(change, wipeId, approval));
    await lockBrake(change);
    if (approval !== undefined) await lockApproval(change, approval.id);
    const wipe = await lockWipe(change, wipeId);
    if (wipe.state !== 'approved') return undefined;
    const refused =
      (await whyNotWiped(change, wipe)) ??
      (wipe.breakGlassBy === null
        ? await approvalRefusal(change, context, approval)
        : await breakGlassRefusal(change, policy, wipe));
    if (refused !== undefined) {
      await endUnissued(change, context, { wipe, approval, how: 'voided', why: refused });
      return undefined;
    }
    const gate = checkIssueGate({
      now: change.now,
      executeBy: approval?.executeBy ?? breakGlassUntil(wipe, policy),
      locked: (await lockState(change.tx)).locked,
      policyAgrees: await policiesAgree(change.tx, policyHash(policy)),
      auditWritable: true,
      brake: await brakeInput(change, {
        organisation: wipe.organisation,
        drill: wipe.drill,
        requester: wipe.requestedBy,
        now: change.now,
        policy,
      }),
    });
    if (gate.kind === 'go') return await claim(change, { wipe, approval, device, readAt });
    await heldOrRefused(change, context, wipe, approval, gate);
    return undefined;
  });
}

/** Everybody on whose rights a wipe rests: who asked for it, and who agreed. */
async function peopleOf(change: Change, wipeId: number, approval: Approval | undefined): Promise<PersonGuid[]> {
  const { requestedBy } = await change.tx
    .selectFrom('wipe')
    .select('requestedBy')
    .where('id', '=', wipeId)
    .executeTakeFirstOrThrow();
  const decisions = approval === undefined ? [] : await decisionsOf(change.tx, approval.id);
  return [requestedBy, ...decisions.map(({ actorGuid }) => actorGuid)];
}

/** Under the lock Exchange is not even read. true: it is held, or its time has run out. */
export async function heldByLock(context: JobContext, wipeId: number): Promise<boolean> {
  if (!(await lockState(context.store.db)).locked) return false;
  return context.store.change(async (change) => {
    const approval = await openApproval(change.tx, 'wipe', String(wipeId));
    if (approval !== undefined) await lockApproval(change, approval.id);
    const wipe = await lockWipe(change, wipeId);
    if (wipe.state !== 'approved') return true;
    const executeBy = approval?.executeBy ?? breakGlassUntil(wipe, context.policy);
    if (change.now >= executeBy) {
      const why = 'It was not carried out in time, because all wipes were locked.';
      await endUnissued(change, context, { wipe, approval, how: 'lapsed', why });
      return true;
    }
    await hold(change, wipe, lockedBecause, checkLockedAfter);
    return true;
  });
}

/** Before it is issued: a reading without its phone ends it only once the partnership is known to be gone. */
export async function heldByAbsence(context: JobContext, wipeId: number): Promise<void> {
  await context.store.change(async (change) => {
    const approval = await openApproval(change.tx, 'wipe', String(wipeId));
    if (approval !== undefined) await lockApproval(change, approval.id);
    const wipe = await lockWipe(change, wipeId);
    if (wipe.state !== 'approved') return;
    if (await countAbsence(change, wipe)) {
      const why = 'Exchange no longer has this partnership in that mailbox.';
      return endUnissued(change, context, { wipe, approval, how: 'voided', why });
    }
    await hold(change, wipe, 'Exchange does not show this phone at the moment. I read it again.', absenceRecheck);
  });
}

/** Nothing is issued on facts that are not known, and nothing is voided by them: read again until the approval's time is up. */
export async function heldUnread(context: JobContext, wipeId: number): Promise<void> {
  await context.store.change(async (change) => {
    const approval = await openApproval(change.tx, 'wipe', String(wipeId));
    if (approval !== undefined) await lockApproval(change, approval.id);
    const wipe = await lockWipe(change, wipeId);
    if (wipe.state !== 'approved') return;
    const executeBy = approval?.executeBy ?? breakGlassUntil(wipe, context.policy);
    if (change.now >= executeBy) {
      const why = 'It was not carried out in time, because Exchange did not say what it holds for this phone.';
      return endUnissued(change, context, { wipe, approval, how: 'lapsed', why });
    }
    await hold(change, wipe, 'What Exchange says of this phone cannot be read. I read it again.');
  });
}

async function claim(
  change: Change,
  input: { wipe: Wipe; approval: Approval | undefined; device: DeviceFacts; readAt: Date },
): Promise<Wipe | undefined> {
  const { wipe, approval, device, readAt } = input;
  const callDeadlineAt = after(change.now, issueTimeLimit);
  const moved = await moveWipe(
    change,
    wipe,
    { kind: 'claimed' },
    {
      by: null,
      set: {
        before: JSON.stringify({ wipe: device.wipe, readAt: readAt.toISOString() }),
        issuingAt: change.now,
        callDeadlineAt,
        heldBecause: null,
        watchStep: 0,
      },
    },
  );
  if (moved === undefined) return undefined;
  await countWipe(change, wipe);
  await change.tx.updateTable('wipe').set({ claimedAt: sql`clock_timestamp()` }).where('id', '=', wipe.id).execute();
  // It was read just now: what had not been shown before counts no more.
  await endAbsence(change, wipe);
  if (approval !== undefined) await markExecuted(change, approval.id);
  // Written before Exchange is asked: a crash from here on leads to reconciling, never to a second request.
  await change.enqueue(
    'reconcile-wipe',
    { wipe: wipe.id, step: 0 },
    { key: `${wipe.id}-0`, dueAt: reconcileAt(callDeadlineAt, 0) },
  );
  return moved;
}

/**
 * Whether a claimed wipe may still be sent, by the database's clock: a worker that stood still (a stopped process, a suspended machine)
 * does not notice it by its own.
 */
export async function isInTime(db: Kysely<Database>, wipeId: number): Promise<boolean> {
  const { rows } = await sql<{ inTime: boolean }>`
    select clock_timestamp() < claimed_at + ${issueTimeLimit} * interval '1 millisecond' as in_time
    from wipe where id = ${wipeId} and state = 'issuing'`.execute(db);
  return rows[0]?.inTime === true;
}

/**
 * Why an approval no longer stands, whatever its subject: somebody who asked or agreed may no longer. That its time is over is not said
 * here. Its people are locked before.
 */
export async function approvalRefusal(
  change: Change,
  { policy }: Pick<JobContext, 'policy'>,
  approval: Approval | undefined,
): Promise<string | undefined> {
  if (approval === undefined) return 'There is no approval for it.';
  const locked = await lockApproval(change, approval.id);
  const decisions = await decisionsOf(change.tx, approval.id);
  const roles = new Map(
    await Promise.all(
      decisions.map(
        async (made) =>
          [
            made.actorGuid,
            await currentRoles(change.tx, policy, { guid: made.actorGuid, identity: made.identity }, change.now),
          ] as const,
      ),
    ),
  );
  const verdict = stillApproved({
    approval: locked,
    decisions,
    now: change.now,
    rolesOf: (guid) => roles.get(guid) ?? new Set(),
  });
  if (verdict.kind === 'refusal' && verdict.code !== 'approval-expired') return verdict.userMessage;
  return await requesterRefusal(change, policy, locked);
}

/** Whoever proposed it must still be allowed to: a role that was revoked meanwhile, or a suspension, ends the proposal. */
async function requesterRefusal(change: Change, policy: Policy, approval: Approval): Promise<string | undefined> {
  const person = await personByGuid(change.tx, approval.requestedBy);
  if (person === undefined) return 'The person who asked is no longer in the directory.';
  const roles = await rolesOfRequester(change, policy, { guid: person.guid, identity: approval.requestedVia });
  const verdict = mayRequest({
    actor: { person, roles },
    ownerGuid: approval.ownerGuid ?? '',
    policy,
    roles: ['helpdesk', 'security', 'admin'],
  });
  return verdict.kind === 'ok' ? undefined : 'The person who asked for it may no longer ask.';
}

/** Membership of a helpdesk group is known to the platform alone, and only when it speaks: here a suspension can be seen, no more. */
async function rolesOfRequester(
  change: Change,
  policy: Policy,
  who: { guid: PersonGuid; identity: Identity },
): Promise<ReadonlySet<Role>> {
  const roles = await currentRoles(change.tx, policy, who, change.now);
  const byGroup = policy.identitiesManaged && policy.helpdeskGroups.length > 0;
  const listed = policy.people.some((entry) => entry.identities.includes(who.identity));
  if ((await suspendingIncidents(change.tx, who.guid)).length > 0) return new Set(['user']);
  return byGroup && !listed && roles.size === 0 ? new Set(['user', 'helpdesk']) : roles;
}

async function heldOrRefused(
  change: Change,
  context: JobContext,
  wipe: Wipe,
  approval: Approval | undefined,
  gate: Exclude<IssueGate, { kind: 'go' }>,
): Promise<void> {
  const { policy } = context;
  if (gate.kind === 'held') return hold(change, wipe, gate.because);
  if (gate.kind === 'lapsed') {
    return endUnissued(change, context, { wipe, approval, how: 'lapsed', why: gate.userMessage });
  }
  const { brake } = gate;
  const about = await peopleOf(change, wipe.id, approval);
  // Drills are counted apart, and too many of them must not stop a real wipe.
  if (brake.kind === 'lock-all' && !wipe.drill) {
    const incident = wipe.incidentNumber;
    await lockWipes(change, policy, { by: null, reason: brake.userMessage, incident, about });
    return hold(change, wipe, lockedBecause);
  }
  await notify(change, policy, 'wipe-braked', {
    incident: wipe.incidentNumber,
    about,
    line: [`wipe not issued: ${brake.userMessage}`],
    key: String(wipe.id),
  });
  await endUnissued(change, context, { wipe, approval, how: 'voided', why: brake.userMessage });
}

/** Ends it through its approval where it has one, so that both end alike; break-glass has none. */
async function endUnissued(
  change: Change,
  { policy, approvals }: JobContext,
  input: { wipe: Wipe; approval: Approval | undefined; how: 'voided' | 'lapsed'; why: string },
): Promise<void> {
  const { wipe, approval, how, why } = input;
  if (approval !== undefined) {
    await approvals.end(change, policy, approval, how, {
      by: null,
      why: how === 'lapsed' ? null : why,
    });
    return;
  }
  const event = how === 'lapsed' ? ({ kind: 'lapsed' } as const) : ({ kind: 'voided' } as const);
  const moved = await moveWipe(change, wipe, event, {
    by: null,
    why,
    set: { endedAt: change.now, heldBecause: null },
  });
  if (moved === undefined) return;
  const rest = `wipe of phone ${wipe.deviceNumber} was not carried out: ${why}`;
  await change.reply(incidentSubject(wipe.incidentNumber), { tone: 'warning', blocks: [paragraph(`The ${rest}`)] });
  await notify(change, policy, 'break-glass-ended', { incident: wipe.incidentNumber, line: [rest] });
}

async function hold(change: Change, wipe: Wipe, because: string, wait = checkHeldAfter): Promise<void> {
  if (wipe.heldBecause !== because) {
    await change.tx.updateTable('wipe').set({ heldBecause: because }).where('id', '=', wipe.id).execute();
    await record(change, {
      incident: wipe.incidentNumber,
      kind: 'wipe.held',
      by: null,
      data: { wipe: wipe.id, because },
    });
  }
  await reEnqueue(change, wipe.id, wait);
}

/** The same where nothing can be audited: the card and security say so, and no fact is changed that an audit would have to hold. */
async function holdUnaudited({ store, policy }: JobContext, wipeId: number): Promise<void> {
  await store.change(async (change) => {
    const wipe = await lockWipe(change, wipeId);
    if (wipe.state !== 'approved') return;
    await change.tx
      .updateTable('wipe')
      .set({ heldBecause: 'The audit cannot be written.' })
      .where('id', '=', wipeId)
      .execute();
    await change.refresh(incidentSubject(wipe.incidentNumber));
    await notify(change, policy, 'audit-away', {
      incident: wipe.incidentNumber,
      line: ['the audit cannot be written: no wipe is issued until it can. Check the disk of the database.'],
      key: String(wipeId),
    });
    await reEnqueue(change, wipeId, checkHeldAfter);
  });
}

/** A key of its own: this run's row is still waiting, and the same key would be due at once. */
async function reEnqueue(change: Change, wipeId: number, wait: number): Promise<void> {
  const dueAt = after(change.now, wait);
  await change.enqueue('issue-wipe', { wipe: wipeId }, { key: `${wipeId}-${dueAt.getTime()}`, dueAt });
}

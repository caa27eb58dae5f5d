/**
 * Asks Exchange for an approved wipe, effectively once: fresh facts are compared with the frozen ones, then one worker takes
 * `approved → issuing` by compare-and-set with the wipe times as just read; only after that commit is the cmdlet sent. Whatever
 * happens to the answer, only reading proves that Exchange was asked (reconcile-wipe.ts).
 */
import type { Transaction } from 'kysely';
import { personByGuid } from '../directory/find.ts';
import { isMailboxOf } from '../directory/holders.ts';
import type { PersonGuid } from '../directory/person.ts';
import { clearMobileDevice } from '../exchange/cmdlets/clear-mobile-device.ts';
import { type Exchange, ExchangeError } from '../exchange/port.ts';
import { approvalsHash, type Policy, policyHash, type Role } from '../policy.ts';
import { policiesAgree } from '../processes.ts';
import type { JobContext } from '../queue/job.ts';
import type { Change } from '../store/port.ts';
import type { Database, WipeScope } from '../store/schema.ts';
import { decisionsOf, endApproval, lockApproval, markExecuted, openApproval } from './approvals.ts';
import { brakeInput, lockState, setLock } from './brake.ts';
import type { DeviceFacts } from './device.ts';
import { tellSecurity } from './places.ts';
import { readOneDevice } from './read-facts.ts';
import { stillApproved } from './rules/approval.ts';
import { changedSince, Frozen, freeze } from './rules/frozen.ts';
import { type IssueGate, mayIssue } from './rules/issue.ts';
import { reconcileAt } from './rules/request-proof.ts';
import { approvalSubjectFor } from './subjects/index.ts';
import { incidentSubject, record } from './timeline.ts';
import type { Approval, Wipe } from './view.ts';
import { lockWipe, moveWipe } from './wipes.ts';

/** How long Clear-MobileDevice may take before its session is killed; reconciling goes on for 16 minutes after it. */
export const issueDeadlineMs = 60_000;
/** A held wipe is looked at again so often, until its time runs out. */
const heldAgainMs = 15_000;

type Taken = { kind: 'taken'; wipe: Wipe; scope: WipeScope } | { kind: 'not-now' };

export async function issueWipe(context: JobContext, wipeId: number): Promise<void> {
  const { store } = context;
  const wipe = await store.db.selectFrom('wipe').selectAll().where('id', '=', wipeId).executeTakeFirst();
  // Anything but `approved`: withdrawn, or taken by an earlier run of this job, whose reconciling is on its way already.
  if (wipe?.state !== 'approved') return;
  const exchange = context.exchange(wipe.organisation);

  const device = await readOneDevice(exchange, wipe.mailboxGuid, wipe.deviceGuid);
  const changes = await whatChanged(context, wipe, device);
  if (device === undefined || changes.length > 0) {
    await voidWipe(context, wipe, changes);
    return;
  }
  const readAt = context.clock.now();
  const taken = await take(context, wipeId, device, readAt);
  if (taken.kind === 'not-now') return;

  await context.assertLock();
  await ask(context, exchange, taken.wipe);
}

async function whatChanged({ policy }: JobContext, wipe: Wipe, device: DeviceFacts | undefined): Promise<string[]> {
  if (device === undefined) return ['Exchange no longer has this partnership in that mailbox.'];
  const frozen = Frozen.parse(wipe.frozen);
  return changedSince(
    frozen,
    freeze({ mailboxGuid: wipe.mailboxGuid, device, scope: wipe.scope, approvalsHash: approvalsHash(policy) }),
  );
}

async function voidWipe(context: JobContext, wipe: Wipe, changes: readonly string[]): Promise<void> {
  const why = changes.join(' ');
  await context.store.change(async (change) => {
    const approval = await openApproval(change.tx, 'wipe', String(wipe.id));
    if (approval !== undefined) {
      await endApproval(change, context.policy, approvalSubjectFor, approval, 'voided', { by: null, why });
      return;
    }
    // Break-glass has no approval to void.
    const row = await lockWipe(change, wipe.id);
    await moveWipe(change, row, { kind: 'voided' }, { by: null, why, set: { endedAt: change.now } });
    await tellSecurity(change, context.policy, {
      incident: wipe.incidentNumber,
      tone: 'warning',
      line: [`break-glass wipe is void: ${why}`],
    });
  });
}

/** One transaction: rights, lock, brake and state are looked at together, and the wipe is taken or left. */
async function take(context: JobContext, wipeId: number, device: DeviceFacts, readAt: Date): Promise<Taken> {
  const { store, policy } = context;
  const policyAgrees = await policiesAgree(store.db, policyHash(policy));
  return store.change(async (change) => {
    const wipe = await lockWipe(change, wipeId);
    if (wipe.state !== 'approved') return { kind: 'not-now' };
    const approval = await openApproval(change.tx, 'wipe', String(wipe.id));
    if (wipe.breakGlassBy === null) {
      const refused = await approvalNoLongerStands(change, policy, approval);
      if (refused !== undefined) {
        if (approval !== undefined)
          await endApproval(change, policy, approvalSubjectFor, approval, 'voided', { by: null, why: refused });
        return { kind: 'not-now' };
      }
    }
    const gate = mayIssue({
      now: change.now,
      executeBy: approval?.executeBy ?? breakGlassUntil(wipe, policy),
      locked: (await lockState(change.tx)).locked,
      policyAgrees,
      auditWritable: true,
      brake: await brakeInput(change, {
        organisation: wipe.organisation,
        drill: wipe.drill,
        requester: wipe.requestedBy,
        now: change.now,
        policy,
      }),
    });
    if (gate.kind !== 'go') return heldOrRefused(change, context, wipe, approval, gate);

    const callDeadlineAt = new Date(change.now.getTime() + issueDeadlineMs);
    const moved = await moveWipe(
      change,
      wipe,
      { kind: 'taken-for-issuing' },
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
    if (moved === undefined) return { kind: 'not-now' };
    if (approval !== undefined) await markExecuted(change, approval.id);
    // Written before Exchange is asked: a crash from here on leads to reconciling, never to a second request.
    await change.enqueue(
      'reconcile-wipe',
      { wipe: wipe.id, step: 0 },
      { key: `${wipe.id}-0`, dueAt: reconcileAt(callDeadlineAt, 0) },
    );
    return { kind: 'taken', wipe: moved, scope: moved.scope };
  });
}

/** Break-glass must be carried out in the same time as an approval. */
export function breakGlassUntil(wipe: Pick<Wipe, 'proposedAt'>, policy: Policy): Date {
  return new Date(wipe.proposedAt.getTime() + policy.approvals.executeWithinMinutes * 60_000);
}

async function approvalNoLongerStands(
  change: Change,
  policy: Policy,
  approval: Approval | undefined,
): Promise<string | undefined> {
  if (approval === undefined) return 'There is no approval for it.';
  const locked = await lockApproval(change, approval.id);
  const decisions = await decisionsOf(change.tx, approval.id);
  const roles = await rolesNow(
    change.tx,
    policy,
    decisions.map((made) => made.actorGuid),
  );
  const verdict = stillApproved({
    approval: locked,
    decisions,
    now: change.now,
    rolesOf: (guid) => roles.get(guid) ?? new Set(),
  });
  return verdict.kind === 'ok' ? undefined : verdict.sentence;
}

/** What each person holds now: policy's grants, none of them while an incident on one of his own devices is open. */
async function rolesNow(
  tx: Transaction<Database>,
  policy: Policy,
  guids: readonly PersonGuid[],
): Promise<Map<PersonGuid, ReadonlySet<Role>>> {
  const roles = new Map<PersonGuid, ReadonlySet<Role>>();
  for (const guid of new Set(guids)) {
    const person = await personByGuid(tx, guid);
    const listed = person === undefined ? undefined : policy.people.find((entry) => isMailboxOf(entry.mailbox, person));
    roles.set(guid, new Set(listed?.roles ?? []));
  }
  return roles;
}

async function heldOrRefused(
  change: Change,
  context: JobContext,
  wipe: Wipe,
  approval: Approval | undefined,
  gate: Exclude<IssueGate, { kind: 'go' }>,
): Promise<Taken> {
  const { policy } = context;
  switch (gate.kind) {
    case 'held':
      await hold(change, wipe, gate.because);
      break;
    case 'lapsed':
      if (approval !== undefined)
        await endApproval(change, policy, approvalSubjectFor, approval, 'lapsed', { by: null, why: null });
      else
        await moveWipe(
          change,
          wipe,
          { kind: 'execution-lapsed' },
          { by: null, why: gate.sentence, set: { endedAt: change.now } },
        );
      break;
    case 'braked':
      if (gate.brake.kind === 'lock-all') {
        const locked = await setLock(change, {
          state: 'locked',
          cause: 'brake',
          by: null,
          reason: gate.brake.sentence,
        });
        if (locked)
          await tellSecurity(change, policy, {
            incident: wipe.incidentNumber,
            tone: 'danger',
            line: [`brake pulled: ${gate.brake.sentence}`],
          });
        await hold(change, wipe, 'All wipes are locked.');
        break;
      }
      await tellSecurity(change, policy, {
        incident: wipe.incidentNumber,
        tone: 'danger',
        line: [`wipe not issued: ${gate.brake.sentence}`],
        key: `braked:${wipe.id}`,
      });
      if (approval !== undefined)
        await endApproval(change, policy, approvalSubjectFor, approval, 'voided', {
          by: null,
          why: gate.brake.sentence,
        });
      else
        await moveWipe(
          change,
          wipe,
          { kind: 'voided' },
          { by: null, why: gate.brake.sentence, set: { endedAt: change.now } },
        );
      break;
  }
  return { kind: 'not-now' };
}

async function hold(change: Change, wipe: Wipe, because: string): Promise<void> {
  if (wipe.heldBecause !== because) {
    await change.tx.updateTable('wipe').set({ heldBecause: because }).where('id', '=', wipe.id).execute();
    await record(change, {
      incident: wipe.incidentNumber,
      kind: 'wipe.held',
      by: null,
      data: { wipe: wipe.id, because },
    });
  }
  // A key of its own: this run's row is still waiting, and a wish for it would be due at once.
  const dueAt = new Date(change.now.getTime() + heldAgainMs);
  await change.enqueue('issue-wipe', { wipe: wipe.id }, { key: `${wipe.id}-${dueAt.getTime()}`, dueAt });
}

/** Sends the one request. After doubt nothing is done here: reconciling is enqueued already. */
async function ask(context: JobContext, exchange: Exchange, wipe: Wipe): Promise<void> {
  try {
    await exchange.run(
      clearMobileDevice,
      {
        Identity: wipe.deviceGuid,
        ...(wipe.scope === 'account-only' ? { AccountOnly: true as const } : {}),
        ...(wipe.notify.length > 0 ? { NotificationEmailAddresses: [...wipe.notify] } : {}),
      },
      { deadlineMs: issueDeadlineMs },
    );
  } catch (error) {
    if (error instanceof ExchangeError && error.reached === 'no') {
      await notAsked(context, wipe, error);
      return;
    }
    context.log.warn({ wipe: wipe.id, err: error }, 'the answer to a wipe request is in doubt; only reading decides');
  }
  // Read back at once rather than at the deadline: people wait.
  await context.store.change((change) =>
    change.enqueue('reconcile-wipe', { wipe: wipe.id, step: 0 }, { key: `${wipe.id}-0` }),
  );
}

/** Exchange was surely not asked: refused before anything was sent. */
async function notAsked(context: JobContext, wipe: Wipe, error: ExchangeError): Promise<void> {
  await context.store.change(async (change) => {
    const row = await lockWipe(change, wipe.id);
    const moved = await moveWipe(
      change,
      row,
      { kind: 'not-asked-proved' },
      { by: null, why: error.userMessage, evidence: { code: error.code }, set: { endedAt: change.now } },
    );
    if (moved === undefined) return;
    await tellNotAsked(change, context.policy, wipe, error.userMessage);
  });
}

export async function tellNotAsked(change: Change, policy: Policy, wipe: Wipe, why: string): Promise<void> {
  await change.reply(incidentSubject(wipe.incidentNumber), {
    tone: 'danger',
    blocks: [
      {
        kind: 'text',
        text: [
          { kind: 'strong', text: 'Exchange was not asked for the wipe.' },
          { kind: 'plain', text: ` ${why} To ask again, propose it again; the hold stays open.` },
        ],
      },
    ],
  });
  await tellSecurity(change, policy, {
    incident: wipe.incidentNumber,
    tone: 'warning',
    line: [`wipe not asked of Exchange: ${why}`],
  });
}

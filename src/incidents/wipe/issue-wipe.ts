/**
 * Asks Exchange for an approved wipe, effectively once: fresh facts are compared with the frozen ones, then one worker claims
 * `approved → issuing` by compare-and-set with the wipe times as just read; only after that commit is the cmdlet sent. Whatever
 * happens to the answer, only reading proves that Exchange was asked (reconcile-wipe.ts).
 */

import { clearMobileDevice } from '../../exchange/cmdlets/clear-mobile-device.ts';
import { type Exchange, ExchangeError } from '../../exchange/port.ts';
import { internalError } from '../../ground/errors.ts';
import { notify } from '../../notices/notify.ts';
import { approvalsHash, type Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { openApproval } from '../approvals/approvals.ts';
import { lockState } from '../brake/brake.ts';
import { type DeviceAnswer, readDevice } from '../devices/read-facts.ts';
import { replyOnIncident } from '../incident/reply.ts';
import type { Wipe } from '../incident/view.ts';
import type { JobContext } from '../job.ts';
import { claimWipe, heldByAbsence, heldByLock, heldUnread, isInTime, issueTimeLimit } from './claim-wipe.ts';
import { changedSince, Frozen, tellsEnough } from './frozen.ts';
import { lockWipe, moveWipe } from './wipes.ts';

export async function issueWipe(context: JobContext, wipeId: number): Promise<void> {
  const { store } = context;
  const wipe = await store.db.selectFrom('wipe').selectAll().where('id', '=', wipeId).executeTakeFirst();
  // Anything but `approved`: withdrawn, or claimed by an earlier run of this job, whose reconciling is on its way already.
  if (wipe?.state !== 'approved') return;
  const exchange = exchangeOf(context, wipe);
  if (await heldByLock(context, wipeId)) return;

  const answer = await readUnlessAway(context, exchange, wipe);
  const frozen = Frozen.parse(wipe.frozen);
  if (answer.kind === 'absent') return heldByAbsence(context, wipeId);
  const device = answer.kind === 'found' ? answer.facts : undefined;
  if (device === undefined || device.contradicted) return heldUnread(context, wipeId);
  const { mailboxGuid, scope } = wipe;
  const changes = changedSince(frozen, { mailboxGuid, device, scope, approvalsHash: approvalsHash(context.policy) });
  if (changes.length === 0 && !tellsEnough(frozen, device)) return heldUnread(context, wipeId);
  if (changes.length > 0) {
    await voidWipe(context, wipe, changes);
    return;
  }
  const readAt = context.clock.now();
  const claimed = await claimWipe(context, wipeId, device, readAt);
  if (claimed === undefined) return;

  await context.assertLock();
  // Pulled in this very moment: what was not sent yet is not sent.
  if ((await lockState(store.db)).locked) {
    await notAsked(context, claimed, {
      code: 'locked',
      userMessage: 'All wipes were locked just before Exchange was asked.',
    });
    return;
  }
  if (!(await isInTime(store.db, wipeId))) {
    const userMessage = 'This process stood still for too long, so Exchange was not asked any more.';
    await notAsked(context, claimed, { code: 'too-late', userMessage });
    return;
  }
  await send(context, exchange, claimed);
}

/** A drill's wipe lives on the lab, and a real one never goes there: an Exchange of another organisation is refused. */
function exchangeOf(context: JobContext, wipe: Wipe): Exchange {
  const exchange = context.exchange(wipe.organisation);
  if (exchange.organisation === wipe.organisation && (!wipe.drill || wipe.organisation === 'lab')) return exchange;
  throw internalError({
    code: 'wrong-organisation',
    message: `wipe ${wipe.id} is of the organisation ${wipe.organisation}, and the Exchange at hand is of ${exchange.organisation}`,
  });
}

async function voidWipe(context: JobContext, wipe: Wipe, changes: readonly string[]): Promise<void> {
  const why = changes.join(' ');
  await context.store.change(async (change) => {
    const approval = await openApproval(change.tx, 'wipe', String(wipe.id));
    if (approval !== undefined) {
      await context.approvals.end(change, context.policy, approval, 'voided', { by: null, why });
      return;
    }
    // Break-glass has no approval to void.
    const row = await lockWipe(change, wipe.id);
    await moveWipe(change, row, { kind: 'voided' }, { by: null, why, set: { endedAt: change.now } });
    await notify(change, context.policy, 'break-glass-ended', {
      incident: wipe.incidentNumber,
      line: [`break-glass wipe is void: ${why}`],
    });
  });
}

/** Sends the one request. After doubt nothing is done here: reconciling is enqueued already. */
async function send(context: JobContext, exchange: Exchange, wipe: Wipe): Promise<void> {
  let refused: string | undefined;
  try {
    await exchange.run(
      clearMobileDevice,
      {
        Identity: wipe.deviceGuid,
        ...(wipe.scope === 'account-only' ? { AccountOnly: true as const } : {}),
        ...(wipe.notify.length > 0 ? { NotificationEmailAddresses: [...wipe.notify] } : {}),
      },
      { deadlineMs: issueTimeLimit, ...(wipe.callDeadlineAt === null ? {} : { notAfter: wipe.callDeadlineAt }) },
    );
  } catch (error) {
    if (error instanceof ExchangeError && error.reached === 'no') {
      await notAsked(context, wipe, error);
      return;
    }
    context.log.warn({ wipe: wipe.id, err: error }, 'the answer to a wipe request is in doubt; only reading decides');
    if (error instanceof ExchangeError && error.reached === 'refused') refused = error.userMessage;
  }
  // Read back at once rather than at the deadline: people wait.
  await context.store.change((change) =>
    change.enqueue(
      'reconcile-wipe',
      { wipe: wipe.id, step: 0, ...(refused === undefined ? {} : { refused }) },
      { key: `${wipe.id}-0` },
    ),
  );
}

/** An Exchange that does not answer says nothing: the wipe waits, and the card says for what. */
async function readUnlessAway(context: JobContext, exchange: Exchange, wipe: Wipe): Promise<DeviceAnswer> {
  try {
    return await readDevice({ db: context.store.db, exchange }, wipe.mailboxGuid, wipe.deviceGuid);
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    context.log.warn({ wipe: wipe.id, err: error }, 'the device of an approved wipe could not be read');
    return { kind: 'not-known' };
  }
}

/** Exchange was surely not asked: refused before anything was sent. */
async function notAsked(
  context: JobContext,
  wipe: Wipe,
  error: Pick<ExchangeError, 'userMessage'> & { code: string },
): Promise<void> {
  await context.store.change(async (change) => {
    const row = await lockWipe(change, wipe.id);
    const moved = await moveWipe(
      change,
      row,
      { kind: 'no-request-proved' },
      { by: null, why: error.userMessage, evidence: { code: error.code }, set: { endedAt: change.now } },
    );
    if (moved === undefined) return;
    await notifyNotAsked(change, context.policy, wipe, error.userMessage);
  });
}

export async function notifyNotAsked(change: Change, policy: Policy, wipe: Wipe, why: string): Promise<void> {
  await replyOnIncident(
    change,
    wipe.incidentNumber,
    'danger',
    'Exchange was not asked for the wipe.',
    ` ${why} To ask again, propose it again; the hold stays open.`,
  );
  await notify(change, policy, 'wipe-not-asked', {
    incident: wipe.incidentNumber,
    line: [`wipe not asked of Exchange: ${why}`],
  });
}

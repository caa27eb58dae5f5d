/** Carries out one approved step, reads it back, and says what came of it. Every run may come twice. */
import { personByGuid } from '../../directory/find.ts';
import { identityFor } from '../../directory/holders.ts';
import { ExchangeError } from '../../exchange/port.ts';
import { after, hour, minute } from '../../ground/durations.ts';
import { lockApproval, markAsked, markExecuted, markNotAsked } from '../../incidents/approvals/approvals.ts';
import type { JobContext } from '../../incidents/job.ts';
import { remark, strong } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import { approvalsHash } from '../../policy.ts';
import { incidentsStopped, previewOf } from './preview.ts';
import { runEws, runPersonal, runRule, undoEws, undoPersonal, undoRule } from './run-rule.ts';
import {
  type AppBlock,
  NotDone,
  type PayloadOf,
  type Remember,
  type Step,
  type StepResult,
  stepTitle,
} from './steps.ts';
import { blockSubject, endBlock, endStep, loadBlock, loadStep } from './store.ts';
import { type EditFound, findEdit, foundLate, notReadBack, runConfig, undoConfig } from './web-config.ts';

/** Not reached or in doubt: the next run reads first and goes on; the approval's time ends it. */
const inDoubt: readonly string[] = ['exchange-away', 'exchange-timeout', 'exchange-throttled'];

export async function runStep(context: JobContext, stepId: number): Promise<void> {
  const { store, policy, clock } = context;
  const { block, step } = await loadStep(store.db, String(stepId));
  if (step.state !== 'approved') return;
  const found = step.payload.kind === 'web-config' ? await findEdit(context, block, step) : 'none';
  const standing = await standingOf(context, step, found);
  if (standing === 'ended') return;
  let done = true;
  let result: StepResult;
  try {
    result =
      standing === 'done-before' && step.payload.kind === 'web-config'
        ? await foundLate(context, step, step.payload)
        : await perform(context, block, step);
  } catch (error) {
    const final = error instanceof NotDone || (error instanceof ExchangeError && !inDoubt.includes(error.code));
    if (!final) throw error;
    done = false;
    result = { ...step.result, sentence: error.userMessage };
  }
  const { sentence } = result;
  await store.change(async (change) => {
    if (!(await endStep(change, step, { state: done ? 'done' : 'failed', result }))) return;
    if (step.approvalId !== null) await markExecuted(change, step.approvalId, done ? null : sentence);
    if (done && ['rule', 'personal', 'ews', 'web-config'].includes(step.kind)) {
      await change.tx
        .updateTable('appBlock')
        .set({ since: clock.now(), verdict: null, verdictAt: null })
        .where('id', '=', block.id)
        .execute();
    }
    if (done && step.kind === 'undo') await endBlock(change, block, step.requestedBy);
    const title = stepTitle(step.payload);
    await change.reply(
      blockSubject(block.id),
      remark(done ? 'success' : 'danger', strong(done ? 'Done: ' : 'Not done: '), `${title}. ${sentence}`),
    );
    await notify(change, policy, done ? 'app-step-done' : 'app-step-failed', {
      line: [`${block.name}: ${done ? 'done' : 'not done'}: ${title}`],
    });
    await change.enqueue('watch-apps', { organisation: block.organisation }, { key: `${block.organisation}:now` });
  });
}

/**
 * The approval must still stand, in time, under the policy it was given under; what was done before it fell is done all the same.
 */
async function standingOf(
  { store, policy, approvals, clock }: JobContext,
  { approvalId, payload }: Step,
  found: EditFound,
): Promise<'stands' | 'done-before' | 'ended'> {
  if (approvalId === null) return 'ended';
  return store.change(async (change) => {
    const approval = await lockApproval(change, approvalId);
    if (approval.state !== 'approved') return 'ended';
    const tooLate = approval.executeBy !== null && approval.executeBy < clock.now();
    if (!tooLate && approval.policyHash === approvalsHash(policy)) return 'stands';
    if (found === 'written') return 'done-before';
    const latest = approval.executeBy === null ? null : after(approval.executeBy, readBackFor);
    if (found === 'not-known' && latest !== null && clock.now() < latest) throw notReadBack(stepTitle(payload));
    if (found === 'not-written' && isOver(approval.askedAt, clock.now())) await markNotAsked(change.tx, approvalId);
    await approvals.end(change, policy, approval, tooLate ? 'lapsed' : 'voided', {
      by: null,
      why: tooLate ? null : 'the policy about roles and approvals changed since',
    });
    return 'ended';
  });
}

/** So long after its time is over a file that cannot be read is read again, before it is called not known. */
const readBackFor = 2 * hour;

/** A write that is still under way may come later than this reading. */
function isOver(askedAt: Date | null, now: Date): boolean {
  return askedAt !== null && now.getTime() - askedAt.getTime() > 5 * minute;
}

async function perform(context: JobContext, block: AppBlock, step: Step): Promise<StepResult> {
  const { payload } = step;
  const exchange = context.exchange(block.organisation);
  const remember: Remember = async (result) => {
    await context.store.db
      .updateTable('appBlockStep')
      .set({ result: JSON.stringify({ sentence: '', ...result }) })
      .where('id', '=', step.id)
      .where('state', '=', 'approved')
      .execute();
    if (step.approvalId !== null) await markAsked(context.store.db, step.approvalId, context.clock.now());
  };
  switch (payload.kind) {
    case 'notice':
      return notifyPeople(context, step, payload);
    case 'rule':
      await refuseWipes(context, block);
      return runRule(exchange, payload, step.result, remember);
    case 'personal':
      await refuseWipes(context, block);
      return runPersonal(exchange, payload, step.result, remember);
    case 'ews':
      return runEws(exchange, payload, step.result, remember);
    case 'web-config':
      return runConfig(context, block, step, payload, remember);
    case 'undo':
      await remember({});
      return undoAll(context, block, payload);
  }
}

/** Asked again right before the change: a wipe may have been approved since. */
async function refuseWipes({ store, clock }: JobContext, block: AppBlock): Promise<void> {
  const incidents = incidentsStopped(await previewOf(store.db, block, clock.now()));
  if (incidents === undefined) return;
  throw new NotDone(
    `A wipe of one of these phones is on its way (${incidents}), and a blocked phone never hears of it. Nothing was changed; propose it again when that is over.`,
  );
}

async function notifyPeople(context: JobContext, step: Step, payload: PayloadOf<'notice'>): Promise<StepResult> {
  const { store, policy } = context;
  return store.change(async (change) => {
    const strangers: string[] = [];
    for (const guid of payload.people) {
      const person = await personByGuid(change.tx, guid);
      const identity = person === undefined ? undefined : await identityFor(change.tx, policy, person);
      if (identity === undefined) strangers.push(person?.displayName ?? 'somebody not in the directory');
      else await change.privately(identity, remark('warning', payload.text), `app-notice:${step.id}`);
    }
    const notified = payload.people.length - strangers.length;
    const rest = strangers.length === 0 ? '' : ` Not known in chat, so not told: ${strangers.join(', ')}.`;
    return { sentence: `${notified} of ${payload.people.length} told privately.${rest}` };
  });
}

async function undoAll(context: JobContext, block: AppBlock, payload: PayloadOf<'undo'>): Promise<StepResult> {
  const { steps } = await loadBlock(context.store.db, block.id);
  const notes: string[] = [];
  for (const step of steps.filter(({ id, state }) => payload.steps.includes(id) && state === 'done').reverse()) {
    notes.push(...(await undoStep(context, block, step)));
    await context.store.change(async (change) => {
      await endStep(change, step, { state: 'undone' });
      // Our own removal is no news to the watch.
      const gone = (step.result?.rules ?? []).flatMap(({ guid, before }) => (before === null ? [guid] : []));
      if (gone.length > 0) await change.tx.deleteFrom('accessRule').where('guid', 'in', gone).execute();
    });
  }
  const still = notes.filter((note) => note.includes('still shows'));
  if (still.length > 0) throw new NotDone(`${still.join('; ')}.`);
  const rest = notes.length === 0 ? '' : ` ${notes.join('; ')}.`;
  return { sentence: `Phones with ${block.name} may sync again at their next try.${rest}` };
}

/** Answers what people should know of it. */
async function undoStep(context: JobContext, block: AppBlock, step: Step): Promise<string[]> {
  const exchange = context.exchange(block.organisation);
  switch (step.payload.kind) {
    case 'rule':
      return undoRule(exchange, step.result?.rules ?? []);
    case 'personal':
      return undoPersonal(exchange, step.result?.blocked ?? []);
    case 'ews':
      return undoEws(exchange, step.result?.agents ?? []);
    case 'web-config':
      return undoConfig(context, block, step.payload, step.id);
    case 'notice':
    case 'undo':
      return [];
  }
}

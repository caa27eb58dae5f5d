/** Carries out one approved step, reads it back, and says what came of it. Every run may come twice. */
import { personByGuid } from '../../directory/find.ts';
import { identityFor } from '../../directory/holders.ts';
import { ExchangeError } from '../../exchange/port.ts';
import { lockApproval, markExecuted } from '../../incidents/approvals/approvals.ts';
import type { JobContext } from '../../incidents/job.ts';
import { paragraph, strong } from '../../message/text.ts';
import { notifySecurity } from '../../notices/security.ts';
import { approvalsHash } from '../../policy.ts';
import { previewOf } from './preview.ts';
import { runConfig, undoConfig } from './run-config.ts';
import { runEws, runPersonal, runRule, undoEws, undoPersonal, undoRule } from './run-rule.ts';
import type { Remember, StepOutcome } from './steps.ts';
import { type AppBlock, type PayloadOf, type Step, type StepResult, stepOf, stepTitle } from './steps.ts';
import { blockSubject, endStep, loadBlock } from './store.ts';

export async function runStep(context: JobContext, stepId: number): Promise<void> {
  const { store, policy, clock } = context;
  const row = await store.db.selectFrom('appBlockStep').selectAll().where('id', '=', stepId).executeTakeFirst();
  if (row === undefined || row.state !== 'approved') return;
  const step = stepOf(row);
  const { block } = await loadBlock(store.db, step.blockId);
  if (!(await mayRun(context, step))) return;
  let outcome: StepOutcome;
  try {
    outcome = await perform(context, block, step);
  } catch (error) {
    // Not reached or in doubt: the next run reads first and goes on; the approval's time ends it.
    if (
      !(error instanceof ExchangeError) ||
      ['exchange-away', 'exchange-timeout', 'exchange-throttled'].includes(error.code)
    )
      throw error;
    outcome = { done: false, sentence: error.userMessage };
  }
  await store.change(async (change) => {
    const result: StepResult = outcome.done ? outcome.result : { ...(step.result ?? {}), sentence: outcome.sentence };
    if (!(await endStep(change, step, { state: outcome.done ? 'done' : 'failed', result }))) return;
    if (step.approvalId !== null) await markExecuted(change, step.approvalId);
    if (outcome.done && isBlocking(step)) {
      await change.tx
        .updateTable('appBlock')
        .set({ since: clock.now(), verdict: null, verdictAt: null })
        .where('id', '=', block.id)
        .execute();
    }
    if (outcome.done && step.kind === 'undo') {
      await change.tx
        .updateTable('appBlock')
        .set({ state: 'ended', endedAt: change.now, endedBy: step.requestedBy })
        .where('id', '=', block.id)
        .where('state', '=', 'open')
        .execute();
    }
    const sentence = outcome.done ? outcome.result.sentence : outcome.sentence;
    await change.reply(blockSubject(block.id), {
      tone: outcome.done ? 'success' : 'danger',
      blocks: [paragraph(strong(outcome.done ? 'Done: ' : 'Not done: '), `${stepTitle(step.payload)}. ${sentence}`)],
    });
    await notifySecurity(change, policy, {
      tone: outcome.done ? 'neutral' : 'warning',
      line: [`${block.name}: ${outcome.done ? 'done' : 'not done'}: ${stepTitle(step.payload)}`],
    });
    await change.enqueue('watch-apps', { organisation: block.organisation }, { key: `${block.organisation}:now` });
  });
}

function isBlocking({ kind }: Step): boolean {
  return kind === 'rule' || kind === 'personal' || kind === 'ews' || kind === 'web-config';
}

/** The approval must still stand, in time, under the policy it was given under. */
async function mayRun({ store, policy, approvals, clock }: JobContext, step: Step): Promise<boolean> {
  const { approvalId } = step;
  if (approvalId === null) return false;
  return store.change(async (change) => {
    const approval = await lockApproval(change, approvalId);
    if (approval.state !== 'approved') return false;
    const tooLate = approval.executeBy !== null && approval.executeBy < clock.now();
    const otherPolicy = approval.policyHash !== approvalsHash(policy);
    if (!tooLate && !otherPolicy) return true;
    await approvals.end(change, policy, approval, tooLate ? 'lapsed' : 'voided', {
      by: null,
      why: tooLate ? null : 'the policy about roles and approvals changed since',
    });
    return false;
  });
}

async function perform(context: JobContext, block: AppBlock, step: Step): Promise<StepOutcome> {
  const { payload } = step;
  const exchange = context.exchange(block.organisation);
  const remember: Remember = async (result) => {
    await context.store.db
      .updateTable('appBlockStep')
      .set({ result: JSON.stringify(result) })
      .where('id', '=', step.id)
      .where('state', '=', 'approved')
      .execute();
  };
  switch (payload.kind) {
    case 'notice':
      return tellPeople(context, step, payload);
    case 'rule':
    case 'personal': {
      const stopped = await stoppedWipes(context, block);
      if (stopped !== undefined) return { done: false, sentence: stopped };
      return payload.kind === 'rule'
        ? runRule(exchange, payload, step.result, remember)
        : runPersonal(exchange, payload, step.result, remember);
    }
    case 'ews':
      return runEws(exchange, payload, step.result, remember);
    case 'web-config':
      return runConfig(context, block, step, payload);
    case 'undo':
      return undoAll(context, block, payload);
  }
}

/** Asked again right before the change: a wipe may have been approved since. */
async function stoppedWipes(context: JobContext, block: AppBlock): Promise<string | undefined> {
  const { wipes } = await previewOf(context.store.db, {
    organisation: block.organisation,
    app: block.app,
    now: context.clock.now(),
  });
  const stopped = wipes.filter(({ stops }) => stops);
  if (stopped.length === 0) return undefined;
  const incidents = [...new Set(stopped.map(({ incident }) => `INC-${incident}`))].join(', ');
  return `A wipe of one of these phones is on its way (${incidents}), and a blocked phone never hears of it. Nothing was changed; propose it again when that is over.`;
}

async function tellPeople(context: JobContext, step: Step, payload: PayloadOf<'notice'>): Promise<StepOutcome> {
  const { store, policy } = context;
  return store.change(async (change) => {
    const strangers: string[] = [];
    let told = 0;
    for (const guid of payload.people) {
      const person = await personByGuid(change.tx, guid);
      const identity = person === undefined ? undefined : await identityFor(change.tx, policy, person);
      if (identity === undefined) {
        strangers.push(person?.displayName ?? 'somebody not in the directory');
        continue;
      }
      told += 1;
      await change.privately(identity, { tone: 'warning', blocks: [paragraph(payload.text)] }, `app-notice:${step.id}`);
    }
    const rest = strangers.length === 0 ? '' : ` Not known in chat, so not told: ${strangers.join(', ')}.`;
    return { done: true, result: { sentence: `${told} of ${payload.people.length} told privately.${rest}`, told } };
  });
}

async function undoAll(context: JobContext, block: AppBlock, payload: PayloadOf<'undo'>): Promise<StepOutcome> {
  const exchange = context.exchange(block.organisation);
  const { steps } = await loadBlock(context.store.db, block.id);
  const notes: string[] = [];
  for (const step of steps.filter(({ id, state }) => payload.steps.includes(id) && state === 'done').reverse()) {
    const result = step.result ?? { sentence: '' };
    let said = '';
    if (step.payload.kind === 'rule') said = await undoRule(exchange, result);
    if (step.payload.kind === 'personal') said = await undoPersonal(exchange, result);
    if (step.payload.kind === 'ews') said = await undoEws(exchange, result);
    if (step.payload.kind === 'web-config') said = await undoConfig(context, block, step.payload, step.id);
    if (said !== '') notes.push(said);
    await context.store.change(async (change) => {
      await endStep(change, step, { state: 'undone' });
      // Our own removal is no news to the watch.
      const gone = (result.rules ?? []).flatMap(({ guid, before }) => (before === null ? [guid] : []));
      if (gone.length > 0) await change.tx.deleteFrom('accessRule').where('guid', 'in', gone).execute();
    });
  }
  const still = notes.filter((note) => note.includes('still shows'));
  if (still.length > 0) return { done: false, sentence: `${still.join('; ')}.` };
  const rest = notes.length === 0 ? '' : ` ${notes.join('; ')}.`;
  return { done: true, result: { sentence: `Phones with ${block.name} may sync again at their next try.${rest}` } };
}

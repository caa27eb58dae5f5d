/** Blocks and their steps in the store. */
import type { Kysely } from 'kysely';
import type { Actor } from '../../directory/actor.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { Organisation } from '../../ground/identifiers.ts';
import type { ApprovalSubject } from '../../incidents/approvals/approvals.ts';
import { approvalSubjectOf, requestApproval } from '../../incidents/approvals/approvals.ts';
import { notifySecurity } from '../../notices/security.ts';
import type { Policy } from '../../policy.ts';
import type { Change, Subject } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { type AppBlock, type Step, type StepPayload, type StepResult, stepOf, stepTitle } from './steps.ts';

export function blockSubject(id: number): Subject {
  return `app-block:${id}`;
}

export type BlockView = { block: AppBlock; steps: Step[] };

/** Throws MislaidError `no-such-block`. */
export async function loadBlock(db: Kysely<Database>, id: number): Promise<BlockView> {
  const block = await db.selectFrom('appBlock').selectAll().where('id', '=', id).executeTakeFirst();
  if (block === undefined) {
    throw new MislaidError({
      code: 'no-such-block',
      message: `app block ${id} does not exist`,
      userMessage: 'There is no such block any more. Say "blocked apps" for those that stand.',
    });
  }
  const steps = await db.selectFrom('appBlockStep').selectAll().where('blockId', '=', id).orderBy('id').execute();
  return { block, steps: steps.map(stepOf) };
}

export async function openBlockOf(
  db: Kysely<Database>,
  organisation: Organisation,
  app: string,
): Promise<AppBlock | undefined> {
  return db
    .selectFrom('appBlock')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('app', '=', app)
    .where('state', '=', 'open')
    .executeTakeFirst();
}

export async function openBlocks(db: Kysely<Database>, organisation: Organisation): Promise<AppBlock[]> {
  return db
    .selectFrom('appBlock')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('state', '=', 'open')
    .orderBy('id')
    .execute();
}

/** The open block of an app, or a new one; its card stands in the security channels and where it was asked for. */
export async function ensureBlock(
  change: Change,
  policy: Policy,
  input: { organisation: Organisation; app: string; name: string; by: Actor; places: readonly string[] },
): Promise<{ id: number; made: boolean }> {
  const { organisation, app, name, by, places } = input;
  const inserted = await change.tx
    .insertInto('appBlock')
    .values({ organisation, app, name, state: 'open', requestedBy: by.person.guid, requestedAt: change.now })
    .onConflict((conflict) => conflict.columns(['organisation', 'app']).where('state', '=', 'open').doNothing())
    .returning('id')
    .executeTakeFirst();
  const id = inserted?.id ?? (await openBlockOf(change.tx, organisation, app))?.id;
  if (id === undefined) throw new MislaidError({ code: 'no-such-block', message: `no open block of ${app}` });
  if (inserted !== undefined) {
    change.audit({
      action: 'app-block.begun',
      subject: blockSubject(id),
      actor: { guid: by.person.guid, identity: by.identity },
      data: { app },
    });
  }
  await change.card(blockSubject(id), [...new Set([...policy.channels.security, ...places])]);
  return { id, made: inserted !== undefined };
}

/** One stage waits for a second person. Throws MislaidError `step-waits` when one like it waits already. */
export async function proposeStep(
  change: Change,
  policy: Policy,
  input: { block: AppBlock; payload: StepPayload; by: Actor; subject: ApprovalSubject; role: 'approver' | 'admin' },
): Promise<void> {
  const { block, payload, by, subject, role } = input;
  await change.tx.selectFrom('appBlock').select('id').where('id', '=', block.id).forUpdate().execute();
  const waiting = await change.tx
    .selectFrom('appBlockStep')
    .select('id')
    .where('blockId', '=', block.id)
    .where('kind', '=', payload.kind)
    .where('state', 'in', ['waiting', 'approved'])
    .executeTakeFirst();
  if (waiting !== undefined) {
    throw new MislaidError({
      code: 'step-waits',
      message: `app block ${block.id} has a waiting step ${waiting.id}`,
      userMessage: `A step of this kind waits already for ${block.name}: it must be decided or expire first.`,
    });
  }
  const { id } = await change.tx
    .insertInto('appBlockStep')
    .values({
      blockId: block.id,
      kind: payload.kind,
      payload: JSON.stringify(payload),
      state: 'waiting',
      requestedBy: by.person.guid,
      requestedAt: change.now,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const approval = await requestApproval(change, policy, {
    subject,
    subjectId: String(id),
    incident: null,
    organisation: block.organisation,
    payload: { app: block.app, step: id, ...payload },
    ownerGuid: null,
    role,
    needed: 1,
    by,
  });
  await change.tx.updateTable('appBlockStep').set({ approvalId: approval.id }).where('id', '=', id).execute();
  await change.refresh(blockSubject(block.id));
  await change.refresh(approvalSubjectOf(approval.id));
  await notifySecurity(change, policy, {
    line: [`${block.name}: ${by.person.displayName} asks to ${stepTitle(payload)}`],
  });
}

/** Compare-and-set: a run that comes second finds nothing to do. */
export async function endStep(
  change: Change,
  step: Step,
  to: { state: 'done' | 'failed' | 'undone' | 'dropped'; result?: StepResult },
): Promise<boolean> {
  const from = to.state === 'undone' ? (['done'] as const) : (['waiting', 'approved'] as const);
  const moved = await change.tx
    .updateTable('appBlockStep')
    .set({
      state: to.state,
      ...(to.result === undefined ? {} : { result: JSON.stringify(to.result) }),
      ...(to.state === 'done' ? { doneAt: change.now } : {}),
      ...(to.state === 'undone' ? { undoneAt: change.now } : {}),
    })
    .where('id', '=', step.id)
    .where('state', 'in', from)
    .executeTakeFirst();
  if (moved.numUpdatedRows === 0n) return false;
  change.audit({
    action: `app-block.${step.kind}-${to.state}`,
    subject: blockSubject(step.blockId),
    actor: { guid: step.requestedBy, identity: null },
    data: { step: step.id, approval: step.approvalId },
  });
  await change.refresh(blockSubject(step.blockId));
  return true;
}

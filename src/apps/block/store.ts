/** Blocks and their steps in the store. */
import type { Kysely } from 'kysely';
import type { Actor } from '../../directory/actor.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { Organisation, PersonGuid } from '../../ground/identifiers.ts';
import type { Policy } from '../../policy.ts';
import type { Change, Subject } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { type AppBlock, type Step, type StepResult, stepOf } from './steps.ts';

export function blockSubject(id: number): Subject {
  return `app-block:${id}`;
}

export type BlockView = { block: AppBlock; steps: Step[] };

/** Throws MislaidError `no-such-block`. */
export async function loadBlock(db: Kysely<Database>, id: number): Promise<BlockView> {
  const block = await db.selectFrom('appBlock').selectAll().where('id', '=', id).executeTakeFirst();
  if (block === undefined) throw noSuchBlock(`app block ${id} does not exist`);
  const steps = await db.selectFrom('appBlockStep').selectAll().where('blockId', '=', id).orderBy('id').execute();
  return { block, steps: steps.map(stepOf) };
}

/** Throws where the approval's subject names no step. */
export async function loadStep(db: Kysely<Database>, id: string): Promise<{ block: AppBlock; step: Step }> {
  const row = await db.selectFrom('appBlockStep').selectAll().where('id', '=', Number(id)).executeTakeFirstOrThrow();
  const { block } = await loadBlock(db, row.blockId);
  return { block, step: stepOf(row) };
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
): Promise<{ made: boolean }> {
  const { organisation, app, name, by, places } = input;
  const inserted = await change.tx
    .insertInto('appBlock')
    .values({ organisation, app, name, state: 'open', requestedBy: by.person.guid, requestedAt: change.now })
    .onConflict((conflict) => conflict.columns(['organisation', 'app']).where('state', '=', 'open').doNothing())
    .returning('id')
    .executeTakeFirst();
  const id = inserted?.id ?? (await openBlocks(change.tx, organisation)).find((block) => block.app === app)?.id;
  if (id === undefined) throw noSuchBlock(`no open block of ${app}`);
  if (inserted !== undefined) auditBlock(change, id, by, { action: 'app-block.begun', app });
  await change.card(blockSubject(id), [...new Set([...policy.channels.security, ...places])]);
  return { made: inserted !== undefined };
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

/** Taken back, or nothing was ever done. */
export async function endBlock(change: Change, block: AppBlock, by: PersonGuid): Promise<void> {
  await change.tx
    .updateTable('appBlock')
    .set({ state: 'ended', endedAt: change.now, endedBy: by })
    .where('id', '=', block.id)
    .where('state', '=', 'open')
    .execute();
}

export function auditBlock(change: Change, id: number, by: Actor, entry: { action: string; app: string }): void {
  const { person, identity } = by;
  const { action, app } = entry;
  change.audit({ action, subject: blockSubject(id), actor: { guid: person.guid, identity }, data: { app } });
}

function noSuchBlock(message: string): MislaidError {
  const userMessage = 'There is no such block any more. Say "blocked apps" for those that stand.';
  return new MislaidError({ code: 'no-such-block', message, userMessage });
}

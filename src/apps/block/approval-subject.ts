import { personByGuid } from '../../directory/find.ts';
import { type ApprovalEnding, type ApprovalSubject, describeEnding } from '../../incidents/approvals/approvals.ts';
import { paragraph } from '../../message/text.ts';
import { notifySecurity } from '../../notices/security.ts';
import type { Change } from '../../store/port.ts';
import { stepBlocks } from './step-blocks.ts';
import { type Step, stepOf, stepTitle } from './steps.ts';
import { blockSubject, endStep, loadBlock } from './store.ts';

/** A stage of a block waits for a second person: rules, single devices, the EWS list, a notice, or taking it all back. */
export const appBlockSubject: ApprovalSubject = stepSubject('app-block');

/** The same for an edit of a server's web.config, which only admins decide. */
export function stepSubject(kind: 'app-block' | 'web-config'): ApprovalSubject {
  return {
    kind,
    async describe({ db, approval, now }) {
      const step = await loadStep(db, approval.subjectId);
      const { block } = await loadBlock(db, step.blockId);
      return {
        title: `${block.name} · ${stepTitle(step.payload)}`,
        blocks: await stepBlocks(db, { block, step, now }),
      };
    },
    async approved(change, approval, policy, by) {
      const step = await loadStep(change.tx, approval.subjectId);
      const moved = await change.tx
        .updateTable('appBlockStep')
        .set({ state: 'approved' })
        .where('id', '=', step.id)
        .where('state', '=', 'waiting')
        .executeTakeFirst();
      if (moved.numUpdatedRows === 0n) return;
      await change.enqueue('run-app-step', { step: step.id }, { key: String(step.id) });
      const { block } = await loadBlock(change.tx, step.blockId);
      await change.refresh(blockSubject(block.id));
      await notifySecurity(change, policy, {
        line: [`${block.name}: ${by.person.displayName} approved: ${stepTitle(step.payload)}`],
      });
    },
    async ended(change, approval, how, { by, why }) {
      const step = await loadStep(change.tx, approval.subjectId);
      await dropped(change, step, how, { by: by?.person.guid ?? null, why });
    },
  };
}

async function loadStep(
  db: Change['tx'] | Parameters<ApprovalSubject['describe']>[0]['db'],
  id: string,
): Promise<Step> {
  const row = await db.selectFrom('appBlockStep').selectAll().where('id', '=', Number(id)).executeTakeFirstOrThrow();
  return stepOf(row);
}

async function dropped(
  change: Change,
  step: Step,
  how: ApprovalEnding,
  { by, why }: { by: string | null; why: string | null },
): Promise<void> {
  const person = by === null ? undefined : await personByGuid(change.tx, by);
  const actorless = describeEnding(`To ${stepTitle(step.payload)}`, how, { by: null, why });
  const sentence = person === undefined ? actorless : `${actorless.replace(/\.$/, '')} (${person.displayName}).`;
  if (!(await endStep(change, step, { state: 'dropped', result: { sentence } }))) return;
  await change.reply(blockSubject(step.blockId), {
    tone: how === 'withdrawn' ? 'neutral' : 'warning',
    blocks: [paragraph(sentence)],
  });
}

import { type ApprovalSubject, describeEnding } from '../../incidents/approvals/subject.ts';
import { remark } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import { previewOf, wipeWarnings } from './preview.ts';
import { stepLines } from './step-blocks.ts';
import { stepTitle } from './steps.ts';
import { blockSubject, endStep, loadStep } from './store.ts';

/** A stage of a block waits for a second person: rules, single devices, the EWS list, a notice, or taking it all back. */
export const appBlockSubject = stepSubject('app-block');

/** An edit of a server's web.config waits for an admin other than the one who asked. */
export const webConfigSubject = stepSubject('web-config');

function stepSubject<Kind extends 'app-block' | 'web-config'>(kind: Kind): ApprovalSubject<Kind> {
  return {
    kind,
    async content(db, { subjectId }) {
      const { block, step } = await loadStep(db, subjectId);
      const title = stepTitle(step.payload);
      return {
        what: `${block.name} · ${title}`,
        lines: stepLines(block, step.payload),
        confirm: `${block.name}: ${title}.`,
      };
    },
    async describe({ db, approval, now }) {
      const { block, step } = await loadStep(db, approval.subjectId);
      if (step.payload.kind !== 'rule' && step.payload.kind !== 'personal') return [];
      return wipeWarnings(await previewOf(db, block, now));
    },
    async approved(change, approval, policy, by) {
      const { block, step } = await loadStep(change.tx, approval.subjectId);
      const moved = await change.tx
        .updateTable('appBlockStep')
        .set({ state: 'approved' })
        .where('id', '=', step.id)
        .where('state', '=', 'waiting')
        .executeTakeFirst();
      if (moved.numUpdatedRows === 0n) return;
      await change.enqueue('run-app-step', { step: step.id }, { key: String(step.id) });
      await change.refresh(blockSubject(block.id));
      await notify(change, policy, 'app-step-approved', {
        line: [`${block.name}: ${by.person.displayName} approved: ${stepTitle(step.payload)}`],
      });
    },
    async ended(change, approval, how, { by, why, asked }) {
      const { step } = await loadStep(change.tx, approval.subjectId);
      const actorless = describeEnding(`To ${stepTitle(step.payload)}`, how, { by: null, why, asked });
      const sentence = by === null ? actorless : `${actorless.replace(/\.$/, '')} (${by.person.displayName}).`;
      if (!(await endStep(change, step, { state: 'dropped', result: { sentence } }))) return;
      await change.reply(blockSubject(step.blockId), remark(how === 'withdrawn' ? 'neutral' : 'warning', sentence));
    },
  };
}

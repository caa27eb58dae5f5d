import type { Kysely } from 'kysely';
import type { Text } from '../../message/model.ts';
import { strong, text, time } from '../../message/text.ts';
import { shortened } from '../../message/words.ts';
import type { Database } from '../../store/schema.ts';
import { incidentName } from '../drill/drill.ts';
import type { Approval } from '../incident/view.ts';
import type { Approvals } from './approvals.ts';
import { remarksOnEach, type Shown, shownNow, waitingFacts } from './remarks.ts';

export type DescribedWaiting = {
  approval: Approval;
  /** The object alone. */
  what: string;
  /** With who asked, why, and what came since. */
  line: Text;
  /** What whoever reads the line is shown. */
  shown: Shown;
};

/** What waits for a decision, wherever it is listed or chosen from. */
export async function describeWaiting(
  approvals: Approvals,
  db: Kysely<Database>,
  rows: readonly Approval[],
): Promise<DescribedWaiting[]> {
  const facts = await waitingFacts(db, rows);
  const described: DescribedWaiting[] = [];
  const all = await remarksOnEach(db, rows, facts);
  for (const [index, approval] of rows.entries()) {
    const { what } = await approvals.content(db, approval);
    const { incidentNumber: number, payload } = approval;
    const remarks = all[index] ?? [];
    const { asker, drill } = facts.get(approval.id) ?? { asker: null, drill: false };
    const incident = number === null ? '' : `${incidentName(number, drill === true)} · `;
    const line = text(
      strong(`${incident}${what}`),
      ` — asked by ${asker ?? 'somebody'}, expires `,
      time(approval.expiresAt),
      typeof payload.reason === 'string' ? `: “${shortened(payload.reason, 160)}”` : '',
      ...remarks.flatMap((remark) => [' ', ...remark.text]),
    );
    described.push({ approval, what, line, shown: shownNow(approval, remarks) });
  }
  return described;
}

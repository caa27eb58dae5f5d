import type { Block, DraftMessage, Intent } from '../../message/model.ts';
import { button, buttons, paragraph, strong, time } from '../../message/text.ts';
import { drillWord } from '../../store/drills.ts';
import type { Projection, ProjectionInput } from '../../store/projection.ts';
import { lockState } from '../brake/brake.ts';
import { describeLock } from '../brake/lock.ts';
import { drillMark } from '../drill/drill.ts';
import { type Approval, type Decision, namesOf } from '../incident/view.ts';
import { type Approvals, decisionsOf } from './approvals.ts';

/** What an approver sees, in the approvals channel and privately: every copy changes when one of them decides. */
export function approvalProjection(approvals: Approvals): Projection {
  return { kind: 'approval', render: (input) => approvalCard(approvals, input) };
}

async function approvalCard(
  approvals: Approvals,
  { db, id, now, policy }: ProjectionInput,
): Promise<DraftMessage | undefined> {
  const approval = await db.selectFrom('approval').selectAll().where('id', '=', Number(id)).executeTakeFirst();
  if (approval === undefined) return undefined;
  const { title, blocks } = await approvals.describe({ db, approval, now, policy });
  const decisions = await decisionsOf(db, approval.id);
  const names = await namesOf(db, [
    approval.requestedBy,
    ...(approval.closedBy === null ? [] : [approval.closedBy]),
    ...decisions.map((made) => made.actorGuid),
  ]);
  const lock = approval.subjectKind === 'wipe' ? await lockState(db) : ({ locked: false } as const);
  const waits = ['waiting', 'approved'].includes(approval.state);
  const locked = lock.locked && waits ? [paragraph(...(await describeLock(db, lock)))] : [];
  const drill = (await drillMark(db, `approval:${approval.id}`)) === undefined ? '' : `${drillWord} · `;
  const where = approval.incidentNumber === null ? '' : `INC-${approval.incidentNumber} · `;
  return {
    title: `${drill}${approval.state === 'waiting' ? 'Approve? ' : ''}${where}${title}`,
    tone:
      approval.state === 'waiting'
        ? 'warning'
        : approval.state === 'approved' || approval.state === 'executed'
          ? 'success'
          : 'neutral',
    blocks: [askedBlock(approval, names), ...blocks, ...locked, ...decided(approval, decisions, names)],
  };
}

function askedBlock(approval: Approval, names: ReadonlyMap<string, string>): Block<Intent> {
  return paragraph(
    `Asked by ${names.get(approval.requestedBy) ?? 'somebody'}, `,
    time(approval.requestedAt),
    ...(approval.state === 'waiting' ? [', expires ', time(approval.expiresAt)] : []),
    '.',
  );
}

function decided(
  approval: Approval,
  decisions: readonly Decision[],
  names: ReadonlyMap<string, string>,
): Block<Intent>[] {
  const made = decisions.map((each) =>
    paragraph(
      each.decision === 'approve' ? '✔ ' : '✘ ',
      strong(each.decision === 'approve' ? 'Approved' : 'Denied'),
      ` by ${names.get(each.actorGuid) ?? 'somebody'}, `,
      time(each.at),
      each.reason === null ? '' : `: ${each.reason}`,
    ),
  );
  if (approval.state === 'waiting') {
    const missing = approval.needed - decisions.length;
    return [
      ...made,
      ...(approval.needed > 1
        ? [paragraph(`${missing} more ${missing === 1 ? 'person' : 'people'} must approve.`)]
        : []),
      buttons(
        // Each decision takes its button with it; the next person needs one of their own.
        button('Approve', 'approve', { approval: approval.id }, { style: 'primary', epoch: decisions.length }),
        button('Deny…', 'deny', { approval: approval.id }, { style: 'danger', epoch: decisions.length }),
      ),
    ];
  }
  const by =
    approval.closedBy === null || approval.state === 'denied'
      ? ''
      : ` by ${names.get(approval.closedBy) ?? 'somebody'}`;
  const words = {
    approved: 'Approved; it is being carried out.',
    executed:
      approval.incidentNumber === null
        ? 'Approved and carried out.'
        : `Approved and passed on. The card of INC-${approval.incidentNumber} shows how far it got.`,
    denied: 'Denied.',
    withdrawn: `Withdrawn${by}.`,
    expired: 'Expired: nobody decided in time. Propose again if it is still needed.',
    voided: `This approval is void: ${approval.reason ?? 'its facts changed.'} Propose again.`,
    lapsed: 'Approved, but not carried out in time. Propose again.',
  } as const;
  return [...made, paragraph(strong(words[approval.state]))];
}

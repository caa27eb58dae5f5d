import { personByAddress, personByGuid } from '../../directory/find.ts';
import type { Block, DraftMessage, Intent } from '../../message/model.ts';
import { button, buttons, paragraph, strong, time } from '../../message/text.ts';
import type { Policy } from '../../policy.ts';
import { drillWord } from '../../store/drills.ts';
import type { Projection, ProjectionInput } from '../../store/projection.ts';
import { describeLock } from '../brake/lock.ts';
import { type Approval, type Decision, type IncidentView, loadIncident, namesOf } from '../incident/view.ts';
import { currentRoles } from '../roles/current-roles.ts';
import { type Approvals, decisionsOf } from './approvals.ts';
import { askedNote, pagedNames } from './paging.ts';
import { type Remark, remarkBlocks, remarksIn, type Shown, shownNow } from './remarks.ts';
import { asksStepUp } from './step-up.ts';
import type { ApprovalContent } from './subject.ts';

/** What an approver sees, in the approvals channel and privately: every copy changes when one of them decides. */
export function approvalProjection(approvals: Approvals): Projection {
  return {
    kind: 'approval',
    render: async (input) => {
      const rows = input.db.selectFrom('approval').selectAll().where('id', '=', Number(input.id));
      const approval = await rows.executeTakeFirst();
      if (approval === undefined) return undefined;
      return (await mayRead(input, approval)) ? (await approvalCard(approvals, approval, input)).card : withheld;
    },
  };
}

/** For whoever was sent a copy and holds the role no more: the phone that was reported may hold their chat. */
const withheld: DraftMessage = {
  tone: 'neutral',
  blocks: [paragraph('This waited for your decision. You cannot decide now, so it is not shown here any more.')],
};

async function mayRead({ db, policy, place, now }: ProjectionInput, approval: Approval): Promise<boolean> {
  const entry = policy.people.find(({ identities }) => identities.includes(place));
  const asker = await personByGuid(db, approval.requestedBy);
  if (entry === undefined || asker === undefined) return true;
  const person = await personByAddress(db, asker.organisation, entry.mailbox);
  if (person === undefined) return false;
  const roles = await currentRoles(db, policy, { guid: person.guid, identity: place }, now);
  return [...roles].some((role) => role === approval.role);
}

/**
 * One approval with all that somebody must read before they decide, and the buttons that decide on exactly that: `shown`.
 * Its incident is read once, here or by whoever asks for the card.
 */
export async function approvalCard(
  approvals: Approvals,
  approval: Approval,
  input: Pick<ProjectionInput, 'db' | 'now' | 'policy'> & { view?: IncidentView | undefined },
): Promise<{ card: DraftMessage; shown: Shown }> {
  const { db, now, policy } = input;
  const number = approval.incidentNumber;
  const view = input.view ?? (number === null ? undefined : await loadIncident(db, number));
  const content = await approvals.content(db, approval);
  const { what, lines } = content;
  const remarks = view === undefined ? [] : remarksIn(view, approval);
  const paged = approval.state === 'waiting' ? await pagedNames(db, policy, approval) : [];
  const blocks = await approvals.describe({ db, approval, view, now, policy });
  const known = view?.approvals.find(({ id }) => id === approval.id);
  const decisions = known?.decisions ?? (await decisionsOf(db, approval.id));
  const names = known !== undefined && view !== undefined ? view.names : await namesIn(db, approval, decisions);
  const waits = ['waiting', 'approved'].includes(approval.state);
  const lock = approval.subjectKind === 'wipe' && waits ? view?.lock : undefined;
  const locked = lock?.locked === true ? [paragraph(...(await describeLock(db, lock)))] : [];
  const drill = view?.incident.drill === true ? `${drillWord} · ` : '';
  const where = number === null ? '' : `INC-${number} · `;
  const card: DraftMessage = {
    title: `${drill}${approval.state === 'waiting' ? 'Approve? ' : ''}${where}${what}`,
    tone:
      approval.state === 'waiting'
        ? 'warning'
        : approval.state === 'approved' || approval.state === 'executed'
          ? 'success'
          : 'neutral',
    blocks: [
      askedBlock(approval, names),
      ...askedNote(paged),
      ...(lines.length === 0 ? [] : [{ kind: 'fields' as const, fields: lines }]),
      ...blocks,
      ...remarkBlocks(remarks),
      ...locked,
      ...decided(approval, decisions, names, approvalButtons(policy, approval, content, remarks, decisions)),
    ],
  };
  return { card, shown: shownNow(approval, remarks) };
}

function namesIn(
  db: ProjectionInput['db'],
  { requestedBy, closedBy }: Approval,
  decisions: readonly Decision[],
): Promise<ReadonlyMap<string, string>> {
  const others = decisions.map(({ actorGuid }) => actorGuid);
  return namesOf(db, [requestedBy, ...(closedBy === null ? [] : [closedBy]), ...others]);
}

/** Buttons that decide on exactly this: a click where the platform asks once more, a form where the phone is typed. */
function approvalButtons(
  policy: Policy,
  approval: Approval,
  content: ApprovalContent,
  remarks: readonly Remark[],
  decisions: readonly Decision[],
): Block<Intent> {
  const args = { approval: approval.id, ...shownNow(approval, remarks) };
  // Each decision takes its button with it; the next person needs one of their own.
  const epoch = decisions.length;
  return buttons(
    content.typed === undefined && !asksStepUp(policy, approval, content)
      ? button('Approve', 'approve', args, {
          style: 'primary',
          epoch,
          confirm: { title: 'Approve?', text: content.confirm, ok: 'Approve' },
        })
      : button('Approve', 'approve', args, { style: 'primary', epoch, opensForm: true }),
    button('Deny…', 'deny', args, { style: 'danger', epoch }),
  );
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
  row: Block<Intent>,
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
      row,
    ];
  }
  const by =
    approval.closedBy === null || approval.state === 'denied'
      ? ''
      : ` by ${names.get(approval.closedBy) ?? 'somebody'}`;
  const again =
    approval.askedAt === null
      ? 'Propose again.'
      : 'Exchange was asked for it or may have been: whether it was done is not known. Look before you propose again.';
  const words = {
    approved: 'Approved; it is being carried out.',
    executed:
      approval.reason !== null
        ? `Approved, but not done: ${approval.reason}`
        : approval.incidentNumber === null
          ? 'Approved and carried out.'
          : `Approved and passed on. The card of INC-${approval.incidentNumber} shows how far it got.`,
    denied: 'Denied.',
    withdrawn: `Withdrawn${by}.`,
    expired: 'Expired: nobody decided in time. Propose again if it is still needed.',
    voided: `This approval is void: ${approval.reason ?? 'its facts changed.'} ${again}`,
    lapsed: approval.askedAt === null ? `Approved, but not carried out in time. ${again}` : again,
  } as const;
  return [...made, paragraph(strong(words[approval.state]))];
}

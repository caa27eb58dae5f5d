import type { Actor } from '../../directory/actor.ts';
import { MislaidError } from '../../ground/errors.ts';
import { notifySecurity } from '../../notices/security.ts';
import { approvalsHash, type Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { WipeScope } from '../../store/tables/wipes.ts';
import { requestApproval } from '../approvals/approvals.ts';
import { approversNeeded, isVip, mayRequest } from '../approvals/rules.ts';
import { openHold } from '../hold/hold.ts';
import { incidentSubject, record } from '../incident/timeline.ts';
import type { IncidentDevice, IncidentView, Wipe } from '../incident/view.ts';
import { wipeSubject } from './approval-subject.ts';
import { freeze } from './frozen.ts';
import { outcomeWord } from './machine.ts';
import { openWipeOf } from './wipes.ts';

export type Proposal = {
  view: IncidentView;
  device: IncidentDevice;
  scope: WipeScope;
  reason: string;
  /** How the helpdesk knew that it was the owner who called. */
  verification: { how: string; note: string };
  ownerInformed: boolean;
  notify: readonly string[];
  by: Actor;
};

/** Stores the proposal and asks for approval. Throws MislaidError when somebody may not ask, or the device has an open one. */
export async function proposeWipe(change: Change, policy: Policy, proposal: Proposal): Promise<Wipe> {
  const { view, device, by } = proposal;
  const verdict = mayRequest({
    actor: by,
    ownerGuid: view.owner.guid,
    policy,
    roles: ['helpdesk', 'security', 'admin'],
  });
  if (verdict.kind === 'refusal') throw refused(verdict.code, verdict.userMessage);

  const wipe = await insertWipe(change, policy, proposal, null);
  const approval = await requestApproval(change, policy, {
    subject: wipeSubject,
    subjectId: String(wipe.id),
    incident: view.incident.number,
    organisation: view.incident.organisation,
    payload: {
      frozen: wipe.frozen,
      scope: wipe.scope,
      reason: wipe.reason,
      verification: wipe.verification,
      notify: wipe.notify,
    },
    ownerGuid: view.owner.guid,
    role: 'approver',
    needed: approversNeeded(isVip(policy, view.owner)),
    by,
  });
  await notifySecurity(change, policy, {
    incident: view.incident.number,
    line: [
      `wipe proposed by ${by.person.displayName} for ${view.owner.displayName}'s phone ${device.number} (${proposal.scope}); waits for ${approval.needed === 1 ? 'one approver' : `${approval.needed} approvers`}`,
    ],
  });
  return wipe;
}

/** The row of a proposal; `breakGlassBy` names the person who acts alone. */
export async function insertWipe(
  change: Change,
  policy: Policy,
  proposal: Proposal,
  breakGlassBy: string | null,
): Promise<Wipe> {
  const { view, device, scope, by } = proposal;
  const other = await openWipeOf(change.tx, device.guid);
  if (other !== undefined) {
    throw refused(
      'wipe-already-open',
      `Phone ${device.number} already has a wipe on INC-${other.incidentNumber}: ${outcomeWord(other.state)}. Only one can be open at a time.`,
    );
  }
  const frozen = freeze({
    mailboxGuid: view.owner.guid,
    device: device.facts,
    scope,
    approvalsHash: approvalsHash(policy),
  });
  const wipe = await change.tx
    .insertInto('wipe')
    .values({
      organisation: view.incident.organisation,
      drill: view.incident.drill,
      incidentNumber: view.incident.number,
      deviceNumber: device.number,
      deviceGuid: device.guid,
      mailboxGuid: view.owner.guid,
      scope,
      state: 'awaiting-approval',
      requestedBy: by.person.guid,
      reason: proposal.reason,
      verification: JSON.stringify(proposal.verification),
      ownerInformed: proposal.ownerInformed,
      notify: JSON.stringify(proposal.notify),
      frozen: JSON.stringify(frozen),
      breakGlassBy,
      proposedAt: change.now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await change.tx
    .updateTable('incidentDevice')
    .set({ chosen: true })
    .where('incidentNumber', '=', view.incident.number)
    .where('number', '=', device.number)
    .execute();
  await openHold(change, view.incident.number, by);
  await record(change, {
    incident: view.incident.number,
    kind: 'wipe.proposed',
    by,
    data: {
      wipe: wipe.id,
      device: device.number,
      scope,
      reason: proposal.reason,
      verification: proposal.verification.how,
      ownerInformed: proposal.ownerInformed,
      notify: proposal.notify.length,
    },
  });
  await change.refresh(incidentSubject(view.incident.number));
  return wipe;
}

function refused(code: string, userMessage: string): MislaidError {
  return new MislaidError({ code, message: userMessage, userMessage: userMessage });
}

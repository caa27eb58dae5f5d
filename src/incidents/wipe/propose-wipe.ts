import type { Actor } from '../../directory/actor.ts';
import { humanOf, mailboxesOf } from '../../directory/holders.ts';
import { loadCapabilities } from '../../exchange/stored-capabilities.ts';
import { after, day } from '../../ground/durations.ts';
import { MislaidError } from '../../ground/errors.ts';
import { counted } from '../../message/words.ts';
import { notify } from '../../notices/notify.ts';
import { approvalsHash, type Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { WipeScope } from '../../store/tables/wipes.ts';
import { type Approvals, asOfNow } from '../approvals/approvals.ts';
import { requestApproval } from '../approvals/request.ts';
import { approversNeeded, isVip, mayRequest } from '../approvals/rules.ts';
import { phoneName } from '../devices/device.ts';
import { openHold } from '../hold/hold.ts';
import { incidentSubject, record } from '../incident/timeline.ts';
import { type IncidentDevice, type IncidentView, loadIncident, requireDevice, type Wipe } from '../incident/view.ts';
import { lockedIncident, lockPeople } from '../lock-order.ts';
import { wipeSubject } from './approval-subject.ts';
import { freeze } from './frozen.ts';
import { outcomeWord } from './machine.ts';
import { scopeFor } from './scope.ts';
import { requireWipeable } from './wipeable.ts';
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
export async function proposeWipe(
  change: Change,
  { policy, approvals }: { policy: Policy; approvals: Approvals },
  proposal: Proposal,
): Promise<Wipe> {
  const { by } = proposal;
  const fresh = await lockProposal(change, proposal);
  const { view, device } = fresh;
  const open = await openWipeOf(change.tx, device.guid);
  // Of another incident: not locked here, and whoever decides there ends it.
  if (open?.incidentNumber === view.incident.number)
    await approvals.standing(change, policy, wipeSubject.kind, String(open.id));
  const verdict = mayRequest({
    actor: await asOfNow(change, by),
    ownerGuid: await humanOf(change.tx, policy, view.owner.guid),
    policy,
    roles: ['helpdesk', 'security', 'admin'],
  });
  if (verdict.kind === 'refusal') throw refused(verdict.code, verdict.userMessage);

  const mailboxes = await mailboxesOf(change.tx, policy, view.owner);
  const again = await askedBefore(change, { device: device.guid, by });
  const wipe = await insertWipe(change, policy, fresh, null);
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
    needed: approversNeeded(mailboxes.some((mailbox) => isVip(policy, mailbox))),
    by,
  });
  await notify(change, policy, 'wipe-proposed', {
    incident: view.incident.number,
    line: [
      `wipe proposed by ${by.person.displayName} for ${view.owner.displayName}'s phone ${device.number}, ${phoneName(device.facts)} (${proposal.scope}); waits for ${approval.needed === 1 ? 'one approver' : `${approval.needed} approvers`}`,
    ],
  });
  if (again.denied > 0 || again.own > 1) {
    await notify(change, policy, 'wipe-proposed-again', {
      incident: view.incident.number,
      // Once for this phone and this person, until a day without.
      key: `${device.guid}:${by.person.guid}:${again.first}`,
      line: [
        `${by.person.displayName} asks again for a wipe of ${view.owner.displayName}'s phone ${device.number}, ${phoneName(device.facts)}: within 24 hours it was denied ${counted(again.denied, 'time')}, and ${counted(again.own, 'proposal')} of theirs came to nothing`,
      ],
    });
  }
  return wipe;
}

/** So often one person asks for one phone within 24 hours. */
const mostProposals = 5;

/** What became of this phone's proposals within 24 hours. Throws MislaidError where this person has asked often enough. */
async function askedBefore(
  change: Change,
  { device, by }: { device: string; by: Actor },
): Promise<{ denied: number; own: number; first: number }> {
  const rows = await change.tx
    .selectFrom('wipe')
    .select(['id', 'state', 'requestedBy'])
    .where('deviceGuid', '=', device)
    .where('proposedAt', '>', after(change.now, -day))
    .where('state', 'in', ['denied', 'withdrawn', 'expired'])
    .orderBy('id')
    .execute();
  const own = rows.filter((row) => row.requestedBy === by.person.guid).length;
  if (own >= mostProposals) {
    throw refused(
      'wipe-asked-often',
      `You have asked for a wipe of this phone ${own} times within 24 hours, and none was carried out. Somebody else must ask for the next one.`,
    );
  }
  return { denied: rows.filter((row) => row.state === 'denied').length, own, first: rows[0]?.id ?? 0 };
}

/**
 * Locks what a proposal rests on and reads it again: the incident may be closed, and the phone another, since the form was opened.
 * Throws MislaidError.
 */
export async function lockProposal(change: Change, proposal: Proposal): Promise<Proposal> {
  const number = proposal.view.incident.number;
  await lockPeople(change, [proposal.by.person.guid]);
  const { state } = await lockedIncident(change, number);
  if (state === 'closed') {
    throw refused('incident-closed', `INC-${number} is closed, so nothing was asked for. Open a new one.`);
  }
  const view = await loadIncident(change.tx, number);
  const device = requireDevice(view, proposal.device.number);
  requireWipeable(view, device);
  const capabilities = await loadCapabilities(change.tx, view.incident.organisation);
  const { choices } = scopeFor(device.facts, { accountOnly: capabilities?.accountOnly ?? false });
  const choice = choices.find(({ scope }) => scope === proposal.scope);
  if (choice?.allowed !== true) {
    throw refused('wipe-not-possible', choice?.whyNot ?? `${proposal.scope} is not possible on this phone.`);
  }
  return { ...proposal, view, device };
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

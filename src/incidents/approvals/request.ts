/** Asking for a decision: the frozen content, and whoever is shown it. */

import type { Actor } from '../../directory/actor.ts';
import { humanOf } from '../../directory/holders.ts';
import { canonicalHash } from '../../ground/canonical.ts';
import { minutesAfter } from '../../ground/clock.ts';
import type { Organisation, PersonGuid } from '../../ground/identifiers.ts';
import { approvalsHash, type Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { refreshHomes } from '../incident/homes.ts';
import type { Approval } from '../incident/view.ts';
import { pageFirst } from './paging.ts';
import { askedAt } from './remarks.ts';
import { type ApprovalSubject, approvalSubjectOf } from './subject.ts';

export type ApprovalRequest = {
  subject: ApprovalSubject;
  subjectId: string;
  incident: number | null;
  organisation: Organisation;
  payload: Record<string, unknown>;
  ownerGuid: PersonGuid | null;
  role: 'approver' | 'security' | 'admin';
  needed: number;
  by: Actor;
};

/** Asks for a decision: one row, a card in the approvals channels and private copies for those who are asked first. */
export async function requestApproval(change: Change, policy: Policy, request: ApprovalRequest): Promise<Approval> {
  const expiresAt = minutesAfter(change.now, policy.approvals.expireMinutes);
  const { subject, subjectId } = request;
  const content = await subject.content(change.tx, { subjectId, payload: request.payload });
  const asked = await askedAt(change.tx, request.incident);
  const payload = { ...request.payload, content, ...(asked === undefined ? {} : { asked }) };
  const approval = await change.tx
    .insertInto('approval')
    .values({
      subjectKind: subject.kind,
      subjectId,
      incidentNumber: request.incident,
      organisation: request.organisation,
      payload: JSON.stringify(payload),
      payloadHash: canonicalHash(payload),
      policyHash: approvalsHash(policy),
      requestedBy: request.by.person.guid,
      requestedVia: request.by.identity,
      ownerGuid: request.ownerGuid === null ? null : await humanOf(change.tx, policy, request.ownerGuid),
      role: request.role,
      needed: request.needed,
      state: 'waiting',
      requestedAt: change.now,
      expiresAt,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  change.audit({
    action: 'approval.requested',
    subject: approvalSubjectOf(approval.id),
    ...(request.incident === null ? {} : { incident: request.incident }),
    actor: { guid: request.by.person.guid, identity: request.by.identity },
    data: {
      kind: subject.kind,
      subject: subjectId,
      payloadHash: approval.payloadHash,
      needed: request.needed,
    },
  });
  await change.card(approvalSubjectOf(approval.id), policy.channels.approvals);
  await pageFirst(change, policy, approval, request.by.person.organisation);
  await refreshHomes(change);
  await change.enqueue('end-approval', { approval: approval.id }, { key: String(approval.id), dueAt: expiresAt });
  return approval;
}

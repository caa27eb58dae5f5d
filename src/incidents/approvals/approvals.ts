/**
 * Approvals for any subject: a frozen payload waits for the decision of a second person on exactly that payload.
 * What an approval sets going lies with its subject: `wipe/approval-subject.ts`, `brake/unlock-subject.ts` …
 */
import type { Kysely } from 'kysely';
import type { Actor } from '../../directory/actor.ts';
import { holdersOf, identityFor } from '../../directory/holders.ts';
import { canonicalHash } from '../../ground/canonical.ts';
import { minutesAfter } from '../../ground/clock.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { Organisation, PersonGuid } from '../../ground/identifiers.ts';
import type { Block, Intent } from '../../message/model.ts';
import { paragraph } from '../../message/text.ts';
import { approvalsHash, type Policy } from '../../policy.ts';
import type { Change, Subject } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { refreshHomes } from '../incident/homes.ts';
import { incidentSubject, record } from '../incident/timeline.ts';
import type { Approval, Decision } from '../incident/view.ts';
import { currentRoles } from '../roles/current-roles.ts';
import { coolingOf } from '../roles/grants.ts';
import { mayDecide } from './rules.ts';

export type ApprovalEnding = 'denied' | 'withdrawn' | 'expired' | 'voided' | 'lapsed';

/** What an approval is about: how approvers see it, and what happens when it is decided. */
export type ApprovalSubject = {
  readonly kind: string;
  /** What the approver must see before they decide; title without the incident. */
  describe(input: {
    db: Kysely<Database>;
    approval: Approval;
    now: Date;
    policy: Policy;
  }): Promise<{ title: string; blocks: Block<Intent>[] }>;
  /** Enough people agreed: only the store is changed here, a job does the rest. */
  approved(change: Change, approval: Approval, policy: Policy, by: Actor, approvals: Approvals): Promise<void>;
  ended(
    change: Change,
    approval: Approval,
    how: ApprovalEnding,
    input: { policy: Policy; by: Actor | null; why: string | null },
  ): Promise<void>;
};

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

/**
 * Decides and ends approvals. The subjects are registered in src/start/, because some of them belong to higher floors; jobs
 * and commands get it in their context.
 */
export class Approvals {
  readonly #subjects: ReadonlyMap<string, ApprovalSubject>;

  constructor(subjects: readonly ApprovalSubject[]) {
    this.#subjects = new Map(subjects.map((subject) => [subject.kind, subject]));
  }

  /** Throws MislaidError `unknown-subject` for a row of a newer version. */
  #subjectOf(approval: Pick<Approval, 'subjectKind'>): ApprovalSubject {
    const subject = this.#subjects.get(approval.subjectKind);
    if (subject !== undefined) return subject;
    throw new MislaidError({
      code: 'unknown-subject',
      message: `approvals of kind ${approval.subjectKind} are not known to this version`,
      userMessage:
        'A newer version of Mislaid asked for this approval. Decide it there, or ask an admin to update this one.',
    });
  }

  /** What the approver must see before they decide. */
  describe(input: Parameters<ApprovalSubject['describe']>[0]): ReturnType<ApprovalSubject['describe']> {
    return this.#subjectOf(input.approval).describe(input);
  }

  /** One person's decision, checked at the click; the row lock makes two clicks at once one after the other. */
  async decide(
    change: Change,
    policy: Policy,
    input: { approvalId: number; by: Actor; decision: 'approve' | 'deny'; reason: string | null },
  ): Promise<{ approval: Approval; complete: boolean; missing: number }> {
    const { approvalId, by, decision, reason } = input;
    const approval = await lockApproval(change, approvalId);
    const decisions = await decisionsOf(change.tx, approvalId);
    const { organisation } = by.person;
    const cooling = await coolingOf(change.tx, { organisation, identity: by.identity, roles: by.roles }, change.now);
    const verdict = mayDecide({ approval, actor: by, policy, now: change.now, decisions, decision, cooling });
    if (verdict.kind === 'refusal') {
      throw new MislaidError({
        code: verdict.code,
        message: `approval ${approvalId}: ${verdict.code}`,
        userMessage: await refusalWithNames(change, policy, approval, by, verdict),
      });
    }
    await change.tx
      .insertInto('approvalDecision')
      .values({ approvalId, actorGuid: by.person.guid, identity: by.identity, decision, reason, at: change.now })
      .execute();
    change.audit({
      action: decision === 'approve' ? 'approval.approved' : 'approval.denied',
      subject: approvalSubjectOf(approvalId),
      ...(approval.incidentNumber === null ? {} : { incident: approval.incidentNumber }),
      actor: { guid: by.person.guid, identity: by.identity },
      data: { kind: approval.subjectKind, subject: approval.subjectId, payloadHash: approval.payloadHash },
    });
    if (decision === 'deny') {
      await this.end(change, policy, approval, 'denied', { by, why: reason });
      return { approval, complete: true, missing: 0 };
    }
    const agreed = decisions.filter((row) => row.decision === 'approve').length + 1;
    const missing = approval.needed - agreed;
    if (missing <= 0) {
      const executeBy = minutesAfter(change.now, policy.approvals.executeWithinMinutes);
      await change.tx
        .updateTable('approval')
        .set({ state: 'approved', approvedAt: change.now, executeBy })
        .where('id', '=', approvalId)
        .execute();
      await change.enqueue('end-approval', { approval: approvalId }, { key: `${approvalId}-lapse`, dueAt: executeBy });
      await this.#subjectOf(approval).approved(
        change,
        { ...approval, state: 'approved', approvedAt: change.now, executeBy },
        policy,
        by,
        this,
      );
    } else if (approval.incidentNumber !== null) {
      await record(change, {
        incident: approval.incidentNumber,
        kind: 'approval.one-approved',
        by,
        data: { approval: approvalId, missing },
      });
    }
    await change.refresh(approvalSubjectOf(approvalId));
    await refreshHomes(change);
    return { approval, complete: missing <= 0, missing };
  }

  /** Ends an approval that is still waiting or approved; anything else is left as it is (it was ended before). */
  async end(
    change: Change,
    policy: Policy,
    approval: Approval,
    how: ApprovalEnding,
    input: { by: Actor | null; why: string | null },
  ): Promise<boolean> {
    const ended = await change.tx
      .updateTable('approval')
      .set({ state: how, closedAt: change.now, closedBy: input.by?.person.guid ?? null, reason: input.why })
      .where('id', '=', approval.id)
      .where('state', 'in', ['waiting', 'approved'])
      .executeTakeFirst();
    if (ended.numUpdatedRows === 0n) return false;
    change.audit({
      action: `approval.${how}`,
      subject: approvalSubjectOf(approval.id),
      ...(approval.incidentNumber === null ? {} : { incident: approval.incidentNumber }),
      actor: { guid: input.by?.person.guid ?? null, identity: input.by?.identity ?? null },
      data: { kind: approval.subjectKind, subject: approval.subjectId },
    });
    await this.#subjectOf(approval).ended(change, approval, how, { policy, ...input });
    await change.refresh(approvalSubjectOf(approval.id));
    await refreshHomes(change);
    if (approval.incidentNumber !== null) await change.refresh(incidentSubject(approval.incidentNumber));
    return true;
  }
}

export function approvalSubjectOf(id: number): Subject {
  return `approval:${id}`;
}

/** Asks for a decision: one row, a card in the approvals channels and one for each person who may decide. */
export async function requestApproval(change: Change, policy: Policy, request: ApprovalRequest): Promise<Approval> {
  const expiresAt = minutesAfter(change.now, policy.approvals.expireMinutes);
  const approval = await change.tx
    .insertInto('approval')
    .values({
      subjectKind: request.subject.kind,
      subjectId: request.subjectId,
      incidentNumber: request.incident,
      organisation: request.organisation,
      payload: JSON.stringify(request.payload),
      payloadHash: canonicalHash(request.payload),
      policyHash: approvalsHash(policy),
      requestedBy: request.by.person.guid,
      requestedVia: request.by.identity,
      ownerGuid: request.ownerGuid,
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
      kind: request.subject.kind,
      subject: request.subjectId,
      payloadHash: approval.payloadHash,
      needed: request.needed,
    },
  });
  await change.card(approvalSubjectOf(approval.id), policy.channels.approvals);
  await change.personalCard(approvalSubjectOf(approval.id), await privateCopies(change, policy, approval, request.by));
  await refreshHomes(change);
  await change.enqueue('end-approval', { approval: approval.id }, { key: String(approval.id), dueAt: expiresAt });
  return approval;
}

/** Identities of those who may decide: never the requester's or the owner's, and nobody's whose own phone may be the lost one. */
async function privateCopies(change: Change, policy: Policy, approval: Approval, by: Actor): Promise<string[]> {
  const { role } = approval;
  if (!isHolderRole(role)) return [];
  // The people who decide are of the requester's organisation, also where the device is a drill's.
  const holders = await holdersOf(change.tx, policy, by.person.organisation, role);
  const identities: string[] = [];
  for (const { person, identities: listed } of holders) {
    if (person.guid === approval.requestedBy || person.guid === approval.ownerGuid) continue;
    const lately = await identityFor(change.tx, policy, person);
    // Roles hang on the accounts that policy lists: a copy to any other could not be answered.
    const identity = lately !== undefined && listed.includes(lately) ? lately : listed[0];
    if (identity === undefined) continue;
    const current = await currentRoles(change.tx, policy, { guid: person.guid, identity }, change.now);
    if (current.has(role)) identities.push(identity);
  }
  return identities;
}

function isHolderRole(role: string): role is 'approver' | 'security' | 'admin' {
  return role === 'approver' || role === 'security' || role === 'admin';
}

/** Adds the names of those who may decide to a refusal that leaves others free to. */
async function refusalWithNames(
  change: Change,
  policy: Policy,
  approval: Approval,
  by: Actor,
  verdict: { code: string; userMessage: string },
): Promise<string> {
  if (
    !['approval-own-request', 'approval-own-device', 'approval-role'].includes(verdict.code) ||
    !isHolderRole(approval.role)
  )
    return verdict.userMessage;
  const holders = await holdersOf(change.tx, policy, by.person.organisation, approval.role);
  const others = holders
    .map(({ person }) => person)
    .filter((person) => person.guid !== approval.requestedBy && person.guid !== approval.ownerGuid);
  const names = others.map((person) => person.displayName);
  const last = names.at(-1);
  if (last === undefined) return `${verdict.userMessage} Nobody else may: policy.yaml names no other ${approval.role}.`;
  return `${verdict.userMessage} ${names.length === 1 ? last : `${names.slice(0, -1).join(', ')} or ${last}`} can decide.`;
}

/** The job did what was approved. */
export async function markExecuted(change: Change, approvalId: number): Promise<void> {
  await change.tx
    .updateTable('approval')
    .set({ state: 'executed', closedAt: change.now })
    .where('id', '=', approvalId)
    .where('state', '=', 'approved')
    .execute();
  await change.refresh(approvalSubjectOf(approvalId));
}

/** Throws MislaidError `no-such-approval`. */
export async function lockApproval(change: Change, id: number): Promise<Approval> {
  const approval = await change.tx
    .selectFrom('approval')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (approval !== undefined) return approval;
  throw new MislaidError({
    code: 'no-such-approval',
    message: `approval ${id} does not exist`,
    userMessage: 'There is no such request any more. Say "approvals" to see what waits.',
  });
}

export async function decisionsOf(db: Kysely<Database>, approvalId: number): Promise<Decision[]> {
  return db.selectFrom('approvalDecision').selectAll().where('approvalId', '=', approvalId).orderBy('at').execute();
}

/** The open approval of one subject, if there is one. */
export async function openApproval(
  db: Kysely<Database>,
  kind: string,
  subjectId: string,
): Promise<Approval | undefined> {
  return db
    .selectFrom('approval')
    .selectAll()
    .where('subjectKind', '=', kind)
    .where('subjectId', '=', subjectId)
    .where('state', 'in', ['waiting', 'approved'])
    .executeTakeFirst();
}

const endingWords = {
  denied: 'was denied',
  withdrawn: 'was withdrawn',
  expired: 'expired: nobody decided in time',
  voided: 'is void',
  lapsed: 'was approved and not carried out in time',
} as const satisfies Record<ApprovalEnding, string>;

/** "is void by nobody: the phone synced under a new partnership" as one sentence under the incident's card. */
export function describeEnding(
  what: string,
  how: ApprovalEnding,
  input: { by: Actor | null; why: string | null },
): string {
  const who = input.by === null ? '' : ` by ${input.by.person.displayName}`;
  return `${what} ${endingWords[how]}${who}${input.why === null ? '' : `: ${input.why.replace(/\.$/, '')}`}.`;
}

/** Says aloud in the incident's thread how an approval ended. */
export async function replyEnded(
  change: Change,
  approval: Approval,
  what: string,
  how: ApprovalEnding,
  input: { by: Actor | null; why: string | null },
): Promise<void> {
  if (approval.incidentNumber === null) return;
  await change.reply(incidentSubject(approval.incidentNumber), {
    tone: how === 'withdrawn' ? 'neutral' : 'warning',
    blocks: [paragraph(describeEnding(what, how, input))],
  });
}

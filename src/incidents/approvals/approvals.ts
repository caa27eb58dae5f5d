/**
 * Approvals for any subject: a frozen payload waits for the decision of a second person on exactly that payload.
 * What an approval sets going lies with its subject: `wipe/approval-subject.ts`, `brake/unlock-subject.ts` …
 */
import type { Kysely } from 'kysely';
import type { Actor } from '../../directory/actor.ts';
import { minutesAfter } from '../../ground/clock.ts';
import { MislaidError } from '../../ground/errors.ts';
import { type ApprovalKind, approvalsHash, type Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { refreshHomes } from '../incident/homes.ts';
import { incidentSubject, record } from '../incident/timeline.ts';
import type { Approval, Decision } from '../incident/view.ts';
import { incidentOf, lockIncident, lockPeople } from '../lock-order.ts';
import { suspendingIncidents } from '../roles/current-roles.ts';
import { coolingOf } from '../roles/grants.ts';
import { refusalWithNames } from './deciders.ts';
import { noteEndedOften } from './ended-often.ts';
import { hashOfShown, remarksOn, type Shown, shownNow } from './remarks.ts';
import { mayDecide } from './rules.ts';
import { asksStepUp, codeMethod } from './step-up.ts';
import { ApprovalContent, type ApprovalEnding, type ApprovalSubject, approvalSubjectOf } from './subject.ts';

/** `voided`: why nothing follows from it all the same. */
type Decided = { complete: boolean; missing: number; voided?: string };

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

  /** What was asked for, as it was frozen; requests of before this was frozen are read anew. */
  async content(db: Kysely<Database>, approval: Approval): Promise<ApprovalContent> {
    const frozen = ApprovalContent.safeParse(approval.payload.content);
    return frozen.success ? frozen.data : this.#subjectOf(approval).content(db, approval);
  }

  /** What else the approver must see before they decide. */
  describe(input: Parameters<ApprovalSubject['describe']>[0]): ReturnType<ApprovalSubject['describe']> {
    return this.#subjectOf(input.approval).describe(input);
  }

  /** Why this person may not decide on this now, with the names of those who may. `made`: its decisions, where they were read. */
  async refusalOf(
    db: Kysely<Database>,
    policy: Policy,
    input: { approval: Approval; by: Actor; decision: 'approve' | 'deny'; now: Date },
    made?: readonly Decision[],
  ): Promise<{ code: string; userMessage: string } | undefined> {
    const { approval, by, decision, now } = input;
    const decisions = made ?? (await decisionsOf(db, approval.id));
    const { organisation } = by.person;
    const cooling = await coolingOf(db, { organisation, identity: by.identity, roles: by.roles }, now);
    const verdict = mayDecide({ approval, actor: by, policy, now, decisions, decision, cooling });
    if (verdict.kind === 'ok') return undefined;
    return { code: verdict.code, userMessage: await refusalWithNames(db, policy, approval, by, verdict) };
  }

  /**
   * One person's decision, checked at the click; the row lock makes two clicks at once one after the other. `shown`: what they
   * read; nobody decides on anything else. Throws MislaidError, `approval-not-shown` where it is another than what waits now.
   */
  async decide(
    change: Change,
    policy: Policy,
    input: {
      /** As it was read: what of it never changes tells which locks to take. */
      approval: Approval;
      by: Actor;
      decision: 'approve' | 'deny';
      reason: string | null;
      shown: Shown;
      proof?: number;
    },
  ): Promise<Decided> {
    const { approval: known, decision, reason } = input;
    const approvalId = known.id;
    await incidentOf(change, approvalSubjectOf(approvalId), async () => known);
    await lockPeople(change, [input.by.person.guid, known.requestedBy]);
    await this.#subjectOf(known).lockFirst?.(change);
    const approval = await lockApproval(change, approvalId);
    const by = await asOfNow(change, input.by);
    const decisions = await decisionsOf(change.tx, approvalId);
    const fallen = decision === 'approve' ? await this.whyFallen(change, policy, approval) : undefined;
    const refusal =
      (await this.refusalOf(change.tx, policy, { approval, by, decision, now: change.now }, decisions)) ??
      (fallen === undefined ? undefined : { code: 'approval-void', userMessage: fallen });
    if (refusal !== undefined) {
      throw new MislaidError({ ...refusal, message: `approval ${approvalId}: ${refusal.code}` });
    }
    const shown = hashOfShown(shownNow(approval, await remarksOn(change.tx, approval)));
    if (hashOfShown(input.shown) !== shown) {
      throw new MislaidError({
        code: 'approval-not-shown',
        message: `approval ${approvalId}: another content was shown`,
        userMessage: 'This is not what you were shown, so nothing was decided. Say "approvals" to read what waits.',
      });
    }
    const stepUp =
      decision === 'approve' && asksStepUp(policy, approval, await this.content(change.tx, approval))
        ? { stepUp: await codeMethod.redeem(change, { approval, by, shown, proof: input.proof }) }
        : {};
    await change.tx
      .insertInto('approvalDecision')
      .values({ approvalId, actorGuid: by.person.guid, identity: by.identity, decision, reason, at: change.now })
      .execute();
    change.audit({
      action: decision === 'approve' ? 'approval.approved' : 'approval.denied',
      subject: approvalSubjectOf(approvalId),
      ...(approval.incidentNumber === null ? {} : { incident: approval.incidentNumber }),
      actor: { guid: by.person.guid, identity: by.identity },
      data: {
        kind: approval.subjectKind,
        subject: approval.subjectId,
        payloadHash: approval.payloadHash,
        shown,
        ...stepUp,
      },
    });
    if (decision === 'deny') {
      await this.end(change, policy, approval, 'denied', { by, why: reason });
      return { complete: true, missing: 0 };
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
        { ...approval, state: 'approved', approvedAt: change.now, executeBy, given: agreed },
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
    // Its own subject may have ended it instead.
    const { state, reason: why } = await loadApproval(change, approvalId);
    return { complete: missing <= 0, missing, ...(state === 'voided' ? { voided: why ?? 'its facts changed' } : {}) };
  }

  /** Why what waits no longer stands, by what is stored now; undefined: it does. Asked under the locks of `decide`. */
  async whyFallen(change: Change, policy: Policy, approval: Approval): Promise<string | undefined> {
    if (approval.policyHash !== approvalsHash(policy)) {
      return 'The policy changed since this was asked for: who holds which role, or what an approval takes.';
    }
    return await this.#subjectOf(approval).whyFallen?.(change, approval, policy);
  }

  /**
   * The open request for this subject that still stands. One that fell, or whose time is over, is ended here, which is told: it keeps
   * nobody from asking anew. Takes the locks of its incident and its own.
   */
  async standing(change: Change, policy: Policy, kind: ApprovalKind, subjectId: string): Promise<Approval | undefined> {
    const known = await openApproval(change.tx, kind, subjectId);
    if (known === undefined) return undefined;
    const approval = await lockApproval(change, known.id);
    // What was approved may be on its way to Exchange: its job ends it, or carries it out.
    if (approval.state !== 'waiting') return approval.state === 'approved' ? approval : undefined;
    if (change.now >= approval.expiresAt) {
      await this.end(change, policy, approval, 'expired', { by: null, why: null });
      return undefined;
    }
    const why = await this.whyFallen(change, policy, approval);
    if (why === undefined) return approval;
    await this.end(change, policy, approval, 'voided', { by: null, why });
    return undefined;
  }

  /** Ends an approval that is still waiting or approved; anything else is left as it is (it was ended before). */
  async end(
    change: Change,
    policy: Policy,
    approval: Approval,
    how: ApprovalEnding,
    input: { by: Actor | null; why: string | null },
  ): Promise<boolean> {
    if (approval.incidentNumber !== null) await lockIncident(change, approval.incidentNumber);
    const ended = await change.tx
      .updateTable('approval')
      .set({ state: how, closedAt: change.now, closedBy: input.by?.person.guid ?? null, reason: input.why })
      .where('id', '=', approval.id)
      .where('state', 'in', ['waiting', 'approved'])
      .returning('askedAt')
      .executeTakeFirst();
    if (ended === undefined) return false;
    const asked = ended.askedAt !== null;
    change.audit({
      action: `approval.${how}`,
      subject: approvalSubjectOf(approval.id),
      ...(approval.incidentNumber === null ? {} : { incident: approval.incidentNumber }),
      actor: { guid: input.by?.person.guid ?? null, identity: input.by?.identity ?? null },
      data: { kind: approval.subjectKind, subject: approval.subjectId, ...(asked ? { asked } : {}) },
    });
    if ((how === 'denied' || how === 'withdrawn') && input.by !== null) await noteEndedOften(change, policy, input.by);
    const { what } = await this.content(change.tx, approval);
    await this.#subjectOf(approval).ended(change, approval, how, { policy, what, asked, ...input });
    await change.refresh(approvalSubjectOf(approval.id));
    await refreshHomes(change);
    if (approval.incidentNumber !== null) await change.refresh(incidentSubject(approval.incidentNumber));
    return true;
  }
}

/** The same person with what is left of their roles at this moment: a phone of theirs may have been reported since they spoke. */
export async function asOfNow(change: Change, by: Actor): Promise<Actor> {
  const suspendedBy = await suspendingIncidents(change.tx, by.person.guid);
  return suspendedBy.length === 0 ? by : { ...by, suspendedBy, roles: new Set(['user']) };
}

/** Exchange is about to be asked for what was approved. false: it was before, and what came of that is not known. */
export async function markAsked(db: Kysely<Database>, approvalId: number, at: Date): Promise<boolean> {
  const marked = await db
    .updateTable('approval')
    .set({ askedAt: at })
    .where('id', '=', approvalId)
    .where('askedAt', 'is', null)
    .executeTakeFirst();
  return marked.numUpdatedRows > 0n;
}

/** The only call that was made for it did not reach Exchange, as its error proves. */
export async function markNotAsked(db: Kysely<Database>, approvalId: number): Promise<void> {
  await db.updateTable('approval').set({ askedAt: null }).where('id', '=', approvalId).execute();
}

/** The job did what was approved. `notDone`: why, where it could not be carried out; its card says so. */
export async function markExecuted(change: Change, approvalId: number, notDone: string | null = null): Promise<void> {
  await change.tx
    .updateTable('approval')
    .set({ state: 'executed', closedAt: change.now, reason: notDone })
    .where('id', '=', approvalId)
    .where('state', '=', 'approved')
    .execute();
  await change.refresh(approvalSubjectOf(approvalId));
}

/** Locks its incident, where it has one, and the row. Throws MislaidError `no-such-approval`. */
export async function lockApproval(change: Change, id: number): Promise<Approval> {
  const incident = await incidentOf(change, approvalSubjectOf(id), () => loadApproval(change, id));
  if (typeof incident === 'number') await lockIncident(change, incident);
  const rows = change.tx.selectFrom('approval').selectAll().where('id', '=', id);
  return (await rows.forUpdate().executeTakeFirst()) ?? noSuchApproval(id);
}

/** Without a lock: for what never changes. Throws MislaidError `no-such-approval`. */
async function loadApproval(change: Change, id: number): Promise<Approval> {
  const approval = await change.tx.selectFrom('approval').selectAll().where('id', '=', id).executeTakeFirst();
  return approval ?? noSuchApproval(id);
}

function noSuchApproval(id: number): never {
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

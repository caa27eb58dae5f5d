/** What somebody is shown of a request before they decide, and the decision on exactly that. */

import { MislaidError } from '../../ground/errors.ts';
import { lockApproval } from '../../incidents/approvals/approvals.ts';
import { approvalCard } from '../../incidents/approvals/card.ts';
import { hashOfShown, remarksOn, type Shown, shownNow } from '../../incidents/approvals/remarks.ts';
import { whyClosed } from '../../incidents/approvals/rules.ts';
import { codeMethod } from '../../incidents/approvals/step-up.ts';
import { approvalSubjectOf } from '../../incidents/approvals/subject.ts';
import { type Approval, type IncidentView, loadIncident } from '../../incidents/incident/view.ts';
import type { DraftAnswer, Field, StaticBlock } from '../../message/model.ts';
import { paragraph, strong } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import type { Choice } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { refusal } from '../refusal.ts';

type Decision = { decision: 'approve' | 'deny'; reason: string | null; shown: Shown; proof?: number };
type Decided = Awaited<ReturnType<CommandContext['approvals']['decide']>>;

/**
 * Shows what waits to somebody who may decide on it, with the buttons that do. `because`: why this is shown instead of what they
 * pressed. Throws MislaidError where they may not decide.
 */
export async function showApproval(
  context: CommandContext,
  approval: Approval,
  because?: string,
  view?: IncidentView,
): Promise<DraftAnswer> {
  const { store, approvals, policy, clock, actor } = context;
  const now = clock.now();
  const made = view?.approvals.find(({ id }) => id === approval.id)?.decisions;
  const asking = { approval, by: actor, decision: 'approve', now } as const;
  const refused = await approvals.refusalOf(store.db, policy, asking, made);
  if (refused !== undefined) throw refusal(refused.code, because ?? refused.userMessage);
  const { card, shown } = await approvalCard(approvals, approval, { db: store.db, now, policy, view });
  noteShown(context, approval, shown);
  if (because === undefined) return { private: card };
  return {
    private: { ...card, blocks: [paragraph(`${because} This waits now; read it before you decide.`), ...card.blocks] },
  };
}

/** In which an approver types which phone it is. */
export function typedField(typed: string): Field {
  return {
    kind: 'typed',
    id: 'typed',
    label: 'Type the name of the phone and the last four characters of its id',
    show: typed,
    required: true,
    hint: 'It makes sure that this is the right phone.',
  };
}

/** The form in which an approver types what `field` asks for, or a code that is sent now; above it stands all that the card says. */
export async function showForm(
  context: CommandContext,
  approval: Approval,
  shown: Shown,
  field: Field | 'step-up',
): Promise<DraftAnswer> {
  const { store, approvals, policy, clock, actor } = context;
  const now = clock.now();
  const refused = await approvals.refusalOf(store.db, policy, { approval, by: actor, decision: 'approve', now });
  if (refused !== undefined) throw refusal(refused.code, refused.userMessage);
  const stale = await staleness(context, approval, shown);
  if (stale !== undefined) return showApproval(context, approval, stale);
  const fields = [field === 'step-up' ? await askStepUp(context, approval, shown) : field];
  const { card } = await approvalCard(approvals, approval, { db: store.db, now, policy });
  noteShown(context, approval, shown);
  return {
    form: {
      id: 'approve',
      title: 'Approve',
      intro: [
        paragraph(strong(card.title ?? '')),
        ...card.blocks.filter((block): block is StaticBlock => block.kind !== 'buttons'),
      ],
      fields,
      submit: {
        label: 'Approve',
        style: 'danger',
        action: { command: 'approve', args: { approval: approval.id, ...shown } },
      },
    },
  };
}

/** Sends the code, and answers the field for it. Throws MislaidError `step-up-none` for who has no other account. */
async function askStepUp(context: CommandContext, approval: Approval, shown: Shown): Promise<Field> {
  const { store, approvals, policy, clock, actor, ids, changeAside } = context;
  const to = await codeMethod.reach(store.db, policy, actor);
  if (to === undefined) {
    throw refusal(
      'step-up-none',
      'To approve this you need a code on another chat platform, and policy.yaml lists no account of yours on another. Somebody else must approve it.',
    );
  }
  const { what } = await approvals.content(store.db, approval);
  const asking = { approval, by: actor, shown: hashOfShown(shown), to, what, ids, now: clock.now() };
  return changeAside((change) => codeMethod.ask(change, asking));
}

/** The proof that the code was right, or the sentence beside its field. */
export async function proveStepUp(
  { store, policy, clock, actor, changeAside }: CommandContext,
  approval: Approval,
  shown: Shown,
  answer: string,
): Promise<Choice<number>> {
  const asking = { approval, by: actor, shown: hashOfShown(shown), answer, now: clock.now() };
  const checked = await codeMethod.check(store.db, asking);
  if (checked.kind === 'right') return { kind: 'one', value: checked.proof };
  if (checked.last) {
    await changeAside((change) =>
      notify(change, policy, 'step-up-failed', {
        about: [actor.person.guid],
        ...(approval.incidentNumber === null ? {} : { incident: approval.incidentNumber }),
        line: [
          `somebody who speaks as ${actor.person.displayName} typed five wrong codes to approve a request: is it they?`,
        ],
      }),
    );
  }
  return { kind: 'answer', answer: { fieldErrors: { code: checked.userMessage } } };
}

/** Decides on what was shown, or shows what waits now and says what is new in it. */
export async function decideAsShown(
  context: CommandContext,
  approval: Approval,
  decision: Decision,
): Promise<Choice<Decided>> {
  const { store, approvals, policy, actor } = context;
  try {
    const value = await store.change((change) =>
      approvals.decide(change, policy, { approval, by: actor, ...decision }),
    );
    return { kind: 'one', value };
  } catch (error) {
    if (!(error instanceof MislaidError)) throw error;
    if (error.code === 'already-done') {
      const rows = store.db.selectFrom('approval').selectAll().where('id', '=', approval.id);
      return refuseEnded(context, await rows.executeTakeFirstOrThrow());
    }
    if (error.code === 'approval-void') {
      await store.change(async (change) => {
        const locked = await lockApproval(change, approval.id);
        await approvals.end(change, policy, locked, 'voided', { by: null, why: error.userMessage });
      });
      const { what } = await approvals.content(store.db, approval);
      throw refusal(error.code, `${what} is void: ${error.userMessage} Nothing was decided.`);
    }
    if (error.code !== 'approval-not-shown') throw error;
    const stale = await staleness(context, approval, decision.shown);
    return { kind: 'answer', answer: await showApproval(context, approval, stale ?? error.userMessage) };
  }
}

/** Says what became of a request that somebody would decide again. */
export async function refuseEnded({ approvals, store }: CommandContext, approval: Approval): Promise<never> {
  const { what } = await approvals.content(store.db, approval);
  const closed = whyClosed(approval) ?? 'Your decision is noted; somebody else must decide, too.';
  throw refusal('approval-closed', `${what}. ${closed}`);
}

/** What waits for the same phone, or the same thing, as a request that ended. */
export async function waitsInstead({ store: { db } }: CommandContext, ended: Approval): Promise<Approval | undefined> {
  const { subjectKind, subjectId, incidentNumber } = ended;
  const waiting = db.selectFrom('approval').selectAll().where('state', '=', 'waiting');
  const alike = waiting.where('subjectKind', '=', subjectKind).orderBy('id', 'desc');
  if (subjectKind !== 'wipe' || incidentNumber === null) {
    return alike.where('subjectId', '=', subjectId).executeTakeFirst();
  }
  const { wipes } = await loadIncident(db, incidentNumber);
  const phone = wipes.find(({ id }) => String(id) === subjectId)?.deviceNumber;
  const same = wipes.filter(({ deviceNumber }) => deviceNumber === phone).map(({ id }) => String(id));
  return alike.where('subjectId', 'in', same).executeTakeFirst();
}

/** What is another now than what was shown, as a sentence; undefined: nothing is. */
async function staleness(
  { store: { db } }: CommandContext,
  approval: Approval,
  shown: Shown,
): Promise<string | undefined> {
  const remarks = await remarksOn(db, approval);
  if (hashOfShown(shownNow(approval, remarks)) === hashOfShown(shown)) return undefined;
  const news = remarks.filter(({ kind }) => !shown.remarks.includes(kind));
  if (shown.content !== approval.payloadHash || news.length === 0) {
    return 'This is not what you were shown, so nothing was decided.';
  }
  const what = news.map((remark) =>
    remark.text.flatMap((span) => (span.kind === 'strong' ? [span.text] : [])).join(' '),
  );
  return `This changed since you read it, so nothing was decided. ${what.join(' ')}`;
}

/** In the audit: who read what before they decided. */
function noteShown({ audit, actor }: CommandContext, approval: Approval, shown: Shown): void {
  audit({
    action: 'approval.shown',
    subject: approvalSubjectOf(approval.id),
    ...(approval.incidentNumber === null ? {} : { incident: approval.incidentNumber }),
    actor: { guid: actor.person.guid, identity: actor.identity },
    data: { kind: approval.subjectKind, subject: approval.subjectId, shown: hashOfShown(shown) },
  });
}

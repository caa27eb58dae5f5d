/**
 * What an approval is about, and the texts of how one ends. A kind of its own lies with its room: `wipe/approval-subject.ts`,
 * `brake/unlock-subject.ts` …
 */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Actor } from '../../directory/actor.ts';
import { type Block, type Intent, Text } from '../../message/model.ts';
import { paragraph } from '../../message/text.ts';
import type { ApprovalKind, Policy } from '../../policy.ts';
import type { Change, Subject } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { incidentSubject } from '../incident/timeline.ts';
import type { Approval, IncidentView } from '../incident/view.ts';

/** What an approver decides on, frozen in the payload and so under its hash. */
export const ApprovalContent = z.object({
  /** In one line: what, whose, which phone with its id's ending, which scope. */
  what: z.string(),
  lines: z.array(z.object({ label: z.string(), value: Text })),
  /** What deciding for it does, as a platform asks before the click counts. */
  confirm: z.string(),
  /** What an approver types to approve it; absent where a click is enough. */
  typed: z.string().exactOptional(),
});
export type ApprovalContent = z.infer<typeof ApprovalContent>;

export type ApprovalEnding = 'denied' | 'withdrawn' | 'expired' | 'voided' | 'lapsed';

/** What a subject may do with its own approval once it was decided. */
export type Deciding = {
  /** What was asked for, as it was frozen. */
  content(db: Kysely<Database>, approval: Approval): Promise<ApprovalContent>;
  /** Ends an approval that is still waiting or approved; false: it was ended before. */
  end(
    change: Change,
    policy: Policy,
    approval: Approval,
    how: ApprovalEnding,
    input: { by: Actor | null; why: string | null },
  ): Promise<boolean>;
};

/** A request with what its card is rendered from. */
export type ApprovalAsRead = {
  db: Kysely<Database>;
  approval: Approval;
  /** Its incident; undefined: it has none. */
  view: IncidentView | undefined;
  now: Date;
  policy: Policy;
};

/** What an approval is about: how approvers see it, and what happens when it is decided. */
export type ApprovalSubject<Kind extends ApprovalKind = ApprovalKind> = {
  readonly kind: Kind;
  /** What is asked for; it is frozen with the request, and everywhere somebody decides or reads of it, it is read like this. */
  content(db: Kysely<Database>, request: Pick<Approval, 'subjectId' | 'payload'>): Promise<ApprovalContent>;
  /** What else the approver must see before they decide; it may change while the request waits. */
  describe(input: ApprovalAsRead): Promise<Block<Intent>[]>;
  /** Takes what is locked before an approval (lock-order.ts). */
  lockFirst?(change: Change): Promise<void>;
  /** Why it no longer stands, by what is stored at this moment; undefined: it does. Asked under its incident's lock. */
  whyFallen?(change: Change, approval: Approval, policy: Policy): Promise<string | undefined>;
  /** Enough people agreed, `given` in all: only the store is changed here, a job does the rest. */
  approved(
    change: Change,
    approval: Approval & { given: number },
    policy: Policy,
    by: Actor,
    deciding: Deciding,
  ): Promise<void>;
  ended(
    change: Change,
    approval: Approval,
    how: ApprovalEnding,
    input: { policy: Policy; by: Actor | null; why: string | null; what: string; asked: boolean },
  ): Promise<void>;
};

export function approvalSubjectOf(id: number): Subject {
  return `approval:${id}`;
}

const endingWords = {
  denied: 'was denied',
  withdrawn: 'was withdrawn',
  expired: 'expired: nobody decided in time',
  voided: 'is void',
  lapsed: 'was approved and not carried out in time',
} as const satisfies Record<ApprovalEnding, string>;

/** "The proposal … is void: the phone synced under a new partnership." as one sentence. */
export function describeEnding(
  what: string,
  how: ApprovalEnding,
  input: { by: Actor | null; why: string | null; asked?: boolean },
): string {
  // Neither done nor not done is known of one that ended after Exchange was asked for it.
  if (input.asked === true) {
    const again = input.why === null ? '' : ` I do not ask again: ${input.why}`;
    return `${what} was approved, and Exchange was asked for it or may have been: whether it was done is not known.${again}`;
  }
  const who = input.by === null ? '' : ` by ${input.by.person.displayName}`;
  return `${what} ${endingWords[how]}${who}${input.why === null ? '' : `: ${input.why.replace(/\.$/, '')}`}.`;
}

/** Says aloud in the incident's thread how an approval ended. */
export async function replyEnded(
  change: Change,
  approval: Approval,
  how: ApprovalEnding,
  input: { by: Actor | null; why: string | null; what: string; asked: boolean },
): Promise<void> {
  if (approval.incidentNumber === null) return;
  await change.reply(incidentSubject(approval.incidentNumber), {
    tone: how === 'withdrawn' ? 'neutral' : 'warning',
    blocks: [paragraph(describeEnding(`The proposal “${input.what}”`, how, input))],
  });
}

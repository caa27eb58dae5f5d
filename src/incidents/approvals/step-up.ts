/**
 * Step-up: whoever approves proves once more that it is they, by something that one stolen session does not hold.
 *
 * method    how somebody proves it: a code is the first; the port is made so that one that signs the hash fits beside it
 * shown     the hash of what they read: a proof is for exactly that, and for nothing that came later
 * answer    what they give back: the code; of another method a signature over `shown`
 * evidence  what of it stays in the audit with the decision
 */
import type { Kysely } from 'kysely';
import type { Actor } from '../../directory/actor.ts';
import type { Identity } from '../../ground/addresses.ts';
import { canonicalHash } from '../../ground/canonical.ts';
import type { Ids } from '../../ground/clock.ts';
import { after, minute } from '../../ground/durations.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { Field, Message } from '../../message/model.ts';
import { code as codeSpan, paragraph, strong } from '../../message/text.ts';
import { type Policy, platformOf, stepUpOf } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import type { Approval } from '../incident/view.ts';
import type { ApprovalContent } from './subject.ts';

export type StepUpRequest = { approval: Approval; by: Actor; shown: string };

export type StepUpMethod = {
  readonly name: string;
  /** Through what this person can be asked, besides the account through which they speak; undefined: not at all. */
  reach(db: Kysely<Database>, policy: Policy, by: Actor): Promise<Identity | undefined>;
  /** Asks for the proof; answers the field in which it is given back. */
  ask(change: Change, asking: StepUpRequest & { to: Identity; what: string; ids: Ids; now: Date }): Promise<Field>;
  /** Looks at an answer, and counts it: outside the transaction that decides, because a wrong one counts although nothing is decided. */
  check(
    db: Kysely<Database>,
    asking: StepUpRequest & { answer: string; now: Date },
  ): Promise<{ kind: 'right'; proof: number } | { kind: 'wrong'; userMessage: string; last: boolean }>;
  /** In the transaction that decides: takes the proof, which holds once. Throws MislaidError `step-up-missing`. */
  redeem(change: Change, asking: StepUpRequest & { proof: number | undefined }): Promise<Record<string, unknown>>;
};

/** How long a code holds, and how often one may be tried. */
const codeHolds = 5 * minute;
const mostTries = 5;

/** Whether policy asks for step-up before this is approved. */
export function asksStepUp(
  policy: Policy,
  { subjectKind }: Pick<Approval, 'subjectKind'>,
  { typed }: Pick<ApprovalContent, 'typed'>,
): boolean {
  const asked = stepUpOf(policy, subjectKind);
  return asked === 'always' || (asked === 'full' && typed !== undefined);
}

/** A code, sent to an account of theirs on another chat platform. */
export const codeMethod: StepUpMethod = {
  name: 'code',

  async reach(db, policy, by) {
    const entry = policy.people.find(({ identities }) => identities.includes(by.identity));
    const others = (entry?.identities ?? []).filter((each) => platformOf(each) !== platformOf(by.identity));
    if (others.length === 0) return undefined;
    const lately = await db
      .selectFrom('chatIdentity')
      .select('identity')
      .where('identity', 'in', others)
      .where('refused', 'is', null)
      .orderBy('lastSeenAt', 'desc')
      .executeTakeFirst();
    return lately?.identity ?? others[0];
  },

  async ask(change, { approval, by, shown, to, what, ids, now }) {
    const field: Field = {
      kind: 'text',
      id: 'code',
      label: `The code that I sent to your account on ${platformOf(to)}`,
      multiline: false,
      maxLength: 20,
      required: true,
      hint: 'It holds for 5 minutes, once, and only for what stands above.',
    };
    // One at a time: who asks for codes again and again gets no more tries.
    const open = await change.tx
      .selectFrom('approvalCode')
      .select('id')
      .where('approvalId', '=', approval.id)
      .where('actorGuid', '=', by.person.guid)
      // One that was asked for from another account of theirs went elsewhere, and does not hold here.
      .where('identity', '=', by.identity)
      .where('shown', '=', shown)
      .where('usedAt', 'is', null)
      .where('expiresAt', '>', now)
      .executeTakeFirst();
    if (open !== undefined) return field;
    const salt = ids.token();
    const code = digitsOf(ids.token());
    await change.tx
      .insertInto('approvalCode')
      .values({
        approvalId: approval.id,
        actorGuid: by.person.guid,
        identity: by.identity,
        sentTo: to,
        shown,
        salt,
        codeHash: canonicalHash({ salt, code }),
        createdAt: now,
        expiresAt: after(now, codeHolds),
        usedAt: null,
      })
      .execute();
    await change.privately(to, codeMessage(code, what, by), `step-up:${approval.id}:${salt}`);
    return field;
  },

  async check(db, { approval, by, shown, answer, now }) {
    const tried = await db
      .updateTable('approvalCode')
      .set((eb) => ({ tries: eb('tries', '+', 1) }))
      .where('approvalId', '=', approval.id)
      .where('actorGuid', '=', by.person.guid)
      .where('identity', '=', by.identity)
      .where('shown', '=', shown)
      .where('usedAt', 'is', null)
      .where('expiresAt', '>', now)
      .where('tries', '<', mostTries)
      .returning(['id', 'salt', 'codeHash', 'tries'])
      .executeTakeFirst();
    if (tried === undefined) {
      const userMessage =
        'No code holds for this now: it has expired, or was tried too often. Press Approve again in 5 minutes.';
      return { kind: 'wrong', userMessage, last: false };
    }
    if (canonicalHash({ salt: tried.salt, code: answer.replace(/\s/g, '') }) === tried.codeHash) {
      return { kind: 'right', proof: tried.id };
    }
    const left = mostTries - tried.tries;
    const more =
      left === 0 ? 'It cannot be tried any more.' : `${left === 1 ? 'One try is' : `${left} tries are`} left.`;
    return { kind: 'wrong', userMessage: `That is not the code. ${more}`, last: left === 0 };
  },

  async redeem(change, { approval, by, shown, proof }) {
    const used =
      proof === undefined
        ? undefined
        : await change.tx
            .updateTable('approvalCode')
            .set({ usedAt: change.now })
            .where('id', '=', proof)
            .where('approvalId', '=', approval.id)
            .where('actorGuid', '=', by.person.guid)
            .where('shown', '=', shown)
            .where('usedAt', 'is', null)
            .where('expiresAt', '>', change.now)
            .returning('sentTo')
            .executeTakeFirst();
    if (used !== undefined) return { method: 'code', over: platformOf(used.sentTo) };
    throw new MislaidError({
      code: 'step-up-missing',
      message: `approval ${approval.id}: no proof for what was shown`,
      userMessage: 'This needs a code, and none that holds was given. Press Approve again.',
    });
  },
};

/** Six digits of an unguessable text. */
function digitsOf(token: string): string {
  return String(BigInt(`0x${canonicalHash(token)}`) % 1_000_000n).padStart(6, '0');
}

function codeMessage(code: string, what: string, { identity }: Actor): Message<never> {
  return {
    title: 'Code to approve',
    tone: 'warning',
    blocks: [
      paragraph(strong(what)),
      paragraph(
        'Your code: ',
        codeSpan(code),
        `. You pressed Approve on ${platformOf(identity)}; it holds for 5 minutes.`,
      ),
      paragraph('If it was not you, somebody uses your account there: say "lock wipes because …" and call security.'),
    ],
  };
}

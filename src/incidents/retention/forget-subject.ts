import { z } from 'zod';
import { text } from '../../message/text.ts';
import { counted } from '../../message/words.ts';
import { notify } from '../../notices/notify.ts';
import { type ApprovalSubject, describeEnding } from '../approvals/subject.ts';
import { namesOf } from '../incident/view.ts';
import { whyNotForgotten } from './forget.ts';

const ForgetPayload = z.object({
  person: z.string(),
  /** Each mailbox of that human, by policy's list; absent in what waited before this was kept. */
  mailboxes: z.array(z.string()).exactOptional(),
  reason: z.string(),
});

/** Everybody whom the directory knows for the one who is to be forgotten. */
export function forgottenMailboxes(payload: unknown): string[] {
  const { person, mailboxes } = ForgetPayload.parse(payload);
  return mailboxes ?? [person];
}

/** Two admins have what is kept of a person erased. */
export const forgetSubject: ApprovalSubject<'forget'> = {
  kind: 'forget',
  async content(db, request) {
    const { person, reason } = ForgetPayload.parse(request.payload);
    const name = (await namesOf(db, [person])).get(person) ?? 'somebody';
    const others = forgottenMailboxes(request.payload).length - 1;
    return {
      what: `Forget ${name}: erase what is kept of them`,
      lines: [
        {
          label: 'Whom',
          value: text(
            others === 0 ? name : `${name}, with ${counted(others, 'other mailbox', 'other mailboxes')} of theirs`,
          ),
        },
        { label: 'Why', value: text(reason) },
        {
          label: 'Erases',
          value: text('their incidents’ texts, phones and reasons, and what the audit says of these'),
        },
        { label: 'Stays', value: text('that something happened, when, and who decided') },
      ],
      confirm: `Everything said of ${name} and their phones is erased. It cannot be brought back.`,
    };
  },
  async describe() {
    return [];
  },
  async whyFallen({ tx }, { payload }) {
    return whyNotForgotten(tx, forgottenMailboxes(payload));
  },
  async approved(change, approval, _policy, by) {
    const { person } = ForgetPayload.parse(approval.payload);
    await change.enqueue(
      'forget-person',
      { approval: approval.id, person, by: by.person.guid },
      { key: String(approval.id) },
    );
  },
  async ended(change, _approval, how, { policy, by, why }) {
    await notify(change, policy, 'forget-ended', {
      line: [describeEnding('The request to forget somebody', how, { by, why })],
    });
  },
};

import { z } from 'zod';
import { text } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import { type ApprovalSubject, describeEnding } from '../approvals/subject.ts';
import { namesOf } from '../incident/view.ts';
import { whyNotForgotten } from './forget.ts';

const ForgetPayload = z.object({ person: z.string(), reason: z.string() });

/** Two admins have what is kept of a person erased. */
export const forgetSubject: ApprovalSubject = {
  kind: 'forget',
  async content(db, request) {
    const { person, reason } = ForgetPayload.parse(request.payload);
    const name = (await namesOf(db, [person])).get(person) ?? 'somebody';
    return {
      what: `Forget ${name}: erase what is kept of them`,
      lines: [
        { label: 'Whom', value: text(name) },
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
    return whyNotForgotten(tx, ForgetPayload.parse(payload).person);
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

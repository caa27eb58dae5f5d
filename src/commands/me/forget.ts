import { z } from 'zod';
import { mailboxesOf } from '../../directory/holders.ts';
import { requestApproval } from '../../incidents/approvals/request.ts';
import { lockOwner } from '../../incidents/lock-order.ts';
import { whyNotForgotten } from '../../incidents/retention/forget.ts';
import { forgetSubject } from '../../incidents/retention/forget-subject.ts';
import { requireCurrentRole } from '../../incidents/roles/current-roles.ts';
import { heldRoles } from '../../incidents/roles/rights.ts';
import { notify } from '../../notices/notify.ts';
import { PersonArgument, privateAnswer, ReasonArgument } from '../arguments.ts';
import { refusal } from '../refusal.ts';
import { definePersonCommand } from '../targets.ts';

export const forgetCommand = definePersonCommand({
  id: 'forget',
  topic: 'me',
  patterns: ['forget <person> because <reason...>'],
  examples: ['forget Bob because he left and asked for it'],
  args: z.object({ person: PersonArgument, reason: ReasonArgument }),
  roles: ['admin'],
  effect: 'change',
  summary: 'Have what is kept of a person erased; a second admin must approve',
  details:
    'Erases what was said of them and of their phones, here and in the audit, whose chain goes on to fit. Not while they have an open incident, Exchange still holds a request for a phone of theirs, or a review is due. What was posted in chat stays there.',
  async run({ actor, store, policy, organisation, approvals }, { reason }, person) {
    await store.change(async (change) => {
      const mailboxes = (await mailboxesOf(change.tx, policy, person)).map(({ guid }) => guid);
      for (const guid of [...mailboxes].sort()) await lockOwner(change, guid);
      await requireCurrentRole(change.tx, actor, ['admin'], change.now);
      const why = await whyNotForgotten(change.tx, mailboxes);
      if (why !== undefined)
        throw refusal('not-to-be-forgotten', `${person.displayName} cannot be forgotten now. ${why}`);
      // Who decides or is told is needed under their name; and forgetting them would take that from them.
      if ((await heldRoles(change.tx, policy, person)).size > 1)
        throw refusal(
          'not-to-be-forgotten',
          `${person.displayName} cannot be forgotten now. They hold roles: take these from them in policy.yaml first.`,
        );
      const [first = person.guid] = mailboxes;
      if ((await approvals.standing(change, policy, forgetSubject.kind, first)) !== undefined)
        throw refusal('forget-already-asked', 'Somebody has asked for this already ("approvals").');
      await requestApproval(change, policy, {
        subject: forgetSubject,
        subjectId: first,
        incident: null,
        organisation,
        payload: { person: person.guid, mailboxes, reason },
        ownerGuid: person.guid,
        role: 'admin',
        needed: 1,
        by: actor,
      });
      await notify(change, policy, 'forget-asked', {
        line: [`${actor.person.displayName} asks to forget a person: ${reason}. A second admin must approve`],
      });
    });
    return privateAnswer(
      `I have asked the other admins: one of them must approve that ${person.displayName} is forgotten.`,
    );
  },
});

import { z } from 'zod';
import { requireCurrentRole } from '../../incidents/roles/current-roles.ts';
import { coolingOf } from '../../incidents/roles/grants.ts';
import { acceptLoosening, waitingLoosening } from '../../incidents/roles/policy-changes.ts';
import { button, buttons, list, paragraph, strong, text, time } from '../../message/text.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

/** Two admins whose own role is not new let a looser policy hold before its 24 hours are over. */
export const acceptPolicyCommand = defineCommand({
  id: 'accept-policy',
  topic: 'me',
  patterns: ['accept policy'],
  examples: ['accept policy'],
  /** `content`: the hash of what was shown. Without it, it is shown. */
  args: z.object({ content: z.string().optional() }),
  roles: ['admin'],
  effect: 'change',
  summary: 'Read what policy.yaml loosens, and accept it before 24 hours are over; two admins must',
  async run({ actor, store, policy }, { content }) {
    const { organisation } = actor.person;
    if (content === undefined) {
      const { hash, changes, until } = await waitingLoosening(store.db, organisation);
      if (until === undefined) return privateAnswer('Nothing waits: what policy.yaml says holds already.');
      return {
        private: {
          title: 'A looser policy waits',
          tone: 'warning',
          blocks: [
            paragraph('Until now the stricter of the old and the new holds. Once accepted, this does:'),
            list(...changes.map((each) => text(each))),
            paragraph(
              strong('It holds without you, too'),
              ', ',
              time(until),
              '. Two admins must accept it to hold before.',
            ),
            buttons(button('Accept', 'accept-policy', { content: hash }, { style: 'danger' })),
          ],
        },
      };
    }
    const { complete } = await store.change(async (change) => {
      await requireCurrentRole(change.tx, actor, ['admin'], change.now);
      const { identity, roles } = actor;
      const cooling = await coolingOf(change.tx, { organisation, identity, roles }, change.now);
      return acceptLoosening(change, policy, { organisation, by: actor, cooling, hash: content });
    });
    return privateAnswer(
      complete
        ? 'The policy holds as the file says, in every process within a few seconds.'
        : 'Noted. A second admin, whose own role is not new, must accept it too.',
    );
  },
});

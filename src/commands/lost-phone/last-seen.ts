import { z } from 'zod';
import { choosePerson, PersonArgument, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const lastSeenCommand = defineCommand({
  id: 'last-seen',
  topic: 'lost-phone',
  patterns: [
    'last seen <person>',
    'when was <person> last seen',
    "when did <person>'s (phone|phones|device|devices) last (connect|sync)",
  ],
  examples: ['last seen alice.ng', 'when was bob last seen'],
  args: z.object({ person: PersonArgument }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  summary: "When a person's phones last tried to connect, were let in, or were refused and why",
  details:
    'Joins what Exchange keeps with the servers’ logs. A phone that waits for mail writes no line until its wait ends, so logs can lag by up to 59 minutes.',
  async run(context, { person: name }) {
    const found = await choosePerson(context, name, (guid) => ({ command: 'last-seen', args: { person: guid } }));
    if (found.kind === 'answer') return found.answer;
    await context.store.change((change) =>
      change.enqueue('last-seen', {
        organisation: found.value.organisation,
        person: found.value.guid,
        identity: context.actor.identity,
        token: context.ids.token(),
      }),
    );
    return privateAnswer(
      `I am asking Exchange and the logs about ${found.value.displayName}'s phones and will answer here.`,
    );
  },
});

import { z } from 'zod';
import { answerLater, PersonArgument } from '../arguments.ts';
import { definePersonCommand } from '../targets.ts';

export const lastSeenCommand = definePersonCommand({
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
  intents: [
    {
      title: 'Show when a phone was last seen',
      needs: ['lastSeen', 'person'],
      likes: ['phone', 'question'],
      never: ['lost', 'stolen', 'wipe', 'password'],
      about: 'person',
    },
  ],
  summary: "When a person's phones last tried to connect, were let in, or were refused and why",
  details:
    'Joins what Exchange keeps with the servers’ logs. A phone that waits for mail writes no line until its wait ends, so logs can lag by up to 59 minutes.',
  run: (context, _args, { organisation, guid, displayName }) =>
    answerLater(
      context,
      `I am asking Exchange and the logs about ${displayName}'s phones and will answer here.`,
      (change, to) => change.enqueue('last-seen', { organisation, person: guid, ...to }),
    ),
});

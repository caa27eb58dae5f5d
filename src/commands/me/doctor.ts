import { z } from 'zod';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const doctorCommand = defineCommand({
  id: 'doctor',
  topic: 'me',
  patterns: ['doctor'],
  examples: ['doctor'],
  args: z.object({}),
  roles: ['admin'],
  effect: 'read',
  summary: 'What of the bot’s surroundings does not work, and how to put it right',
  async run(context) {
    await context.store.change((change) =>
      change.enqueue('run-doctor', { identity: context.actor.identity, token: context.ids.token() }),
    );
    return privateAnswer('I am looking at everything I need and will say here what I find.');
  },
});

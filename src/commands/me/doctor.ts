import { z } from 'zod';
import { answerLater } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const doctorCommand = defineCommand({
  id: 'doctor',
  topic: 'me',
  patterns: ['doctor'],
  examples: ['doctor'],
  args: z.object({}),
  roles: ['admin'],
  effect: 'read',
  intents: [{ title: 'Check what the bot needs', needs: ['checkYourself'], about: 'nothing' }],
  summary: 'What of the bot’s surroundings does not work, and how to put it right',
  run: (context) =>
    answerLater(context, 'I am looking at everything I need and will say here what I find.', (change, to) =>
      change.enqueue('run-doctor', to),
    ),
});

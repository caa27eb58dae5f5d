import { z } from 'zod';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

/** "No" to what the bot took a sentence for. */
export const notMeantCommand = defineCommand({
  id: 'not-meant',
  topic: 'me',
  patterns: [],
  examples: [],
  clickOnly: true,
  args: z.object({}),
  roles: ['user'],
  effect: 'read',
  anyPlace: true,
  summary: 'Say that the bot misread a sentence',
  run: async () => privateAnswer('Then I did nothing. Say it another way, please, or say "help".'),
});

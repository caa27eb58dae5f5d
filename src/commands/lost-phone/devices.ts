import { z } from 'zod';
import { answerLater, PersonArgument } from '../arguments.ts';
import { definePersonCommand } from '../targets.ts';

export const devicesCommand = definePersonCommand({
  id: 'devices',
  topic: 'lost-phone',
  patterns: ['devices <person>', 'devices of <person>', 'phones of <person>'],
  examples: ['devices alice.ng', 'phones of Bob'],
  args: z.object({ person: PersonArgument }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  intents: [
    {
      title: 'Show the phones of somebody',
      needs: ['which', ['phones', 'phone'], 'person'],
      likes: ['use', 'phones'],
      never: ['status', 'lost', 'stolen', 'wipe', 'lastSeen', 'find'],
      about: 'person',
    },
  ],
  summary: "A person's phones with their last sync, without opening an incident",
  run: (context, _args, { organisation, guid, displayName }) =>
    answerLater(context, `I am asking Exchange for ${displayName}'s phones and will answer here.`, (change, to) =>
      change.enqueue('list-devices', { organisation, person: guid, ...to }),
    ),
});

import { z } from 'zod';
import { choosePerson, PersonArgument, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const devicesCommand = defineCommand({
  id: 'devices',
  topic: 'lost-phone',
  patterns: ['devices <person>', 'devices of <person>', 'phones of <person>'],
  examples: ['devices alice.ng', 'phones of Bob'],
  args: z.object({ person: PersonArgument }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  summary: "A person's phones with their last sync, without opening an incident",
  async run(context, { person: name }) {
    const found = await choosePerson(context, name, (guid) => ({ command: 'devices', args: { person: guid } }));
    if (found.kind === 'answer') return found.answer;
    await context.store.change((change) =>
      change.enqueue('list-devices', {
        organisation: found.value.organisation,
        person: found.value.guid,
        identity: context.actor.identity,
        token: context.ids.token(),
      }),
    );
    return privateAnswer(`I am asking Exchange for ${found.value.displayName}'s phones and will answer here.`);
  },
});

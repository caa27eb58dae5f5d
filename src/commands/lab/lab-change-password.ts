import { z } from 'zod';
import { changeLabPassword } from '../../exchange/lab/operations.ts';
import { choosePerson, PersonArgument, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const labChangePasswordCommand = defineCommand({
  id: 'lab-change-password',
  topic: 'lab',
  patterns: ['lab change-password <person>', 'lab change password [of] <person>'],
  examples: ['lab change-password alice.ng'],
  args: z.object({ person: PersonArgument }),
  roles: ['user'],
  effect: 'change',
  summary: 'Change a lab password, so that none of the phones can log in any more',
  async run(context, { person: name }) {
    const found = await choosePerson(context, name, (guid) => ({
      command: 'lab-change-password',
      args: { person: guid },
    }));
    if (found.kind === 'answer') return found.answer;
    await changeLabPassword(context.store.db, context.clock, found.value.guid);
    return privateAnswer(
      `${found.value.displayName}'s password is changed. Her or his phones get 401 now and hear of no wipe.`,
    );
  },
});

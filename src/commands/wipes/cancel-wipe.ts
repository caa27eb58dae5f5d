import { defineCommand } from '../command.ts';
import { EndWipeArgs, endWipe } from './end-wipe.ts';

export const cancelWipeCommand = defineCommand({
  id: 'cancel-wipe',
  topic: 'wipes',
  patterns: ['cancel wipe <incident> [<device>] [because <reason...>]'],
  examples: ['cancel wipe INC-104', 'cancel wipe INC-104 1 because the phone was found'],
  args: EndWipeArgs,
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  private: true,
  summary: 'Cancel a wipe that the phone has not heard of yet',
  details: 'Only possible until Exchange has handed it to the phone; I read Exchange again to be sure.',
  run: (context, args) =>
    endWipe(context, args, {
      command: 'cancel-wipe',
      mode: 'cancel',
      typed: 'cancel wipe',
      done: 'cancelled',
      event: 'wipe.cancel-asked',
      title: 'Cancel the wipe',
      says: 'The request is taken back in Exchange, and read again. Security is told.',
      answer: 'I am cancelling it in Exchange and will read it back; the thread says how it ended.',
    }),
});

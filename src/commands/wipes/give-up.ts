import { defineCommand } from '../command.ts';
import { EndWipeArgs, endWipe } from './end-wipe.ts';

export const giveUpCommand = defineCommand({
  id: 'give-up',
  topic: 'wipes',
  patterns: ['give up <incident> [<device>] [because <reason...>]'],
  examples: ['give up INC-104', 'give up INC-104 because nobody knows where it is'],
  args: EndWipeArgs,
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  private: true,
  summary: 'Stop waiting for a phone to hear of its wipe',
  details:
    'The wipe is cancelled in Exchange first and read back; only then may the phone be blocked and the password reset.',
  run: (context, args) =>
    endWipe(context, args, {
      command: 'give-up',
      mode: 'give-up',
      typed: 'give up',
      done: 'given up',
      event: 'wipe.give-up-asked',
      title: 'Give up the wipe',
      says: 'The wipe is cancelled in Exchange first. If it cannot be cancelled, this phone will still be erased if it connects. Security is told.',
      answer: 'I am cancelling it in Exchange first and will read it back; the thread says how it ended.',
    }),
});

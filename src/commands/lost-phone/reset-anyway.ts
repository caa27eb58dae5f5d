import { z } from 'zod';
import { closeHold } from '../../incidents/hold/hold.ts';
import { notify } from '../../notices/notify.ts';
import { IncidentArgument, privateAnswer } from '../arguments.ts';
import { defineIncidentCommand } from '../targets.ts';

export const resetAnywayCommand = defineIncidentCommand({
  id: 'reset-anyway',
  topic: 'lost-phone',
  patterns: ['reset anyway <incident>'],
  examples: ['reset anyway INC-104'],
  args: z.object({ incident: IncidentArgument }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  summary: 'Close the hold although a wipe may then never arrive',
  details:
    'Once the password is reset the phone cannot log in any more, and so it does not hear of a wipe that is still on its way.',
  mustBeOpen: true,
  async run(context, { incident }) {
    const closed = await context.store.change(async (change) => {
      const done = await closeHold(
        change,
        incident,
        context.actor,
        `${context.actor.person.displayName} said to reset anyway: a wipe still on its way may never arrive.`,
      );
      if (done)
        await notify(change, context.policy, 'hold-released', {
          incident,
          line: [`hold closed by "reset anyway", said by ${context.actor.person.displayName}`],
        });
      return done;
    });
    return privateAnswer(
      closed
        ? `The hold of INC-${incident} is closed. Reset the password now; a wipe still on its way may never arrive.`
        : `The hold of INC-${incident} is closed already.`,
    );
  },
});

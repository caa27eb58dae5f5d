import { z } from 'zod';
import { record } from '../../incidents/incident/timeline.ts';
import { followUpSteps } from '../../incidents/wipe/follow-up.ts';
import { IncidentArgument } from '../arguments.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';

/** Notes that a person did what the bot cannot do: the card shows who and when. */
export const tickCommand = defineIncidentCommand({
  id: 'tick',
  topic: 'lost-phone',
  patterns: ['<step:password|sessions> done <incident>'],
  examples: ['password done INC-104', 'sessions done INC-104'],
  args: z.object({ incident: IncidentArgument, step: z.enum(['password', 'sessions']) }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  intents: [
    {
      title: 'Note that the password was reset',
      needs: ['didReset', ['password', 'here'], 'case', 'told'],
      likes: ['password'],
      never: ['anyway', 'safe'],
      about: 'case',
      args: { step: 'password' },
    },
  ],
  summary: 'Tick that the password was reset, or the sessions revoked',
  mustBeOpen: true,
  async run(context, { incident, step }, view) {
    if (view.incident.hold === 'open') {
      throw refusal(
        'hold-open',
        `The hold of INC-${incident} is still open: the phone must be able to log in to hear of the wipe. If it was done already, say "reset anyway INC-${incident}" first.`,
      );
    }
    if (view.timeline.ticks.some((tick) => tick.step === step)) return {};
    await context.store.change((change) =>
      record(change, { incident, kind: 'step.ticked', by: context.actor, data: { step, what: followUpSteps[step] } }),
    );
    return {};
  },
});

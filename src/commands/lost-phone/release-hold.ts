import { z } from 'zod';
import { closeHold } from '../../incidents/hold/hold.ts';
import { notify } from '../../notices/notify.ts';
import { IncidentArgument, privateAnswer, ReasonArgument } from '../arguments.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';

export const releaseHoldCommand = defineIncidentCommand({
  id: 'release-hold',
  topic: 'lost-phone',
  patterns: ['release hold <incident> because <reason...>'],
  examples: ['release hold INC-104 because the account is being used by somebody else now'],
  args: z.object({ incident: IncidentArgument, reason: ReasonArgument }),
  roles: ['security', 'admin'],
  effect: 'change',
  summary: 'Security closes the hold, with a reason',
  async run(context, { incident, reason }, view) {
    if (view.incident.hold === 'closed') {
      throw refusal('hold-closed', `The hold of INC-${incident} is closed already.`);
    }
    await context.store.change(async (change) => {
      await closeHold(change, incident, context.actor, `Released by ${context.actor.person.displayName}: ${reason}`);
      await notify(change, context.policy, 'hold-released', {
        incident,
        line: [`hold released by ${context.actor.person.displayName}: ${reason}`],
      });
    });
    return privateAnswer(`The hold of INC-${incident} is released.`);
  },
});

import { z } from 'zod';
import { waitsForNothing, whatApplies } from '../../incidents/hold/applies.ts';
import { closeHold } from '../../incidents/hold/hold.ts';
import { loadIncident } from '../../incidents/incident/view.ts';
import { lockedIncident } from '../../incidents/lock-order.ts';
import { isOpen } from '../../incidents/wipe/state.ts';
import { paragraph } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import { IncidentArgument, privateAnswer } from '../arguments.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';
import { reasonField } from '../verified-caller.ts';
import { holdAnswer } from './hold-answer.ts';

export const resetAnywayCommand = defineIncidentCommand({
  id: 'reset-anyway',
  topic: 'lost-phone',
  patterns: ['reset anyway <incident> [because <reason...>]'],
  examples: ['reset anyway INC-104', 'reset anyway INC-104 because somebody is using the account'],
  args: z.object({ incident: IncidentArgument, reason: z.string().max(1000).optional(), lost: z.boolean().optional() }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  intents: [
    {
      title: 'Reset the password although a phone may not hear of its wipe',
      needs: ['reset', 'anyway', 'case'],
      about: 'case',
    },
  ],
  summary: 'Close the hold although a wipe may then never arrive',
  details:
    'Asks for a reason. Once the password is reset the phone cannot log in any more, and so it does not hear of a wipe that is still on its way.',
  mustBeOpen: true,
  async run(context, { incident, reason = '', lost }, view) {
    if (view.incident.hold === 'closed') return privateAnswer(`The hold of INC-${incident} is closed already.`);
    // Where readings proved that there is no phone to wait for, the reset costs nothing that could be ticked.
    const free = waitsForNothing(whatApplies(view));
    const fieldErrors = {
      ...(reason.trim().length < 3 ? { reason: 'Say why, in a few words: security reads it.' } : {}),
      ...(free || lost === true ? {} : { lost: 'Tick this: it is what the reset costs.' }),
    };
    if (Object.keys(fieldErrors).length > 0) {
      if (context.via === 'form') return { fieldErrors };
      const label = free ? 'Reset now' : 'Reset anyway';
      return {
        form: {
          id: 'reset-anyway',
          title: label,
          intro: [paragraph(...holdAnswer(view, context.policy))],
          fields: [
            reasonField({ initial: reason === '' ? undefined : reason }),
            ...(free
              ? []
              : [
                  {
                    kind: 'confirm',
                    id: 'lost',
                    label: 'I know that the phone may then never hear of a wipe',
                    required: true,
                  } as const,
                ]),
          ],
          submit: { label, style: 'danger', action: { command: 'reset-anyway', args: { incident } } },
        },
      };
    }
    const who = context.actor.person.displayName;
    const closed = await context.store.change(async (change) => {
      if ((await lockedIncident(change, incident)).state === 'closed') return false;
      const now = await loadIncident(change.tx, incident);
      const stillFree = waitsForNothing(whatApplies(now));
      // A phone may have come, or a wipe been asked for, since the form was shown without its tick.
      if (!stillFree && lost !== true)
        throw refusal(
          'phone-to-wait-for',
          `A phone of INC-${incident} may hear of a wipe by now. Say "reset anyway INC-${incident}" again.`,
        );
      const onTheWay = now.wipes.some(({ state }) => isOpen(state)) || now.wipes.some((wipe) => wipe.exchangeHolds);
      const why = !onTheWay
        ? `${who} said to reset it, because ${reason.trim()}: no wipe is on its way.`
        : `${who} said to reset anyway, because ${reason.trim()}: a wipe still on its way may never arrive.`;
      const done = await closeHold(change, incident, context.actor, why);
      const line = [`hold closed by "reset anyway", said by ${who}: ${reason.trim()}`];
      if (done) await notify(change, context.policy, 'hold-released', { incident, line });
      return done;
    });
    return privateAnswer(
      closed
        ? `The hold of INC-${incident} is closed. Reset the password now${free ? '' : '; a wipe still on its way may never arrive'}.`
        : `The hold of INC-${incident}, or the case, is closed already.`,
    );
  },
});

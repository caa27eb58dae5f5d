import { z } from 'zod';
import { describeApplies, whatApplies } from '../../incidents/hold/applies.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { loadIncident } from '../../incidents/incident/view.ts';
import { lockIncident } from '../../incidents/lock-order.ts';
import { followUpSteps } from '../../incidents/wipe/follow-up.ts';
import { button, buttons, paragraph, strong } from '../../message/text.ts';
import { IncidentArgument, requireOpenIncident } from '../arguments.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';

/** Notes that a person did what the bot cannot do: the card shows who and when. */
export const tickCommand = defineIncidentCommand({
  id: 'tick',
  topic: 'lost-phone',
  patterns: ['<step:password|sessions|sim> done <incident>'],
  examples: ['password done INC-104', 'sessions done INC-104', 'sim done INC-104'],
  args: z.object({
    incident: IncidentArgument,
    step: z.enum(['password', 'sessions', 'sim']),
    before: z.boolean().optional(),
  }),
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
  summary: 'Say that you have reset the password, revoked the sessions, or had the SIM suspended',
  mustBeOpen: true,
  details:
    'While the hold is open none of them may be done yet. That the password was changed before is noted: the card says then what that means for a wipe.',
  async run(context, { incident, step, before }, view) {
    const { store, actor } = context;
    if (view.incident.hold === 'open' && before !== true) {
      if (step !== 'password') throw holdOpen(incident);
      const note = button('It was changed already: note it', 'tick', { incident, step, before: true });
      return {
        private: {
          tone: 'warning',
          blocks: [
            paragraph(strong('The hold is open: '), ...describeApplies(whatApplies(view), view)),
            paragraph('Was it changed already, by whomever? Then the card should say so: a wipe waits in vain.'),
            buttons(note),
          ],
        },
      };
    }
    await store.change(async (change) => {
      // The hold may have been opened again, and somebody else may have ticked it, since this was looked at.
      await lockIncident(change, incident);
      const now = await loadIncident(change.tx, incident);
      requireOpenIncident(now, actor);
      if (now.timeline.ticks.some((tick) => tick.step === step)) return;
      const early = now.incident.hold === 'open';
      if (early && before !== true) throw holdOpen(incident);
      const what = early ? 'Password changed before a phone had heard of a wipe' : followUpSteps[step];
      await record(change, { incident, kind: 'step.ticked', by: actor, data: { step, what } });
    });
    return {};
  },
});

function holdOpen(incident: number) {
  return refusal(
    'hold-open',
    `The hold of INC-${incident} is still open: the phone must be able to log in to hear of the wipe. If it was done already, say "reset anyway INC-${incident}" first.`,
  );
}

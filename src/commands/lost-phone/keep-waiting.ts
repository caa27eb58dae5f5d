import { z } from 'zod';
import { after, hour } from '../../ground/durations.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { type IncidentView, loadIncident, type Wipe } from '../../incidents/incident/view.ts';
import { lockIncident } from '../../incidents/lock-order.ts';
import { isOpen, outcomeWord } from '../../incidents/wipe/state.ts';
import { time } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy } from '../../policy.ts';
import { IncidentArgument, privateAnswer, requireOpenIncident } from '../arguments.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';

export const keepWaitingCommand = defineIncidentCommand({
  id: 'keep-waiting',
  topic: 'lost-phone',
  patterns: ['keep waiting <incident> [<time...>]'],
  examples: ['keep waiting INC-104', 'keep waiting INC-104 4h'],
  args: z.object({
    incident: IncidentArgument,
    hours: z.number().int().min(1).max(24).optional(),
    time: z
      .string()
      .regex(/^(for )?\d{1,2} ?h(ours?)?$/i, 'Say hours, as in 4h.')
      .optional(),
  }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  intents: [{ title: 'Keep waiting for a phone', needs: ['wait', 'case'], about: 'case' }],
  summary: 'Keep waiting for a phone that has not heard of its wipe',
  mustBeOpen: true,
  async run(context, args, view) {
    const { actor, policy, clock, store } = context;
    refuseNoWait(view, policy);
    const hours = args.hours ?? Number(/\d+/.exec(args.time ?? '4')?.[0] ?? 4);
    const until = after(clock.now(), hours * hour);
    await store.change(async (change) => {
      // The phone may have been told, or the wipe taken back, since this was looked at.
      await lockIncident(change, args.incident);
      const now = await loadIncident(change.tx, args.incident);
      requireOpenIncident(now, actor);
      const waiting = refuseNoWait(now, policy);
      await change.tx
        .updateTable('incident')
        .set({ planBQuietUntil: until })
        .where('number', '=', args.incident)
        .execute();
      await record(change, { incident: args.incident, kind: 'plan-b.quiet', by: actor, data: { hours } });
      await notify(change, policy, 'wipe-kept-waiting', {
        incident: args.incident,
        line: [`${actor.person.displayName} keeps waiting until `, time(until)],
      });
      for (const wipe of waiting) {
        await change.enqueue('plan-b', { wipe: wipe.id }, { key: `${wipe.id}-${until.getTime()}`, dueAt: until });
      }
    });
    return privateAnswer('I keep waiting until ', time(until), ' and ask again then. The wipe stays open.');
  },
});

/** The wipes that a phone has not heard of; only for them there is a wait. Throws MislaidError `nothing-to-wait-for`. */
function refuseNoWait({ incident, wipes }: IncidentView, policy: Policy): Wipe[] {
  const waiting = wipes.filter(({ state }) => state === 'requested');
  if (waiting.length > 0) return waiting;
  const n = incident.number;
  const open = wipes.find(({ state }) => isOpen(state));
  throw refusal(
    'nothing-to-wait-for',
    open === undefined
      ? withoutWipe(incident)
      : `Phone ${open.deviceNumber} of INC-${n}: its wipe is ${outcomeWord(open.state)}, so there is nothing to put off. ${whatThen(open.state)}`,
  );

  function withoutWipe({ state, hold }: IncidentView['incident']): string {
    const now = `No wipe of INC-${n} is on its way, so there is nothing to wait for.`;
    if (state === 'closed' || hold === 'closed') return `${now} The hold is closed: the password may be reset.`;
    return `${now} Propose one ("wipe INC-${n} <number of the phone>"), say "found INC-${n}", or decide about the password: "reset anyway INC-${n}".`;
  }

  function whatThen(state: Wipe['state']): string {
    if (state === 'awaiting-approval') return 'It waits for a person, not for the phone: say "approvals".';
    if (state === 'approved' || state === 'issuing') return 'The card says how it goes on.';
    return incident.hold === 'closed'
      ? 'I go on watching by myself.'
      : `I go on watching by myself, and ask here every ${policy.holdMaxHours} hours while the hold is open.`;
  }
}

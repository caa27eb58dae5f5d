import { z } from 'zod';
import { after, hour } from '../../ground/durations.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { time } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import { IncidentArgument, privateAnswer } from '../arguments.ts';
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
    const hours = args.hours ?? Number(/\d+/.exec(args.time ?? '4')?.[0] ?? 4);
    const until = after(context.clock.now(), hours * hour);
    await context.store.change(async (change) => {
      await change.tx
        .updateTable('incident')
        .set({ planBQuietUntil: until })
        .where('number', '=', args.incident)
        .execute();
      await record(change, { incident: args.incident, kind: 'plan-b.quiet', by: context.actor, data: { hours } });
      await notify(change, context.policy, 'wipe-kept-waiting', {
        incident: args.incident,
        line: [`${context.actor.person.displayName} keeps waiting until `, time(until)],
      });
      for (const wipe of view.wipes.filter((candidate) => candidate.state === 'requested')) {
        await change.enqueue('plan-b', { wipe: wipe.id }, { key: `${wipe.id}-${until.getTime()}`, dueAt: until });
      }
    });
    return privateAnswer('I keep waiting until ', time(until), ' and ask again then. The wipe stays open.');
  },
});

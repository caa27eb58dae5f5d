import { z } from 'zod';
import { replyOnIncident } from '../../incidents/incident/reply.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { lockedIncident } from '../../incidents/lock-order.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { ownReport } from './own-report.ts';

/** More than this is noise on a card; who has more to say is called. */
const mostNotes = 20;

/** What a user with an open case says and the bot does not understand: the helpdesk reads it. From chat it is a remark, and no fact. */
export const ownerNoteCommand = defineCommand({
  id: 'owner-note',
  topic: 'lost-phone',
  patterns: [],
  examples: [],
  clickOnly: true,
  args: z.object({ text: z.string().trim().min(1).max(500) }),
  roles: ['user'],
  effect: 'report',
  anyPlace: true,
  summary: 'Pass on to the helpdesk what an owner says about their lost phone',
  async run(context, { text }) {
    const view = await ownReport(context);
    if (view === undefined)
      return privateAnswer('You have no open case. If your phone is lost, say "I lost my phone".');
    const incident = view.incident.number;
    const passedOn = await context.store.change(async (change) => {
      const { state } = await lockedIncident(change, incident);
      const notes = await change.tx
        .selectFrom('incidentEvent')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('incidentNumber', '=', incident)
        .where('kind', '=', 'owner.noted')
        .executeTakeFirstOrThrow();
      if (state === 'closed' || notes.count >= mostNotes) return false;
      await record(change, { incident, kind: 'owner.noted', by: context.actor, data: { text } });
      await replyOnIncident(
        change,
        incident,
        'neutral',
        'The owner writes, from chat:',
        ` “${text}” Not verified: the lost phone may hold that chat.`,
      );
      return true;
    });
    if (!passedOn)
      return privateAnswer('Your case is closed, or I have passed on much from you already. Please call the helpdesk.');
    return privateAnswer(
      `I do not act on that myself. I have passed it on to the helpdesk with your case INC-${incident}; they will reach you another way than by this phone.`,
    );
  },
});

import { z } from 'zod';
import { after, minute } from '../../ground/durations.ts';
import { incidentSubject, record } from '../../incidents/incident/timeline.ts';
import { loadIncident } from '../../incidents/incident/view.ts';
import { paragraph, strong } from '../../message/text.ts';
import { chooseDevice, DeviceArgument, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';

/** From chat this is a remark and not yet a fact: the lost phone may hold the chat. It excludes nothing. */
export const stillHaveCommand = defineCommand({
  id: 'still-have',
  topic: 'lost-phone',
  patterns: ['i still have [the|my] <device>'],
  examples: ['I still have the Outlook one', 'I still have 2'],
  args: z.object({ device: DeviceArgument, incident: z.number().int().optional() }),
  roles: ['user'],
  effect: 'report',
  anyPlace: true,
  summary: 'Say which of your own phones is still with you',
  async run(context, args) {
    const { actor, store } = context;
    const row = await store.db
      .selectFrom('incident')
      .select('number')
      .where('personGuid', '=', actor.person.guid)
      .where('state', '=', 'open')
      .orderBy('number', 'desc')
      .executeTakeFirst();
    if (row === undefined) {
      throw refusal('no-open-report', 'You have no open report. Say "I lost my phone" first.');
    }
    const view = await loadIncident(store.db, row.number);
    const wanted = args.device.replace(/\s+one$/i, '');
    const chosen = chooseDevice(view, wanted, (device) => ({
      command: 'still-have',
      args: { device: String(device) },
    }));
    if (chosen.kind === 'answer') return chosen.answer;
    const device = chosen.value;
    await store.change(async (change) => {
      await change.tx
        .updateTable('incidentDevice')
        .set({
          keptReportedAt: change.now,
          keptReportedSync: device.facts.lastSync === null ? null : new Date(device.facts.lastSync),
        })
        .where('incidentNumber', '=', row.number)
        .where('number', '=', device.number)
        .execute();
      await record(change, {
        incident: row.number,
        kind: 'owner.reported-kept',
        by: actor,
        data: { device: device.number },
      });
      await change.reply(incidentSubject(row.number), {
        tone: 'warning',
        blocks: [
          paragraph(
            strong(`The owner says, from chat, that phone ${device.number} · ${device.facts.name} is still at hand.`),
            ' Not verified; it excludes nothing yet.',
          ),
        ],
      });
      // Her mail app was opened just now: a fresh read shows whether its sync moved.
      await change.enqueue(
        'read-devices',
        { incident: row.number },
        { key: `${row.number}-kept-${device.number}`, dueAt: after(change.now, minute) },
      );
    });
    return privateAnswer(
      `Thank you. Open the mail app on ${device.facts.name} now; I will see whether it is that one, and tell the helpdesk.`,
    );
  },
});

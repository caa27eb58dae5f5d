import { z } from 'zod';
import { after, minute } from '../../ground/durations.ts';
import { replyOnIncident } from '../../incidents/incident/reply.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { loadIncident } from '../../incidents/incident/view.ts';
import { lockIncident } from '../../incidents/lock-order.ts';
import { chooseDevice, DeviceArgument, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';
import { ownReport } from './own-report.ts';

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
    const view = await ownReport(context);
    if (view === undefined) {
      throw refusal('no-open-report', 'You have no open report. Say "I lost my phone" first.');
    }
    const chosen = chooseDevice(view, 'still-have', { device: args.device.replace(/\s+one$/i, '') });
    if (chosen.kind === 'answer') return chosen.answer;
    const device = chosen.value;
    const incident = view.incident.number;
    await store.change(async (change) => {
      await lockIncident(change, incident);
      const now = await loadIncident(change.tx, incident);
      // Said again it is no news, but the phone is looked at again: its mail app may have been opened only now.
      const again = now.devices.some(
        ({ number, keptReportedAt }) => number === device.number && keptReportedAt !== null,
      );
      await change.tx
        .updateTable('incidentDevice')
        .set({
          keptReportedAt: change.now,
          keptReportedSync: device.facts.lastSync === null ? null : new Date(device.facts.lastSync),
        })
        .where('incidentNumber', '=', incident)
        .where('number', '=', device.number)
        .execute();
      if (!again) {
        await record(change, { incident, kind: 'owner.reported-kept', by: actor, data: { device: device.number } });
        await replyOnIncident(
          change,
          incident,
          'warning',
          `The owner says, from chat, that phone ${device.number} · ${device.facts.name} is still at hand.`,
          ' Not verified; it excludes nothing yet.',
        );
      }
      // Their mail app was opened just now: a fresh read shows whether its sync moved.
      const key = `${incident}-kept-${device.number}`;
      await change.enqueue('read-devices', { incident }, { key, dueAt: after(change.now, minute) });
    });
    return privateAnswer(
      `Thank you. Open the mail app on ${device.facts.name} now; I will see whether it is that one, and tell the helpdesk.`,
    );
  },
});

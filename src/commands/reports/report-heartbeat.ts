import { z } from 'zod';
import { isNamedPlace } from '../../incidents/incident/places.ts';
import { time } from '../../message/text.ts';
import { scheduleReport } from '../../reports/reports.ts';
import { parseSchedule } from '../../reports/schedule.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const reportHeartbeatCommand = defineCommand({
  id: 'report-heartbeat',
  topic: 'reports',
  patterns: ['report heartbeat <when...>'],
  examples: ['report heartbeat every weekday at 08:00', 'report heartbeat every monday at 9'],
  args: z.object({ when: z.string().trim().min(1, 'Say when, for example: every weekday at 08:00.').max(100) }),
  roles: ['security', 'admin'],
  effect: 'change',
  private: true,
  summary: 'Post the verdict on Direct Push in this channel on a schedule',
  details:
    'Only in channels that policy.yaml names; nobody is named in it. "reports" lists them, "stop report 2" ends one.',
  async run(context, { when }) {
    const { store, policy, place, actor, organisation } = context;
    const schedule = parseSchedule(when);
    if (place === undefined || !isNamedPlace(policy, place))
      return privateAnswer(
        'Say this in the channel where the report shall be posted; it must be one that policy.yaml names.',
      );
    const report = await store.change((change) =>
      scheduleReport(change, policy, { organisation, place, schedule, by: actor, what: 'heartbeat' }),
    );
    return privateAnswer(
      `Report ${report.id}: Direct Push, here, ${schedule.words} (${policy.timeZone}). The first is due `,
      time(report.nextAt),
      '.',
    );
  },
});

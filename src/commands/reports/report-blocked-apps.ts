import { z } from 'zod';
import { isNamedPlace } from '../../incidents/incident/places.ts';
import { time } from '../../message/text.ts';
import { scheduleReport } from '../../reports/reports.ts';
import { parseSchedule } from '../../reports/schedule.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const reportBlockedAppsCommand = defineCommand({
  id: 'report-blocked-apps',
  topic: 'reports',
  patterns: ['report blocked apps <when...>'],
  examples: ['report blocked apps every weekday at 08:00'],
  args: z.object({ when: z.string().trim().min(1, 'Say when, for example: every weekday at 08:00.').max(100) }),
  roles: ['security', 'admin'],
  effect: 'change',
  private: true,
  summary: 'Post the summary of blocked apps in this channel on a schedule',
  details:
    'Only in channels that policy.yaml names; nobody is named in it. "reports" lists them, "stop report 2" ends one.',
  async run(context, { when }) {
    const { store, policy, place, actor, organisation } = context;
    const schedule = parseSchedule(when);
    if (place === undefined || !isNamedPlace(policy, place))
      return privateAnswer(
        'Say this in the channel where the summary shall be posted; it must be one that policy.yaml names.',
      );
    const report = await store.change((change) =>
      scheduleReport(change, policy, { organisation, place, schedule, by: actor }),
    );
    return privateAnswer(
      `Report ${report.id}: blocked apps, here, ${schedule.words} (${policy.timeZone}). The first is due `,
      time(report.nextAt),
      '.',
    );
  },
});

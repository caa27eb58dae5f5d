import { z } from 'zod';
import { isNamedPlace } from '../../incidents/incident/places.ts';
import { time } from '../../message/text.ts';
import { type AppReport, scheduleReport } from '../../reports/reports.ts';
import { parseSchedule } from '../../reports/schedule.ts';
import { privateAnswer } from '../arguments.ts';
import { type Command, defineCommand } from '../command.ts';

export const reportBlockedAppsCommand = scheduleCommand({
  what: 'blocked-apps',
  title: 'blocked apps',
  posted: 'summary',
  examples: ['report blocked apps every weekday at 08:00'],
  summary: 'Post the summary of blocked apps in this channel on a schedule',
});

export const reportHeartbeatCommand = scheduleCommand({
  what: 'heartbeat',
  title: 'Direct Push',
  posted: 'report',
  examples: ['report heartbeat every weekday at 08:00', 'report heartbeat every monday at 9'],
  summary: 'Post the verdict on Direct Push in this channel on a schedule',
});

function scheduleCommand(report: {
  what: AppReport['what'];
  title: string;
  posted: string;
  examples: readonly string[];
  summary: string;
}): Command<{ when: string }> {
  const { what, title, posted, examples, summary } = report;
  return defineCommand({
    id: `report-${what}`,
    topic: 'reports',
    patterns: [`report ${what.replace('-', ' ')} <when...>`],
    examples,
    args: z.object({ when: z.string().trim().min(1, 'Say when, for example: every weekday at 08:00.').max(100) }),
    roles: ['security', 'admin'],
    effect: 'change',
    summary,
    details:
      'Only in channels that policy.yaml names; nobody is named in it. "reports" lists them, "stop report 2" ends one.',
    async run({ store, policy, place, actor, organisation }, { when }) {
      const schedule = parseSchedule(when);
      if (place === undefined || !isNamedPlace(policy, place))
        return privateAnswer(
          `Say this in the channel where the ${posted} shall be posted; it must be one that policy.yaml names.`,
        );
      const { id, nextAt } = await store.change((change) =>
        scheduleReport(change, policy, { organisation, place, schedule, by: actor, what }),
      );
      return privateAnswer(
        `Report ${id}: ${title}, here, ${schedule.words} (${policy.timeZone}). The first is due `,
        time(nextAt),
        '.',
      );
    },
  });
}

import { z } from 'zod';
import { button, buttons, list, note, strong, text, time } from '../../message/text.ts';
import { runningReports, stopReport as stop } from '../../reports/reports.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const reportsCommand = defineCommand({
  id: 'reports',
  topic: 'reports',
  patterns: ['reports'],
  examples: ['reports'],
  args: z.object({}),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  summary: 'Summaries that are posted on a schedule',
  async run({ store, organisation }) {
    const running = await runningReports(store.db, organisation);
    if (running.length === 0)
      return privateAnswer(
        'No summary is posted on a schedule. Say "report blocked apps every weekday at 08:00" in a channel.',
      );
    return {
      private: {
        title: 'Reports',
        tone: 'neutral',
        blocks: [
          list(
            ...running.map((report) =>
              text(
                strong(`${report.id} · ${report.what.replace('-', ' ')}`),
                ` · ${report.place} · ${report.words}, next `,
                time(report.nextAt),
              ),
            ),
          ),
          buttons(...running.slice(0, 10).map(({ id }) => button(`Stop ${id}`, 'stop-report', { report: id }))),
          note('"stop report 2" ends one.'),
        ],
      },
    };
  },
});

export const stopReportCommand = defineCommand({
  id: 'stop-report',
  topic: 'reports',
  patterns: ['stop report <report>'],
  examples: ['stop report 2'],
  args: z.object({ report: z.coerce.number().int().positive().max(2_000_000_000) }),
  roles: ['security', 'admin'],
  effect: 'change',
  summary: 'End a summary that is posted on a schedule',
  async run({ store, organisation, actor }, { report }) {
    const stopped = await store.change((change) => stop(change, organisation, report, actor));
    return privateAnswer(
      stopped
        ? `Report ${report} is stopped.`
        : `There is no report ${report} that runs. Say "reports" for those that do.`,
    );
  },
});

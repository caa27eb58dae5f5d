import { z } from 'zod';
import { button, buttons, list, note, strong, text, time } from '../../message/text.ts';
import { runningReports } from '../../reports/reports.ts';
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
  private: true,
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

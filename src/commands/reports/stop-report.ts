import { z } from 'zod';
import { stopReport as stop } from '../../reports/reports.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const stopReportCommand = defineCommand({
  id: 'stop-report',
  topic: 'reports',
  patterns: ['stop report <report>'],
  examples: ['stop report 2'],
  args: z.object({ report: z.coerce.number().int().positive().max(2_000_000_000) }),
  roles: ['security', 'admin'],
  effect: 'change',
  private: true,
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

import { z } from 'zod';
import { type BotJob, defineJob } from '../src/incidents/job.ts';
import { sendReport as send } from '../src/reports/reports.ts';

const Payload = z.object({ report: z.number().int() });

/** The type is spelt out because the job enqueues itself. */
export const sendReportJob: BotJob<'send-report', z.infer<typeof Payload>> = defineJob({
  name: 'send-report',
  does: 'Posts a scheduled summary in its channel, and stores when the next one is due.',
  lane: 'rounds',
  payload: Payload,
  run: (context, { report }) => send(context, report),
});

import { z } from 'zod';
import { hour } from '../src/ground/durations.ts';
import { type BotJob, defineJob } from '../src/incidents/job.ts';
import { code, note, paragraph } from '../src/message/text.ts';

/** The hour that follows an instant: each hour has one work row, however often this job runs in it. */
function nextHour(now: Date): Date {
  return new Date((Math.floor(now.getTime() / hour) + 1) * hour);
}

/** The type is spelt out because the job enqueues itself. */
export const checkpointAuditJob: BotJob<'checkpoint-audit', Record<string, never>> = defineJob({
  name: 'checkpoint-audit',
  does: 'Signs the size and the last hash of the audit, into a file and to the audit channel, every hour.',
  lane: 'upkeep',
  round: true,
  payload: z.object({}),
  run: async ({ store, policy, clock, log, seal }) => {
    const now = clock.now();
    // First the next one: a checkpoint that cannot be written now must not end the row of checkpoints.
    await store.change(async (change) => {
      const dueAt = nextHour(now);
      await change.enqueue('checkpoint-audit', {}, { dueAt, key: dueAt.toISOString() });
    });
    if (seal === undefined) {
      log.error('no audit key in this process: no checkpoint was signed');
      return;
    }
    const { checkpoint, text } = await seal.checkpoint(store.db, now);
    await store.change(async (change) => {
      const draft = {
        title: `Audit checkpoint: ${checkpoint.size} ${checkpoint.size === 1 ? 'entry' : 'entries'}`,
        tone: 'neutral',
        blocks: [
          note('Signed. Kept here, it shows if the audit is changed or cut short later: ', code('audit verify'), '.'),
          paragraph(code(text)),
        ],
      } as const;
      await change.notice(policy.channels.audit, draft, `audit-checkpoint-${nextHour(now).toISOString()}`);
    });
  },
});

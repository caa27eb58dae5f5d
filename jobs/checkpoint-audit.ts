import { z } from 'zod';
import { hour } from '../src/ground/durations.ts';
import { type BotJob, defineJob } from '../src/incidents/job.ts';
import { code, note, paragraph } from '../src/message/text.ts';
import { notify } from '../src/notices/notify.ts';

/** The hour that follows an instant: each hour has one work row, however often this job runs in it. */
function nextHour(now: Date): Date {
  return new Date((Math.floor(now.getTime() / hour) + 1) * hour);
}

/** The type is spelt out because the job enqueues itself. */
export const checkpointAuditJob: BotJob<'checkpoint-audit', { decided?: true | undefined }> = defineJob({
  name: 'checkpoint-audit',
  does: 'Signs the size and the last hash of the audit, into a file and to the audit channel: every hour, and after each decision.',
  lane: 'upkeep',
  round: true,
  payload: z.object({ decided: z.literal(true).optional() }),
  run: async ({ store, policy, clock, log, seal }, { decided }) => {
    const now = clock.now();
    const dueAt = nextHour(now);
    // First the next one: a checkpoint that cannot be written now must not end the row of checkpoints.
    await store.change((change) => change.enqueue('checkpoint-audit', {}, { dueAt, key: dueAt.toISOString() }));
    if (seal === undefined) {
      log.error('no audit key in this process: no checkpoint was signed');
      return;
    }
    const { checkpoint, text } = await seal.checkpoint(store.db, now);
    const message = {
      title: `Audit checkpoint: ${checkpoint.size} ${checkpoint.size === 1 ? 'entry' : 'entries'}`,
      tone: 'neutral',
      blocks: [
        note('Signed. Kept here, it shows if the audit is changed or cut short later: ', code('audit verify'), '.'),
        paragraph(code(text)),
      ],
    } as const;
    const key = decided === true ? checkpoint.hash : dueAt.toISOString();
    await store.change((change) => notify(change, policy, 'audit-checkpoint', { key, message }));
  },
});

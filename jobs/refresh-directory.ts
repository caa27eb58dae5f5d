import { z } from 'zod';
import { refreshDirectory as refresh } from '../src/directory/refresh.ts';
import { backOff } from '../src/ground/back-off.ts';
import { hour, minute } from '../src/ground/durations.ts';
import { refreshWaiting } from '../src/incidents/approvals/remarks.ts';
import { type BotJob, defineJob } from '../src/incidents/job.ts';

/** The type is spelt out because the job enqueues itself. */
export const refreshDirectoryJob: BotJob<'refresh-directory', { organisation: 'real' | 'lab' }> = defineJob({
  name: 'refresh-directory',
  does: 'Reads every mailbox and its user from Exchange, so that people are found by name, every hour.',
  lane: 'rounds',
  round: true,
  payload: z.object({ organisation: z.enum(['real', 'lab']) }),
  run: async ({ store, exchange, clock, log }, { organisation }) => {
    // First the next one: a refresh that fails is tried again, and must not end the row of refreshes.
    const dueAt = new Date((Math.floor(clock.now().getTime() / hour) + 1) * hour);
    await store.change((change) =>
      change.enqueue('refresh-directory', { organisation }, { dueAt, key: `${organisation}:${dueAt.toISOString()}` }),
    );
    const { people, written, gone } = await refresh({ db: store.db, exchange: exchange(organisation), clock });
    // An account that was disabled is said of what waits.
    await store.change(async (change) => {
      const waiting = change.tx
        .selectFrom('approval')
        .select('incidentNumber')
        .where('state', '=', 'waiting')
        .distinct();
      for (const { incidentNumber } of await waiting.execute())
        if (incidentNumber !== null) await refreshWaiting(change, incidentNumber);
    });
    log.info({ organisation, people, written, gone }, 'directory refreshed');
  },
  // The next hour asks again: an old one need not be kept for ever.
  retryAfter: (failures) => (failures < 6 ? backOff(failures, { first: minute, most: hour }) : undefined),
});

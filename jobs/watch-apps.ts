import { z } from 'zod';
import { watchApps as watch, watchPeriod } from '../src/apps/watch.ts';
import { second } from '../src/ground/durations.ts';
import { type BotJob, defineJob } from '../src/incidents/job.ts';

const Payload = z.object({ organisation: z.enum(['real', 'lab']) });

/** The type is spelt out because the job enqueues itself. */
export const watchAppsJob: BotJob<'watch-apps', z.infer<typeof Payload>> = defineJob({
  name: 'watch-apps',
  does: 'Reads devices, rules and logs, verifies blocks of apps, and tells security what is new or undone.',
  lane: 'rounds',
  round: true,
  payload: Payload,
  run: async (context, { organisation }) => {
    const period = await watchPeriod(context, organisation);
    // First the next one: a check that fails must not end the row of checks.
    await context.store.change(async (change) => {
      const dueAt = new Date((Math.floor(change.now.getTime() / period) + 1) * period);
      await change.enqueue('watch-apps', { organisation }, { dueAt, key: `${organisation}@${dueAt.toISOString()}` });
    });
    await watch(context, organisation);
  },
  retryAfter: (failures) => (failures < 5 ? 10 * second * failures : undefined),
});

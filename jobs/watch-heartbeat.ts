import { z } from 'zod';
import { minute, second } from '../src/ground/durations.ts';
import { watchHeartbeat as watch } from '../src/heartbeat/watch.ts';
import { type BotJob, defineJob } from '../src/incidents/job.ts';

const Payload = z.object({ organisation: z.enum(['real', 'lab']) });
const period = 15 * minute;

/** The type is spelt out because the job enqueues itself. */
export const watchHeartbeatJob: BotJob<'watch-heartbeat', z.infer<typeof Payload>> = defineJob({
  name: 'watch-heartbeat',
  does: 'Reads heartbeats, event 1040 and their values every quarter of an hour, and posts what is new or over.',
  lane: 'logs',
  round: true,
  payload: Payload,
  run: async (context, { organisation }) => {
    // First the next one: a check that fails must not end the row of checks.
    await context.store.change(async (change) => {
      const dueAt = new Date((Math.floor(change.now.getTime() / period) + 1) * period);
      await change.enqueue(
        'watch-heartbeat',
        { organisation },
        { dueAt, key: `${organisation}@${dueAt.toISOString()}` },
      );
    });
    await watch(context, organisation);
  },
  retryAfter: (failures) => (failures < 5 ? 10 * second * failures : undefined),
});

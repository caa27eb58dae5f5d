import { z } from 'zod';
import { sinkOf, streamAudit } from '../src/audit/stream/stream.ts';
import { after, minute, second } from '../src/ground/durations.ts';
import { failureCode } from '../src/ground/failure.ts';
import { type BotJob, defineJob } from '../src/incidents/job.ts';

const pace = 15 * second;
/** Where nothing is configured: a reload of the policy may name a first one. */
const idlePace = minute;

/** The type is spelt out because the job enqueues itself. */
export const streamAuditJob: BotJob<'stream-audit', Record<string, never>> = defineJob({
  name: 'stream-audit',
  does: "Sends what is new in the audit to the syslog servers and collectors of policy's auditStream, in order and at least once",
  lane: 'upkeep',
  round: true,
  payload: z.object({}),
  run: async ({ store, policy, clock, log, signal, forwarding }) => {
    const every = policy.auditStream === undefined ? idlePace : pace;
    const dueAt = new Date(Math.floor(after(clock.now(), every).getTime() / every) * every);
    // First the next one: a collector that is away must not end the round.
    await store.change((change) => change.enqueue('stream-audit', {}, { dueAt, key: dueAt.toISOString() }));
    for (const sink of policy.auditStream ?? []) {
      const send = sinkOf(sink, forwarding?.token);
      try {
        let more = true;
        while (more && !signal.aborted) {
          ({ more } = await streamAudit(store.db, {
            sink,
            send,
            productVersion: forwarding?.productVersion ?? 'unknown',
            signal,
          }));
        }
      } catch (error) {
        log.warn({ sink: sink.name, code: failureCode(error) }, 'the audit could not be sent on; it is sent again');
      }
    }
  },
});

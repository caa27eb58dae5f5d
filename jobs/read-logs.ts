import { z } from 'zod';
import { readServer } from '../src/activesync/read-server.ts';
import { pruneLogs } from '../src/activesync/store/prune.ts';
import { refreshLogEvidence } from '../src/apps/evidence.ts';
import { day, minute } from '../src/ground/durations.ts';
import type { LogKind } from '../src/ground/identifiers.ts';
import { type BotJob, defineJob } from '../src/incidents/job.ts';

const kinds: readonly LogKind[] = ['backEnd', 'frontEnd', 'httpProxy', 'edge'];

const Payload = z.object({ organisation: z.enum(['real', 'lab']), server: z.string().min(1) });

/** The type is spelt out because the job enqueues itself. */
export const readLogsJob: BotJob<'read-logs', z.infer<typeof Payload>> = defineJob({
  name: 'read-logs',
  does: "Reads what is new in one server's logs into the roll-ups, every minute.",
  lane: 'logs',
  round: true,
  payload: Payload,
  run: async ({ store, servers, policy, clock, signal, log }, { organisation, server }) => {
    const now = clock.now();
    // First the next one: a log that cannot be read now must not end the reading for good.
    await store.change(async (change) => {
      const dueAt = nextReading(now, servers(organisation).list(), server);
      await change.enqueue(
        'read-logs',
        { organisation, server },
        { dueAt, key: `${organisation}:${server}@${dueAt.toISOString()}` },
      );
    });
    const since = new Date(now.getTime() - policy.retention.rollUpDays * day);
    const phones: string[] = [];
    for (const kind of kinds) {
      const read = await readServer(servers(organisation), server, kind, {
        db: store.db,
        organisation,
        clock,
        since,
        signal,
      });
      for (const phone of read.phones) phones.push(phone);
      if (read.files > 0)
        log.info(
          { server, kind, files: read.files, bytes: read.bytes, requests: read.requests, elsewhere: read.elsewhere },
          'logs read',
        );
      if (read.problem !== undefined) log.warn({ server, kind }, read.problem);
    }
    await refreshLogEvidence(store, organisation, phones);
    await pruneLogs(store.db, since);
  },
});

/** Once a minute, each server at its own second: all at once would be a minute's work in one heap. */
function nextReading(now: Date, all: readonly string[], server: string): Date {
  const offset = Math.floor((minute * Math.max(0, all.indexOf(server))) / Math.max(1, all.length));
  return new Date((Math.floor((now.getTime() - offset) / minute) + 1) * minute + offset);
}

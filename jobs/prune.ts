import { z } from 'zod';
import { day } from '../src/ground/durations.ts';
import { type BotJob, defineJob } from '../src/incidents/job.ts';
import { forgetPerson } from '../src/incidents/retention/forget.ts';
import { prune } from '../src/incidents/retention/prune.ts';

/** The type is spelt out because the job enqueues itself. */
export const pruneJob: BotJob<'prune', Record<string, never>> = defineJob({
  name: 'prune',
  does: "Empties and deletes what is older than policy's retention, and forgets again who was forgotten, once a day",
  lane: 'rounds',
  round: true,
  payload: z.object({}),
  run: async ({ store, policy, clock, log, forgotten }) => {
    const now = clock.now();
    const dueAt = new Date((Math.floor(now.getTime() / day) + 1) * day);
    // First the next one: what cannot be deleted now must not end the round.
    await store.change((change) => change.enqueue('prune', {}, { dueAt, key: dueAt.toISOString() }));
    for (const { person, at } of (await forgotten?.read()) ?? []) {
      // A database from a backup knows them again.
      const again = await store.change((change) => forgetPerson(change, { guid: person, before: at, by: null }));
      if (again !== undefined) log.warn({ person, entries: again }, 'somebody who was forgotten was forgotten again');
    }
    const pruned = await prune(store.db, policy.retention, now);
    if (Object.values(pruned).every((rows) => rows === 0)) return;
    await store.change(async (change) =>
      change.audit({ action: 'retention.pruned', subject: 'retention', data: pruned }),
    );
  },
});

import { z } from 'zod';
import { defineJob } from '../src/incidents/job.ts';

export const deliverJob = defineJob({
  name: 'deliver',
  does: 'Posts and edits what is due in one chat channel or for one person',
  lane: 'deliveries',
  payload: z.object({ target: z.string().min(1) }),
  async run(context, { target }): Promise<void> {
    const { nextDueAt } = await context.deliver(target);
    if (nextDueAt === undefined) return;
    // A key of its own: the row of this very run has the target as its key, is due already and would run again at once.
    const second = Math.ceil(nextDueAt.getTime() / 1000);
    await context.store.change((change) =>
      change.enqueue('deliver', { target }, { key: `${target}@${second}`, dueAt: nextDueAt }),
    );
  },
});

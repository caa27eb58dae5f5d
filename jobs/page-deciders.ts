import { z } from 'zod';
import { lockApproval } from '../src/incidents/approvals/approvals.ts';
import { pageNext } from '../src/incidents/approvals/paging.ts';
import { defineJob } from '../src/incidents/job.ts';

export const pageDecidersJob = defineJob({
  name: 'page-deciders',
  does: 'Writes to the next who may decide, and then to security, where nobody has',
  lane: 'upkeep',
  payload: z.object({ approval: z.number().int() }),
  async run({ store, policy, approvals }, payload) {
    await store.change(async (change) => {
      const approval = await lockApproval(change, payload.approval);
      if (approval.state !== 'waiting' || change.now >= approval.expiresAt) return;
      const { what } = await approvals.content(change.tx, approval);
      await pageNext(change, policy, approval, what);
    });
  },
});

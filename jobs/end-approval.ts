import { z } from 'zod';
import { lockApproval } from '../src/incidents/approvals/approvals.ts';
import { defineJob } from '../src/incidents/job.ts';

export const endApprovalJob = defineJob({
  name: 'end-approval',
  does: 'Ends an approval that nobody decided, or that was not carried out, in time',
  lane: 'upkeep',
  payload: z.object({ approval: z.number().int() }),
  async run({ store, policy, approvals }, payload) {
    await store.change(async (change) => {
      const approval = await lockApproval(change, payload.approval);
      const expired = approval.state === 'waiting' && change.now >= approval.expiresAt;
      const lapsed = approval.state === 'approved' && approval.executeBy !== null && change.now >= approval.executeBy;
      if (expired) await approvals.end(change, policy, approval, 'expired', { by: null, why: null });
      // What became of a file that a server was asked to write, its own job reads before it says.
      if (lapsed && approval.subjectKind === 'web-config' && approval.askedAt !== null) {
        const step = Number(approval.subjectId);
        await change.enqueue('run-app-step', { step }, { key: approval.subjectId });
      } else if (lapsed) await approvals.end(change, policy, approval, 'lapsed', { by: null, why: null });
    });
  },
});

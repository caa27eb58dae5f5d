import { z } from 'zod';
import { lockApproval, markExecuted } from '../src/incidents/approvals/approvals.ts';
import { defineJob } from '../src/incidents/job.ts';
import { forgetPerson, lockPersonAndIncidents, whyNotForgotten } from '../src/incidents/retention/forget.ts';
import { notify } from '../src/notices/notify.ts';

export const forgetPersonJob = defineJob({
  name: 'forget-person',
  does: 'Erases what is kept of a person, once two admins want it',
  lane: 'rounds',
  payload: z.object({ approval: z.number().int(), person: z.string(), by: z.string() }),
  async run({ store, policy, approvals, clock, forgotten }, { approval: id, person, by }) {
    const may = await store.change(async (change) => {
      await lockPersonAndIncidents(change, person);
      const approval = await lockApproval(change, id);
      if (approval.state !== 'approved') return false;
      const why = await whyNotForgotten(change.tx, person);
      if (why === undefined) return true;
      await approvals.end(change, policy, approval, 'voided', { by: null, why });
      return false;
    });
    if (!may) return;
    // First the list: what is forgotten here must stay forgotten when a backup is put back.
    await forgotten?.add(person, clock.now());
    await store.change(async (change) => {
      await lockPersonAndIncidents(change, person);
      const approval = await lockApproval(change, id);
      if (approval.state !== 'approved') return;
      await markExecuted(change, id);
      const entries = (await forgetPerson(change, { guid: person, before: change.now, by: { guid: by } })) ?? 0;
      await notify(change, policy, 'person-forgotten', {
        line: [
          `what was kept of a person was erased, as two admins wanted: ${entries} entries of the audit lost what they said`,
        ],
      });
    });
  },
});

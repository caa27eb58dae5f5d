import { z } from 'zod';
import { lockApproval, markExecuted } from '../src/incidents/approvals/approvals.ts';
import { defineJob } from '../src/incidents/job.ts';
import { forgetPerson, lockPersonAndIncidents, whyNotForgotten } from '../src/incidents/retention/forget.ts';
import { forgottenMailboxes } from '../src/incidents/retention/forget-subject.ts';
import { notify } from '../src/notices/notify.ts';

export const forgetPersonJob = defineJob({
  name: 'forget-person',
  does: 'Erases what is kept of a person, once two admins want it',
  lane: 'rounds',
  payload: z.object({ approval: z.number().int(), person: z.string(), by: z.string() }),
  async run({ store, policy, approvals, clock, forgotten }, { approval: id, person, by }) {
    const asked = await store.db.selectFrom('approval').select('payload').where('id', '=', id).executeTakeFirst();
    const mailboxes = asked === undefined ? [person] : forgottenMailboxes(asked.payload);
    const may = await store.change(async (change) => {
      await lockPersonAndIncidents(change, mailboxes);
      const approval = await lockApproval(change, id);
      if (approval.state !== 'approved') return false;
      const why = await whyNotForgotten(change.tx, mailboxes);
      if (why === undefined) return true;
      await approvals.end(change, policy, approval, 'voided', { by: null, why });
      return false;
    });
    if (!may) return;
    // First the list: what is forgotten here must stay forgotten when a backup is put back.
    for (const each of mailboxes) await forgotten?.add(each, clock.now());
    await store.change(async (change) => {
      await lockPersonAndIncidents(change, mailboxes);
      const approval = await lockApproval(change, id);
      if (approval.state !== 'approved') return;
      await markExecuted(change, id);
      let entries = 0;
      for (const guid of mailboxes)
        entries += (await forgetPerson(change, { guid, before: change.now, by: { guid: by } })) ?? 0;
      await notify(change, policy, 'person-forgotten', {
        line: [
          `what was kept of a person was erased, as two admins wanted: ${entries} entries of the audit lost what they said`,
        ],
      });
    });
  },
});

import { z } from 'zod';
import { waitsForNothing, whatApplies } from '../src/incidents/hold/applies.ts';
import { holdQuestionAt } from '../src/incidents/hold/rules.ts';
import { replyOnIncident } from '../src/incidents/incident/reply.ts';
import { record } from '../src/incidents/incident/timeline.ts';
import { loadIncident } from '../src/incidents/incident/view.ts';
import { defineJob } from '../src/incidents/job.ts';
import { isOpen } from '../src/incidents/wipe/state.ts';
import type { Change } from '../src/store/port.ts';

export const askHoldJob = defineJob({
  name: 'ask-hold',
  does: 'Asks a person about a hold that is open for longer than policy says',
  lane: 'upkeep',
  payload: z.object({ incident: z.number().int() }),
  async run({ store, policy }, { incident }) {
    await store.change(async (change) => {
      const row = await change.tx
        .selectFrom('incident')
        .selectAll()
        .where('number', '=', incident)
        .forNoKeyUpdate()
        .executeTakeFirst();
      if (row === undefined || row.state === 'closed' || row.hold === 'closed') return;
      const due = holdQuestionAt(row, policy);
      if (change.now < due) {
        await change.enqueue('ask-hold', { incident }, { key: `${incident}-${due.getTime()}`, dueAt: due });
        return;
      }
      await change.tx.updateTable('incident').set({ holdAskedAt: change.now }).where('number', '=', incident).execute();
      await record(change, { incident, kind: 'hold.asked', by: null, data: {} });
      await replyOnIncident(
        change,
        incident,
        'warning',
        `The hold of INC-${incident} has been open for ${policy.holdMaxHours} hours or more.`,
        await decisions(change, incident),
      );
      const again = holdQuestionAt({ openedAt: row.openedAt, holdAskedAt: change.now }, policy);
      await change.enqueue('ask-hold', { incident }, { key: `${incident}-${again.getTime()}`, dueAt: again });
    });
  },
});

/** What there is to decide: without a wipe on its way there is none to wait for, or to give up. */
async function decisions(change: Change, incident: number): Promise<string> {
  const view = await loadIncident(change.tx, incident);
  if (view.wipes.some(({ state }) => isOpen(state)))
    return ' Somebody must decide: keep waiting, "give up", or "reset anyway" (a wipe still on its way may then never arrive).';
  return waitsForNothing(whatApplies(view))
    ? ` Somebody must decide: no phone is there to wait for. Say "reset anyway INC-${incident}", or close the case.`
    : ` Somebody must decide: no wipe is on its way. Propose one ("wipe INC-${incident} <number of the phone>"), say "found INC-${incident}", or "reset anyway INC-${incident}".`;
}

/**
 * Wipes of a restored backup: one that waited or was approved then may have been asked for since, so it is neither asked for nor called
 * off here: it is read, from what its proposal froze. What was on its way already is followed on.
 */
import { after, day } from '../../ground/durations.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { DeviceFacts } from '../devices/device.ts';
import type { Wipe } from '../incident/view.ts';
import { planBFirstDueAt } from '../plan-b/rules.ts';
import { Frozen } from './frozen.ts';
import { lockWipe, moveWipe } from './wipes.ts';

const why = 'A backup was restored. Whether it was asked for meanwhile is not known.';

/** Answers how many are read now. */
export async function readWipesAnew(change: Change, policy: Policy): Promise<number> {
  const rows = await change.tx
    .selectFrom('wipe')
    .select(['id', 'state', 'endedAt'])
    .orderBy('incidentNumber')
    .orderBy('id')
    .execute();
  let read = 0;
  for (const { id, state, endedAt } of rows) {
    switch (state) {
      case 'awaiting-approval':
      case 'approved':
        await becomeNotKnown(change, await lockWipe(change, id));
        read += 1;
        break;
      case 'issuing':
        await readFromNow(change, await lockWipe(change, id), {});
        read += 1;
        break;
      case 'requested':
      case 'not-reported':
        await planB(change, policy, await lockWipe(change, id));
        await change.enqueue('watch-wipe', { wipe: id }, { key: String(id) });
        break;
      case 'sent':
      case 'refused-by-device':
      case 'given-up':
        await change.enqueue('watch-wipe', { wipe: id }, { key: String(id) });
        break;
      // Ended by what Exchange did not show: looked for, for a day.
      case 'not-asked':
      case 'cancelled':
      case 'partnership-removed':
        if (endedAt !== null && after(endedAt, day) > change.now)
          await change.enqueue('watch-wipe', { wipe: id }, { key: `${id}-later` });
        break;
      case 'acknowledged':
      case 'denied':
      case 'withdrawn':
      case 'expired':
      case 'voided':
        break;
    }
  }
  return read;
}

async function becomeNotKnown(change: Change, wipe: Wipe): Promise<void> {
  const { wipe: times } = Frozen.parse(wipe.frozen);
  // No request of this wipe is older than its proposal, and none of another wipe came between: one is open at a time.
  const readAt = wipe.proposedAt;
  const moved = await moveWipe(
    change,
    wipe,
    { kind: 'restored' },
    {
      by: null,
      why,
      set: { before: JSON.stringify({ wipe: times, readAt: readAt.toISOString() }), heldBecause: null },
    },
  );
  if (moved !== undefined) await readFromNow(change, moved, { issuingAt: change.now });
}

/** Its minutes of reading begin now, whatever the backup had planned. */
async function readFromNow(change: Change, wipe: Wipe, set: { issuingAt?: Date }): Promise<void> {
  await change.tx
    .updateTable('wipe')
    .set({ ...set, restoredAt: change.now, callDeadlineAt: change.now, watchStep: 0 })
    .where('id', '=', wipe.id)
    .execute();
  await change.enqueue('reconcile-wipe', { wipe: wipe.id, step: 0 }, { key: `${wipe.id}-0` });
}

async function planB(change: Change, policy: Policy, wipe: Wipe): Promise<void> {
  if (wipe.requestedAt === null) return;
  const device = await change.tx
    .selectFrom('incidentDevice')
    .select('facts')
    .where('incidentNumber', '=', wipe.incidentNumber)
    .where('number', '=', wipe.deviceNumber)
    .executeTakeFirst();
  const lastHeartbeatSeconds = DeviceFacts.safeParse(device?.facts).data?.lastHeartbeatSeconds ?? null;
  // Not before it was read once more.
  const planned = planBFirstDueAt({ state: 'requested', requestedAt: change.now, lastHeartbeatSeconds, policy });
  await change.enqueue('plan-b', { wipe: wipe.id }, { key: String(wipe.id), dueAt: planned });
}

import { notify } from '../../notices/notify.ts';
import { DeviceFacts } from '../devices/device.ts';
import { replyOnIncident } from '../incident/reply.ts';
import { record } from '../incident/timeline.ts';
import type { JobContext } from '../job.ts';
import { lockWipe } from '../wipe/wipes.ts';
import { planBDueAt, planBIsDue } from './rules.ts';

/** Raises Plan B when it is due, or puts itself off until it is; nothing happens once the phone was told. */
export async function raisePlanB({ store, policy }: JobContext, wipeId: number): Promise<void> {
  await store.change(async (change) => {
    const wipe = await lockWipe(change, wipeId);
    const incident = await change.tx
      .selectFrom('incident')
      .selectAll()
      .where('number', '=', wipe.incidentNumber)
      .forNoKeyUpdate()
      .executeTakeFirstOrThrow();
    if (wipe.requestedAt === null || incident.state === 'closed') return;
    const device = await change.tx
      .selectFrom('incidentDevice')
      .select('facts')
      .where('incidentNumber', '=', wipe.incidentNumber)
      .where('number', '=', wipe.deviceNumber)
      .executeTakeFirstOrThrow();
    const { lastHeartbeatSeconds } = DeviceFacts.parse(device.facts);
    const input = {
      state: wipe.state,
      requestedAt: wipe.requestedAt,
      lastHeartbeatSeconds,
      policy,
      quietUntil: incident.planBQuietUntil,
      // A wipe that was asked after Plan B was last raised has a clock of its own.
      raisedAt:
        incident.planBRaisedAt !== null && incident.planBRaisedAt > wipe.requestedAt ? incident.planBRaisedAt : null,
    };
    const raised = planBIsDue(input, change.now);
    if (raised) {
      await change.tx
        .updateTable('incident')
        .set({ planBRaisedAt: change.now, planBRaisedTimes: incident.planBRaisedTimes + 1, planBQuietUntil: null })
        .where('number', '=', incident.number)
        .execute();
      const minutes = Math.round((change.now.getTime() - wipe.requestedAt.getTime()) / 60_000);
      await record(change, {
        incident: incident.number,
        kind: 'plan-b.raised',
        by: null,
        data: { wipe: wipe.id, minutes },
      });
      // Only a reading says that it was not reached.
      const unread =
        wipe.unreadSince === null
          ? undefined
          : `not known for ${Math.ceil((change.now.getTime() - wipe.unreadSince.getTime()) / 60_000)} minutes whether it was reached`;
      await replyOnIncident(
        change,
        incident.number,
        'danger',
        unread === undefined
          ? `Not reached for ${minutes} minutes.`
          : `Phone ${wipe.deviceNumber}: ${unread}, because Exchange does not say how its wipe stands.`,
        ' The card shows the next steps, cheapest first. Security was told.',
      );
      await notify(change, policy, 'wipe-not-reached', {
        incident: incident.number,
        line: [
          `phone ${wipe.deviceNumber} ${unread ?? `not reached for ${minutes} minutes`}${incident.planBRaisedTimes === 0 ? '' : ' and nobody has answered'}; decide: keep waiting or give up`,
        ],
      });
    }
    const next = planBDueAt(raised ? { ...input, raisedAt: change.now, quietUntil: null } : input);
    if (next !== undefined)
      await change.enqueue('plan-b', { wipe: wipeId }, { key: `${wipeId}-${next.getTime()}`, dueAt: next });
  });
}

import { z } from 'zod';
import { storeCapabilities } from '../src/exchange/stored-capabilities.ts';
import { after, minute } from '../src/ground/durations.ts';
import { readDevices } from '../src/incidents/devices/read-facts.ts';
import { recordDevices } from '../src/incidents/devices/record-devices.ts';
import { exchangeAnswers, recordExchangeAway } from '../src/incidents/incident/exchange-away.ts';
import { ownerReport } from '../src/incidents/incident/owner-report.ts';
import { replyOnIncident } from '../src/incidents/incident/reply.ts';
import { record } from '../src/incidents/incident/timeline.ts';
import { loadIncident } from '../src/incidents/incident/view.ts';
import { type BotJob, defineJob } from '../src/incidents/job.ts';
import { lockIncident, lockOwner } from '../src/incidents/lock-order.ts';
import { recordRequestNews, voidContradicted } from '../src/incidents/outside-wipes/request-news.ts';
import { watchSchedule } from '../src/incidents/wipe/request-proof.ts';
import type { Change } from '../src/store/port.ts';

/** A card that waits is read again, close at first; what another administrator asks of Exchange shows there, too. */
const soonest = 2 * minute;

/** The type is spelt out because the job enqueues itself. */
export const readDevicesJob: BotJob<'read-devices', { incident: number; step?: number | undefined }> = defineJob({
  name: 'read-devices',
  does: "Reads an incident's devices from Exchange and shows them on its card",
  lane: 'exchange',
  payload: z.object({ incident: z.number().int(), step: z.number().int().optional() }),
  async run(context, { incident, step = 0 }) {
    const { store } = context;
    const row = await store.db
      .selectFrom('incident')
      .select(['organisation', 'personGuid', 'state', 'byOwner'])
      .where('number', '=', incident)
      .executeTakeFirst();
    if (row === undefined || row.state === 'closed') return;
    try {
      const { devices, whole } = await readDevices(
        { db: store.db, exchange: context.exchange(row.organisation) },
        row.personGuid,
      );
      const capabilities = await context.capabilities(row.organisation);
      await store.change(async (change) => {
        // A request of somebody else may open an incident of the owner: in the order of lock-order.ts.
        await lockOwner(change, row.personGuid);
        await lockIncident(change, incident);
        await storeCapabilities(change, row.organisation, capabilities);
        const before = await exchangeAnswers(change, incident);
        const last = before[0];
        if (last === 'exchange.away') {
          await replyOnIncident(
            change,
            incident,
            'success',
            'Exchange answers again.',
            ' The card shows the phones as they are now.',
          );
        }
        for (const facts of devices) await voidContradicted(change, context, facts);
        const { news, changes } = await recordDevices(change, incident, devices, whole);
        await recordRequestNews(change, { policy: context.policy, incident, ownerGuid: row.personGuid, changes });
        await readAgain(change, incident, step);
        if (!whole && devices.length === 0) return;
        // The same phones once more, a little later, are nothing that happened: their rows say when they were read. That there is none
        // is known only once a second reading says so, too.
        const again = last === 'devices.read' && news !== 'partnerships';
        if (again && (devices.length > 0 || (step > 0 && (await isKnownEmpty(change, incident))))) return;
        await record(change, { incident, kind: 'devices.read', by: null, data: { devices: devices.length } });
        if (row.byOwner && !before.includes('devices.read')) await tellOwner(change, incident);
      });
    } catch (error) {
      await recordExchangeAway(store, incident, error, context.attempt);
      throw error;
    }

    async function isKnownEmpty(change: Change, number: number): Promise<boolean> {
      const { timeline } = await loadIncident(change.tx, number);
      return timeline.emptyReadings.length > 1;
    }

    async function readAgain(change: Change, number: number, done: number): Promise<void> {
      const { hold, state } = await change.tx
        .selectFrom('incident')
        .select(['hold', 'state'])
        .where('number', '=', number)
        .executeTakeFirstOrThrow();
      if (hold !== 'open' || state !== 'open') return;
      await change.enqueue(
        'read-devices',
        { incident: number, step: done + 1 },
        { key: String(number), dueAt: after(change.now, Math.max(soonest, watchSchedule(done))) },
      );
    }

    async function tellOwner(change: Change, number: number): Promise<void> {
      const view = await loadIncident(change.tx, number);
      if (view.incident.openedVia === null) return;
      await change.privately(view.incident.openedVia, ownerReport(view), `owner-report:${number}`);
    }
  },
});

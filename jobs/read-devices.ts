import { z } from 'zod';
import { storeCapabilities } from '../src/exchange/stored-capabilities.ts';
import { readDeviceFacts } from '../src/incidents/devices/read-facts.ts';
import { recordDevices } from '../src/incidents/devices/record-devices.ts';
import { exchangeAnswers, recordExchangeAway } from '../src/incidents/incident/exchange-away.ts';
import { ownerReport } from '../src/incidents/incident/owner-report.ts';
import { replyOnIncident } from '../src/incidents/incident/reply.ts';
import { record } from '../src/incidents/incident/timeline.ts';
import { loadIncident } from '../src/incidents/incident/view.ts';
import { defineJob } from '../src/incidents/job.ts';
import type { Change } from '../src/store/port.ts';

export const readDevicesJob = defineJob({
  name: 'read-devices',
  does: "Reads an incident's devices from Exchange and shows them on its card",
  lane: 'exchange',
  payload: z.object({ incident: z.number().int() }),
  async run(context, { incident }) {
    const { store } = context;
    const row = await store.db
      .selectFrom('incident')
      .select(['organisation', 'personGuid', 'state', 'byOwner'])
      .where('number', '=', incident)
      .executeTakeFirst();
    if (row === undefined || row.state === 'closed') return;
    try {
      const facts = await readDeviceFacts(context.exchange(row.organisation), row.personGuid);
      const capabilities = await context.capabilities(row.organisation);
      await store.change(async (change) => {
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
        const news = await recordDevices(change, incident, facts);
        // The same phones once more, a little later, are nothing that happened: their rows say when they were read.
        if (last === 'devices.read' && news !== 'partnerships' && facts.length > 0) return;
        await record(change, { incident, kind: 'devices.read', by: null, data: { devices: facts.length } });
        if (row.byOwner && !before.includes('devices.read')) await tellOwner(change, incident);
      });
    } catch (error) {
      await recordExchangeAway(store, incident, error, context.attempt);
      throw error;
    }

    async function tellOwner(change: Change, number: number): Promise<void> {
      const view = await loadIncident(change.tx, number);
      if (view.incident.openedVia === null) return;
      await change.privately(view.incident.openedVia, ownerReport(view), `owner-report:${number}`);
    }
  },
});

import { z } from 'zod';
import { lastSeenMessage } from '../src/apps/cards/last-seen.ts';
import { freshenLogs } from '../src/apps/freshen.ts';
import { seenPhones } from '../src/apps/last-seen.ts';
import { requestsChart } from '../src/apps/optional-chart.ts';
import { loadPhones } from '../src/apps/phones.ts';
import { personByGuid } from '../src/directory/find.ts';
import { ExchangeError } from '../src/exchange/port.ts';
import { after, day, second } from '../src/ground/durations.ts';
import type { DeviceFacts } from '../src/incidents/devices/device.ts';
import { readDeviceFacts } from '../src/incidents/devices/read-facts.ts';
import { defineJob } from '../src/incidents/job.ts';

const days = 14;

export const lastSeenJob = defineJob({
  name: 'last-seen',
  does: "Answers when a person's phones were last heard of, from Exchange and from the logs",
  lane: 'exchange',
  payload: z.object({
    organisation: z.enum(['real', 'lab']),
    person: z.string(),
    identity: z.string(),
    token: z.string(),
  }),
  retryAfter: (failures) => (failures < 4 ? 5 * second * failures : undefined),
  async run(context, { organisation, person: guid, identity, token }) {
    const { store, clock } = context;
    const person = await personByGuid(store.db, guid);
    if (person === undefined) return;
    let facts: DeviceFacts[] = [];
    let exchangeAway: string | undefined;
    try {
      facts = await readDeviceFacts({ db: context.store.db, exchange: context.exchange(organisation) }, guid);
    } catch (error) {
      // The logs can answer while Exchange is away; then the answer says so.
      if (!(error instanceof ExchangeError)) throw error;
      exchangeAway = error.userMessage;
    }
    const freshness = await freshenLogs(context, organisation);
    const now = clock.now();
    const since = after(now, -(days - 1) * day);
    const phones = await loadPhones(store.db, { organisation, since, person });
    const chart = await requestsChart(context, { phones, whose: person.displayName, since, now });
    const seen = seenPhones(facts, phones, now);
    const message = lastSeenMessage({ person, phones: seen, chart, freshness, exchangeAway });
    await store.change((change) => change.privately(identity, message, `last-seen:${token}`));
  },
});

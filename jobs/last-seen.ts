import { z } from 'zod';
import { lastSeenMessage } from '../src/apps/cards/last-seen.ts';
import { drawn } from '../src/apps/drawn.ts';
import { freshenLogs } from '../src/apps/freshen.ts';
import { seenPhones } from '../src/apps/last-seen.ts';
import { loadPhones } from '../src/apps/phones.ts';
import { daysOf } from '../src/apps/usage.ts';
import { requestsPerDayAlt, requestsPerDayChart } from '../src/charts/requests-per-day.ts';
import { personByGuid } from '../src/directory/find.ts';
import { ExchangeError } from '../src/exchange/port.ts';
import { day, second } from '../src/ground/durations.ts';
import type { DeviceFacts } from '../src/incidents/devices/device.ts';
import { readDeviceFacts } from '../src/incidents/devices/read-facts.ts';
import { defineJob, type JobContext } from '../src/incidents/job.ts';

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
    const { store, clock, policy, log } = context;
    const person = await personByGuid(store.db, guid);
    if (person === undefined) return;
    const { facts, away } = await factsOrAway(context, organisation, guid);
    const freshness = await freshenLogs(context, organisation);
    const now = clock.now();
    const since = new Date(now.getTime() - (days - 1) * day);
    const { timeZone } = policy;
    const phones = await loadPhones(store.db, { organisation, since, person, timeZone });
    const seen = seenPhones(facts, phones, now);
    const rows = phones.flatMap(({ clients }) => clients.flatMap((client) => client.rows));
    const perDay = daysOf(rows, { since, until: now, timeZone });
    const chart = perDay.every(({ letIn, refused }) => letIn + refused === 0)
      ? undefined
      : await drawn(log, store.db, {
          spec: requestsPerDayChart(perDay),
          alt: requestsPerDayAlt(person.displayName, perDay),
          now,
        });
    const message = lastSeenMessage({ person, phones: seen, chart, freshness, exchangeAway: away });
    await store.change((change) => change.privately(identity, message, `last-seen:${token}`));
  },
});

/** The logs can answer while Exchange is away; then the answer says so. */
async function factsOrAway(
  context: JobContext,
  organisation: 'real' | 'lab',
  guid: string,
): Promise<{ facts: DeviceFacts[]; away?: string }> {
  try {
    return { facts: await readDeviceFacts(context.exchange(organisation), guid) };
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    return { facts: [], away: error.userMessage };
  }
}

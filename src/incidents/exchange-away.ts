import { ExchangeError } from '../exchange/port.ts';
import type { Store } from '../store/port.ts';
import { record } from './timeline.ts';

/** Says once on the incident that Exchange does not answer; the job itself goes on trying. */
export async function exchangeWentAway(store: Store, incident: number, error: unknown, attempt: number): Promise<void> {
  const away =
    error instanceof ExchangeError &&
    ['exchange-away', 'exchange-timeout', 'exchange-throttled', 'exchange-bad-answer'].includes(error.code);
  if (!away) return;
  await store.change(async (change) => {
    const last = await change.tx
      .selectFrom('incidentEvent')
      .select('kind')
      .where('incidentNumber', '=', incident)
      .where('kind', 'in', ['exchange.away', 'devices.read'])
      .orderBy('id', 'desc')
      .executeTakeFirst();
    if (last?.kind === 'exchange.away') return;
    await record(change, { incident, kind: 'exchange.away', by: null, data: { code: error.code, tries: attempt + 1 } });
  });
}

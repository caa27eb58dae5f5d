import { ExchangeError } from '../../exchange/port.ts';
import type { Change, Store } from '../../store/port.ts';
import { record } from './timeline.ts';
import type { TimelineKind } from './timeline-event.ts';

/** Says once on the incident that Exchange does not answer; the job itself goes on trying. */
export async function recordExchangeAway(
  store: Store,
  incident: number,
  error: unknown,
  attempt: number,
): Promise<void> {
  const away =
    error instanceof ExchangeError &&
    ['exchange-away', 'exchange-timeout', 'exchange-throttled', 'exchange-bad-answer'].includes(error.code);
  if (!away) return;
  await store.change(async (change) => {
    const [last] = await exchangeAnswers(change, incident);
    if (last === 'exchange.away') return;
    await record(change, { incident, kind: 'exchange.away', by: null, data: { code: error.code, tries: attempt + 1 } });
  });
}

/** Whether Exchange told of the incident's phones (`devices.read`) or did not answer (`exchange.away`), the last time first. */
export async function exchangeAnswers(change: Change, incident: number): Promise<string[]> {
  const rows = await change.tx
    .selectFrom('incidentEvent')
    .select('kind')
    .where('incidentNumber', '=', incident)
    .where('kind', 'in', ['devices.read', 'exchange.away'] satisfies TimelineKind[])
    .orderBy('id', 'desc')
    .execute();
  return rows.map(({ kind }) => kind);
}

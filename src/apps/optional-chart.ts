import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { chartBlock } from '../charts/image.ts';
import type { ChartSpec } from '../charts/render.ts';
import { requestsPerDayAlt, requestsPerDayChart } from '../charts/requests-per-day.ts';
import type { JobContext } from '../incidents/job.ts';
import type { Block } from '../message/model.ts';
import type { Database } from '../store/schema.ts';
import type { Phone } from './phones.ts';
import { requestsPerDay } from './usage.ts';

/** A chart, or nothing: an answer is never held up by a picture, whose numbers stand in its text as well. */
export async function optionalChart(
  log: Logger,
  db: Kysely<Database>,
  input: { spec: ChartSpec; alt: string; now: Date },
): Promise<Block<never> | undefined> {
  try {
    return await chartBlock(db, input);
  } catch (error) {
    log.warn({ err: error }, 'a chart was left out');
    return undefined;
  }
}

/** How often these phones came each day, let in and refused; nothing where they never came. */
export async function requestsChart(
  { store, log, policy }: JobContext,
  input: { phones: readonly Phone[]; whose: string; since: Date; now: Date },
): Promise<Block<never> | undefined> {
  const { phones, whose, since, now } = input;
  const clientIds = phones.flatMap(({ clients }) => clients.map(({ id }) => id));
  const perDay = await requestsPerDay(store.db, { clientIds, since, until: now, timeZone: policy.timeZone });
  if (perDay.every(({ letIn, refused }) => letIn + refused === 0)) return undefined;
  const alt = requestsPerDayAlt(whose, perDay);
  return optionalChart(log, store.db, { spec: requestsPerDayChart(perDay), alt, now });
}

/** Event 1040 over days: how often, since when, and whether it grows. Its texts are read by the Servers port. */
import { day } from '../ground/durations.ts';
import type { Event1040, EventsRead } from '../servers/port.ts';
import type { EventSummary } from './reading.ts';

/** undefined: nothing was found where something could not be read, and so nothing is known. */
export function summariseEvents(
  { events, unread }: EventsRead,
  { now, timeZone }: { now: Date; timeZone: string },
): EventSummary | undefined {
  if (events.length === 0 && unread.length > 0) return undefined;
  const sorted = events.toSorted((a, b) => a.at.getTime() - b.at.getTime());
  const dayOf = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const days = new Map<string, number>();
  for (const { at } of sorted) days.set(dayOf.format(at), (days.get(dayOf.format(at)) ?? 0) + 1);
  const daysAgo = ({ at }: Event1040) => (now.getTime() - at.getTime()) / day;
  const last = sorted.at(-1);
  let since = last?.at;
  for (const { at } of sorted.toReversed()) {
    if (since !== undefined && since.getTime() - at.getTime() < day) since = at;
  }
  const running = last !== undefined && daysAgo(last) < 1;
  const lately = sorted.filter((event) => daysAgo(event) >= 0 && daysAgo(event) < 3).length;
  const before = sorted.filter((event) => daysAgo(event) >= 3 && daysAgo(event) < 6).length;
  return {
    total: sorted.length,
    atLeast: unread.length > 0 ? true : undefined,
    days: [...days].map(([name, count]) => ({ day: name, count })),
    last: last && {
      at: last.at.toISOString(),
      average: last.averageSeconds,
      threshold: last.thresholdSeconds,
      command: last.command ?? '',
    },
    runningSince: running ? since?.toISOString() : undefined,
    trend: trendOf(lately, before),
  };
}

function trendOf(lately: number, before: number): EventSummary['trend'] {
  if (lately + before === 0) return 'none';
  if (lately > before * 1.5 + 1) return 'rising';
  if (before > lately * 1.5 + 1) return 'falling';
  return 'steady';
}

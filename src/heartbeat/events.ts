/** Event 1040 over days: how often, since when, and whether it grows. Its texts are read by the Servers port. */
import type { Event1040 } from '../servers/port.ts';

export type EventSummary = {
  total: number;
  /** Days (in the given zone, oldest first) with their numbers, days without events left out. */
  days: { day: string; count: number }[];
  last?: { at: string; average: number; threshold: number; command: string };
  /** Begin of the run that is still going on: events that follow each other within a day, the newest less than a day old. */
  runningSince?: string;
  /** Of the last three days against the three before. */
  trend: 'rising' | 'falling' | 'steady' | 'none';
};

const day = 86_400_000;

export function summariseEvents(
  events: readonly Event1040[],
  { now, timeZone }: { now: Date; timeZone: string },
): EventSummary {
  const sorted = [...events].sort((a, b) => a.at.getTime() - b.at.getTime());
  const dayOf = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const days = new Map<string, number>();
  for (const { at } of sorted) days.set(dayOf.format(at), (days.get(dayOf.format(at)) ?? 0) + 1);
  const last = sorted.at(-1);
  const running = last !== undefined && now.getTime() - last.at.getTime() < day;
  let since = last?.at;
  for (const { at } of sorted.toReversed()) {
    if (since !== undefined && since.getTime() - at.getTime() < day) since = at;
  }
  const within = (from: number, to: number) =>
    sorted.filter(({ at }) => now.getTime() - at.getTime() >= from * day && now.getTime() - at.getTime() < to * day)
      .length;
  return {
    total: sorted.length,
    days: [...days].map(([name, count]) => ({ day: name, count })),
    ...(last === undefined
      ? {}
      : {
          last: {
            at: last.at.toISOString(),
            average: last.averageSeconds,
            threshold: last.thresholdSeconds,
            command: last.command ?? '',
          },
        }),
    ...(running && since !== undefined ? { runningSince: since.toISOString() } : {}),
    trend: trendOf(within(0, 3), within(3, 6)),
  };
}

function trendOf(lately: number, before: number): EventSummary['trend'] {
  if (lately + before === 0) return 'none';
  if (lately > before * 1.5 + 1) return 'rising';
  if (before > lately * 1.5 + 1) return 'falling';
  return 'steady';
}

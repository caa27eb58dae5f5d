import { countClients, countRequests, type Observation, partsBy, sumOf } from './observation.ts';
import type { Asked, Bar, Cost } from './reading.ts';

/** What waited: overlaps stand a second time under how their request ended; what was refused never waited. */
function hangingOf(observations: readonly Observation[]): Observation[] {
  return observations.filter(({ ended }) => ended !== 'overlapped' && ended !== 'refused');
}

/** What phones asked for and how it ended, for tables and the chart; undefined where nobody hung. */
export function askedOf(observations: readonly Observation[]): Asked | undefined {
  const hanging = hangingOf(observations);
  const requests = countRequests(hanging);
  if (requests === 0) return undefined;
  const ended = { heartbeat: 0, change: 0, cut: 0, dropped: 0, overlapped: 0, refused: 0 };
  for (const each of observations) if (each.ended !== 'unknown') ended[each.ended] += each.requests;
  const bars = barsOf(hanging, (asked) => asked);
  return {
    requests,
    clients: countClients(hanging),
    average: averageAsked(hanging),
    bars: bars.length <= mostBars ? bars : barsOf(hanging, coarse),
    ended,
    lives: Math.round(sumOf(hanging, ({ mean, requests: count }) => mean * count) / requests),
    byType: largestParts(hanging, 'deviceType'),
    byNetwork: largestParts(hanging, 'network'),
  };
}

function averageAsked(observations: readonly Observation[]): number {
  const sum = sumOf(observations, ({ asked, requests }) => asked * requests);
  return Math.round(sum / Math.max(1, countRequests(observations)));
}

function barsOf(observations: readonly Observation[], stepOf: (asked: number) => number): Bar[] {
  const bars = new Map<number, Bar>();
  for (const { asked, ended, requests } of observations) {
    const bar = bars.get(stepOf(asked)) ?? { asked: stepOf(asked), answered: 0, mail: 0, failed: 0 };
    if (ended === 'heartbeat') bar.answered += requests;
    else if (ended === 'change') bar.mail += requests;
    else if (ended === 'cut' || ended === 'dropped') bar.failed += requests;
    bars.set(bar.asked, bar);
  }
  return [...bars.values()].sort((a, b) => a.asked - b.asked);
}

/** A reading is stored: thousands of different heartbeats are kept in steps of 5 %. */
const mostBars = 120;
const step = Math.log(1.05);

function coarse(asked: number): number {
  return Math.round(Math.exp(Math.round(Math.log(asked) / step) * step));
}

function largestParts(observations: readonly Observation[], property: 'network' | 'deviceType'): Asked['byType'] {
  return [...partsBy(observations, property)]
    .map(([name, part]) => ({
      name,
      clients: countClients(part),
      requests: countRequests(part),
      average: averageAsked(part),
    }))
    .sort((a, b) => b.requests - a.requests)
    .slice(0, 8);
}

/**
 * What short heartbeats cost, in requests that a phone opens in an hour; `max` is the longest that Exchange lets one wait.
 * undefined where too little was on the line to tell (less than two hours in all).
 */
export function costOf(observations: readonly Observation[], max: number): Cost | undefined {
  const known = hangingOf(observations).filter(({ ended }) => ended !== 'unknown');
  const requests = countRequests(known);
  const seconds = sumOf(known, ({ mean, requests: count }) => mean * count);
  if (seconds < 7200 || requests === 0) return undefined;
  const perSecond = countRequests(known.filter(({ ended }) => ended === 'change')) / seconds;
  // Mail that comes by chance at this rate ends a wait of at most `max` seconds after (1 - e^-r·max) / r on average.
  const wait = perSecond === 0 ? max : (1 - Math.exp(-perSecond * max)) / perSecond;
  return { now: (requests / seconds) * 3600, after: 3600 / wait };
}

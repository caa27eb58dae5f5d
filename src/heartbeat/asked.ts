import type { Asked, Bar } from './look.ts';
import { countClients, countRequests, type Observation } from './observation.ts';

/** What phones asked for and how it ended, for tables and the chart; undefined where nobody hung. */
export function askedOf(observations: readonly Observation[]): Asked | undefined {
  // Overlaps stand a second time under how their request ended; what was refused never waited.
  const hanging = observations.filter(({ ended }) => ended !== 'overlapped' && ended !== 'refused');
  const requests = countRequests(hanging);
  if (requests === 0) return undefined;
  const ended = { heartbeat: 0, change: 0, cut: 0, dropped: 0, overlapped: 0, refused: 0 };
  for (const each of observations) if (each.ended !== 'unknown') ended[each.ended] += each.requests;
  const bars = barsOf(hanging);
  return {
    requests,
    clients: countClients(hanging),
    average: averageAsked(hanging),
    median: medianAsked(hanging, requests),
    bars: bars.length <= MOST_BARS ? bars : coarser(bars),
    ended,
    lives: Math.round(hanging.reduce((sum, each) => sum + each.mean * each.requests, 0) / requests),
    byType: parts(hanging, ({ deviceType }) => deviceType),
    byNetwork: parts(hanging, ({ network }) => network),
  };
}

function averageAsked(observations: readonly Observation[]): number {
  const sum = observations.reduce((total, { asked, requests }) => total + asked * requests, 0);
  return Math.round(sum / Math.max(1, countRequests(observations)));
}

function medianAsked(observations: readonly Observation[], requests: number): number {
  const times = new Map<number, number>();
  for (const each of observations) times.set(each.asked, (times.get(each.asked) ?? 0) + each.requests);
  let seen = 0;
  for (const asked of [...times.keys()].sort((a, b) => a - b)) {
    seen += times.get(asked) ?? 0;
    if (seen * 2 >= requests) return asked;
  }
  return 0;
}

function barsOf(observations: readonly Observation[]): Bar[] {
  const bars = new Map<number, Bar>();
  for (const { asked, ended, requests } of observations) {
    const bar = bars.get(asked) ?? { asked, answered: 0, mail: 0, failed: 0 };
    if (ended === 'heartbeat') bar.answered += requests;
    else if (ended === 'change') bar.mail += requests;
    else if (ended === 'cut' || ended === 'dropped') bar.failed += requests;
    bars.set(asked, bar);
  }
  return [...bars.values()].sort((a, b) => a.asked - b.asked);
}

/** A look is stored: thousands of different heartbeats are kept in steps of 5 %. */
const MOST_BARS = 120;
const STEP = Math.log(1.05);

function coarser(bars: readonly Bar[]): Bar[] {
  const steps = new Map<number, Bar>();
  for (const bar of bars) {
    const asked = Math.round(Math.exp(Math.round(Math.log(bar.asked) / STEP) * STEP));
    const known = steps.get(asked) ?? { asked, answered: 0, mail: 0, failed: 0 };
    known.answered += bar.answered;
    known.mail += bar.mail;
    known.failed += bar.failed;
    steps.set(asked, known);
  }
  return [...steps.values()];
}

/** The largest parts by requests. */
function parts(observations: readonly Observation[], of: (observation: Observation) => string): Asked['byType'] {
  const found = new Map<string, Observation[]>();
  for (const observation of observations) {
    const name = of(observation);
    const part = found.get(name);
    if (name === '') continue;
    if (part === undefined) found.set(name, [observation]);
    else part.push(observation);
  }
  return [...found]
    .map(([name, part]) => ({
      name,
      clients: countClients(part),
      requests: countRequests(part),
      average: averageAsked(part),
    }))
    .sort((a, b) => b.requests - a.requests)
    .slice(0, 8);
}

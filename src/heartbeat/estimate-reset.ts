import {
  answeredBeyond,
  beyond,
  countClients,
  countRequests,
  goesBeyond,
  type Observation,
  sumOf,
  supportOf,
} from './observation.ts';
import type { SeenEdge } from './reading.ts';

/** Fewest failed requests that make an edge. */
export const fewestFailures = 4;

/** So many different clients must have met it: one phone in a lift is no firewall. */
export function fewestClients(atRisk: number): number {
  return atRisk >= 4 ? 3 : 2;
}

/** Lengths within this count as one: timers fire late by up to a few seconds, never early. */
const width = 0.03;
const slackSeconds = 2;
/** Of the requests that could have outlived an edge that everybody meets, so many must have ended at it. */
const leastShare = 0.8;
/** Peaks that are judged, the highest first. */
const mostPeaks = 6;

/**
 * The edge that closes connections: cuts pile up at one length, far over what chance spreads about it, and hardly any request
 * that asked for more was answered after it.
 */
export function resetEdge(observations: readonly Observation[]): SeenEdge | undefined {
  return cutLengths(observations).find(isWhole)?.edge;
}

/** A length at which cuts pile up, whatever else lasts longer. */
export type CutLength = {
  edge: SeenEdge;
  /** The cuts at it. */
  cuts: readonly Observation[];
  /** Requests that lasted longer. */
  outlived: number;
};

/** Hardly any request that asked for more lasted longer. */
export function isWhole({ edge: { requests }, outlived }: CutLength): boolean {
  return requests / (requests + outlived) >= leastShare;
}

/** Every length at which cuts pile up far over what chance spreads about it, the most cuts first. */
export function cutLengths(observations: readonly Observation[]): CutLength[] {
  const cuts = observations
    .filter(({ ended, asked, mean }) => ended === 'cut' && mean >= 10 && asked >= beyond(mean))
    .sort((a, b) => a.mean - b.mean);
  return peaks(cuts)
    .map((peak) => lengthAt(peak, cuts, observations))
    .filter((length) => length !== undefined)
    .sort((a, b) => b.edge.requests - a.edge.requests);
}

/** Runs of cuts of about one length, by how many there are; `cuts` in the order of their lengths. */
function peaks(cuts: readonly Observation[]): Observation[][] {
  const windows: { from: number; to: number; weight: number }[] = [];
  let to = 0;
  let weight = 0;
  for (let from = 0; from < cuts.length; from += 1) {
    const first = cuts[from];
    if (first === undefined) break;
    const end = first.mean * (1 + width) + slackSeconds;
    for (let next = cuts[to]; next !== undefined && next.mean <= end; next = cuts[to]) {
      weight += next.requests;
      to += 1;
    }
    windows.push({ from, to, weight });
    weight -= first.requests;
  }
  windows.sort((a, b) => b.weight - a.weight);
  const chosen: typeof windows = [];
  for (const window of windows) {
    if (chosen.length === mostPeaks) break;
    if (chosen.every((other) => window.to <= other.from || window.from >= other.to)) chosen.push(window);
  }
  return chosen.map((window) => cuts.slice(window.from, window.to));
}

function lengthAt(
  peak: readonly Observation[],
  cuts: readonly Observation[],
  observations: readonly Observation[],
): CutLength | undefined {
  const seconds = medianLength(peak);
  const atIt = peak.filter((cut) => goesBeyond(cut, seconds));
  const support = supportOf(atIt);
  const { requests, clients } = support;
  const atRisk = countClients(observations.filter((each) => goesBeyond(each, seconds)));
  if (requests < fewestFailures || clients < fewestClients(atRisk)) return undefined;

  // A pool that is recycled every few minutes cuts everybody at one length, for a while; an edge goes on.
  if (support.firstHour === support.lastHour) return undefined;

  const last = peak.at(-1)?.mean ?? seconds;
  const outlived =
    sumOf(observations, (each) => answeredBeyond(each, last)) +
    countRequests(cuts.filter(({ mean }) => mean > beyond(last)));
  const before = countRequests(cuts.filter(({ mean }) => mean >= seconds * 0.4 && mean < seconds * 0.96));
  const byChance = (before * (seconds * width + slackSeconds)) / (seconds * 0.56);
  if (requests < 4 * byChance + 3) return undefined;

  const confidence = requests >= 12 && clients >= 3 && outlived * 10 <= requests ? 'high' : 'medium';
  const edge = { kind: 'seen', seconds: Math.round(seconds), how: 'reset', ...support, confidence } as const;
  return { edge, cuts: atIt, outlived };
}

/** Of the peak, in seconds, each request counted. */
function medianLength(peak: readonly Observation[]): number {
  const half = countRequests(peak) / 2;
  let seen = 0;
  for (const { mean, requests } of peak) {
    seen += requests;
    if (seen >= half) return mean;
  }
  return 0;
}

/**
 * The edge that some connections meet and others do not: phones that are inside on Wi-Fi and outside through a firewall, one of two
 * nodes of a pair.
 */
import { hour } from '../ground/durations.ts';
import { type CutLength, cutLengths, isWhole } from './estimate-reset.ts';
import { answeredBeyond, type Observation, sumOf } from './observation.ts';
import type { BoundedEdge, SeenEdge } from './reading.ts';

/** Fewest cuts at one length where others last longer. */
const fewestCuts = 12;
/** Of the requests that could have lasted longer, so many must have ended there: fewer is nobody's trouble. */
const leastShare = 0.05;
/** So many clients must have met it and lasted longer as well, so often each: an app that hangs up by itself never does. */
const fewestBoth = 2;
const fewestOfEach = 2;
/** So many cuts at the rate before must be missing until the end of the time for it to be over. */
const missingCuts = 20;

/**
 * Lengths at which cuts pile up although other connections last longer. `met`: the same phones meet it and outlive it, so it is on
 * their ways and not in an app.
 */
export function cutsOfSome(observations: readonly Observation[]): (CutLength & { met: boolean })[] {
  return cutLengths(observations).flatMap((length) => {
    const { edge, cuts, outlived } = length;
    const isClear = edge.requests >= fewestCuts && edge.requests / (edge.requests + outlived) >= leastShare;
    if (!isClear || isOver(edge, edge.seconds, observations)) return [];
    return [{ ...length, met: isWhole(length) || both(cuts, observations, edge.seconds) >= fewestBoth }];
  });
}

/** How many clients were cut there and lasted longer, each more than once. */
function both(cuts: readonly Observation[], observations: readonly Observation[], seconds: number): number {
  const lasted = new Map<string, number>();
  for (const each of observations) {
    const count = answeredBeyond(each, seconds * 1.03);
    if (count > 0) lasted.set(each.client, (lasted.get(each.client) ?? 0) + count);
  }
  const met = new Map<string, number>();
  for (const { client, requests } of cuts) met.set(client, (met.get(client) ?? 0) + requests);
  return [...met].filter(([client, count]) => count >= fewestOfEach && (lasted.get(client) ?? 0) >= fewestOfEach)
    .length;
}

/**
 * Whether what was seen ended within the time: nothing lasted longer before its last hour, and something did since. Where others
 * lasted longer all along, only that cuts stay away for long says so.
 */
export function isOver(
  { requests, firstHour, lastHour }: Pick<SeenEdge | BoundedEdge, 'requests' | 'firstHour' | 'lastHour'>,
  seconds: number,
  observations: readonly Observation[],
): boolean {
  const lasted = (isLater: boolean) =>
    sumOf(observations, (each) => (each.firstHour > lastHour === isLater ? answeredBeyond(each, seconds * 1.03) : 0));
  if (lasted(true) < 2) return false;
  if (lasted(false) <= 1 + requests * 0.03) return true;
  const end = Math.max(...observations.map((each) => each.lastHour));
  const perHour = requests / ((lastHour - firstHour) / hour + 1);
  return perHour * ((end - lastHour) / hour) >= missingCuts;
}

import { type BoundedEdge, fewestClients, fewestFailures, type SeenEdge } from './estimate.ts';
import {
  answeredBeyond,
  beyond,
  condensed,
  countClients,
  countRequests,
  goesBeyond,
  type Observation,
} from './observation.ts';

/** Of the requests that asked for more than the edge, so many must have failed. */
const SHARE = 0.9;
/** Bounds that are closer together than this give one length. */
const CLOSE = 1.12;
/** That chance alone failed all of them must be less likely than this. */
const BY_CHANCE = 1e-5;

type Failure = { at: number; observation: Observation };

/**
 * The edge that forgets connections without a word: nothing is answered beyond some length, although phones ask for more.
 * The longest answer bounds it from below; what failed beyond bounds it from above.
 */
export function silentEdge(observations: readonly Observation[]): SeenEdge | BoundedEdge | undefined {
  const ceiling = ceilingOf(observations);
  if (ceiling === undefined) return undefined;
  const failed = failuresBeyond(observations, ceiling);
  if (chance(observations, failed, ceiling) > Math.log(BY_CHANCE)) return undefined;

  const floor = floorOf(observations, failed, ceiling);
  const group = failed.map(({ observation }) => observation);
  const support = {
    requests: countRequests(group),
    clients: countClients(group),
    firstHour: Math.min(...group.map(({ firstHour }) => firstHour)),
    lastHour: Math.max(...group.map(({ lastHour }) => lastHour)),
  };
  // As with resets: what happened within one hour only may be a pool that is recycled.
  if (support.firstHour === support.lastHour) return undefined;
  if (ceiling > 0 && floor / ceiling <= CLOSE) {
    const seconds = Math.round(Math.sqrt(ceiling * floor));
    return { kind: 'seen', seconds, how: 'silent', ...support, confidence: 'medium' };
  }
  return { kind: 'bounded', atLeast: Math.round(ceiling), atMost: Math.round(floor), ...support };
}

/** The longest answered length beyond which nearly all fails; undefined where there is none. */
function ceilingOf(observations: readonly Observation[]): number | undefined {
  const cells = condensed(observations);
  const failures = cells.filter(({ ended }) => ended === 'dropped' || ended === 'cut' || ended === 'overlapped');
  const answers = cells.filter(({ ended }) => ended === 'heartbeat' || ended === 'change');
  for (const length of ceilings(answers)) {
    let requests = 0;
    for (const each of failures) if (failsBeyond(each, length)) requests += each.requests;
    if (requests < fewestFailures) return undefined;
    let answered = 0;
    for (const each of answers) answered += answeredBeyond(each, length);
    if (requests / (requests + answered) < SHARE) continue;
    const failed = failures.filter((each) => failsBeyond(each, length));
    const atRisk = countClients(observations.filter((each) => goesBeyond(each, length)));
    return countClients(failed) >= fewestClients(atRisk) ? length : undefined;
  }
  return undefined;
}

/** Lengths that were answered, shortest first; of those within 1 % only the longest. */
function ceilings(answers: readonly Observation[]): number[] {
  const steps = new Map<number, number>();
  for (const { ended, asked, longest } of answers) {
    const length = ended === 'heartbeat' ? asked : Math.round(longest);
    const step = Math.round(Math.log(Math.max(1, length)) * 100);
    steps.set(step, Math.max(length, steps.get(step) ?? 0));
  }
  return [0, ...steps.values()].sort((a, b) => a - b);
}

/** It asked for more than `length`, lived that long, and came to nothing; `cut` and `overlapped` are noticed some time after the way was gone. */
function failsBeyond(observation: Observation, length: number): boolean {
  if (!goesBeyond(observation, length)) return false;
  const { ended, mean } = observation;
  return ended === 'dropped' || ((ended === 'cut' || ended === 'overlapped') && mean >= length * 0.985);
}

function failuresBeyond(observations: readonly Observation[], length: number): Failure[] {
  return observations
    .filter((observation) => failsBeyond(observation, length))
    .map((observation) => ({
      at: observation.ended === 'dropped' ? observation.asked : observation.mean,
      observation,
    }));
}

/** The shortest length by which the way was surely gone. */
function floorOf(observations: readonly Observation[], failed: readonly Failure[], ceiling: number): number {
  const silent = failed.filter(({ observation }) => observation.ended === 'dropped').sort((a, b) => a.at - b.at);
  const held = reached(silent, () => 2);
  // Phones also leave for reasons of their own: as many are expected between ceiling and floor as there are below.
  const own = observations.filter(
    ({ ended, mean }) => (ended === 'cut' || ended === 'overlapped') && mean < ceiling * 0.985 && mean >= ceiling * 0.3,
  );
  const perSecond = ceiling > 0 ? countRequests(own) / (ceiling * 0.685) : 0;
  const noticed = failed.filter(({ observation }) => observation.ended !== 'dropped').sort((a, b) => a.at - b.at);
  const early = reached(noticed, (at) => 3 + 3 * perSecond * (at - ceiling));
  return Math.min(held, early, ...failed.slice(0, 1).map(({ observation }) => observation.asked));
}

/** Where the failures, in the order of their lengths, reach the number that is `needed` there. */
function reached(failures: readonly Failure[], needed: (at: number) => number): number {
  let seen = 0;
  for (const { at, observation } of failures) {
    seen += observation.requests;
    if (seen >= needed(at)) return at;
  }
  return Number.POSITIVE_INFINITY;
}

/** Logarithm of how likely all of `failed` is where connections are lost at the rate that is seen below the ceiling. */
function chance(observations: readonly Observation[], failed: readonly Failure[], ceiling: number): number {
  const limit = beyond(ceiling);
  let hung = 0;
  let lost = 0;
  for (const { asked, ended, mean, requests } of observations) {
    hung += Math.min(ended === 'heartbeat' ? asked : mean, limit) * requests;
    const failedBelow = (ended === 'dropped' && asked < limit) || (ended === 'cut' && mean < ceiling * 0.985);
    if (failedBelow) lost += requests;
  }
  const rate = (lost + 1) / (hung + 1);
  return failed.reduce((sum, { observation }) => {
    const p = 1 - Math.exp(-rate * observation.asked);
    return sum + observation.requests * Math.log(Math.max(p, 1e-12));
  }, 0);
}

import { fewestClients, fewestFailures } from './estimate-reset.ts';
import {
  answeredBeyond,
  beyond,
  condensed,
  countClients,
  countRequests,
  goesBeyond,
  type Observation,
  sumOf,
  supportOf,
} from './observation.ts';
import type { BoundedEdge, SeenEdge } from './reading.ts';

/** Of the requests that asked for more than the edge, so many must have failed. */
const leastShare = 0.9;
/** Bounds that are closer together than this give one length. */
const closeBounds = 1.12;
/** That chance alone failed all of them must be less likely than this. */
const byChance = 1e-5;

/**
 * The edge that forgets connections without a word: nothing is answered beyond some length, although phones ask for more.
 * The longest answer bounds it from below; what failed beyond bounds it from above.
 */
export function silentEdge(observations: readonly Observation[]): SeenEdge | BoundedEdge | undefined {
  const ceiling = ceilingOf(observations);
  if (ceiling === undefined) return undefined;
  const failed = observations.filter((each) => failsBeyond(each, ceiling));
  if (chance(observations, failed, ceiling) > Math.log(byChance)) return undefined;

  const floor = floorOf(observations, failed, ceiling);
  const support = supportOf(failed);
  // As with resets: what happened within one hour only may be a pool that is recycled.
  if (support.firstHour === support.lastHour) return undefined;
  if (ceiling > 0 && floor / ceiling <= closeBounds) {
    const seconds = Math.round(Math.sqrt(ceiling * floor));
    return { kind: 'seen', seconds, how: 'silent', ...support, confidence: 'medium' };
  }
  return { kind: 'bounded', atLeast: Math.round(ceiling), atMost: Math.round(floor), ...support };
}

/** The longest answered length beyond which nearly all fails; undefined where there is none. */
function ceilingOf(observations: readonly Observation[]): number | undefined {
  const cells = condensed(observations);
  const failures = cells.filter((each) => failsBeyond(each, 0));
  const answers = cells.filter(({ ended }) => ended === 'heartbeat' || ended === 'change');
  for (const length of ceilings(answers)) {
    const failed = failures.filter((each) => failsBeyond(each, length));
    const requests = countRequests(failed);
    if (requests < fewestFailures) return undefined;
    const answered = sumOf(answers, (each) => answeredBeyond(each, length));
    if (requests / (requests + answered) < leastShare) continue;
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

/** How long a failed request was open when the way was surely gone. */
function goneAt({ ended, asked, mean }: Observation): number {
  return ended === 'dropped' ? asked : mean;
}

/** The shortest length by which the way was surely gone. */
function floorOf(observations: readonly Observation[], failed: readonly Observation[], ceiling: number): number {
  const dropped = failed.filter(({ ended }) => ended === 'dropped');
  // Phones also leave for reasons of their own: as many are expected between ceiling and floor as there are below.
  const own = observations.filter(
    ({ ended, mean }) => (ended === 'cut' || ended === 'overlapped') && mean < ceiling * 0.985 && mean >= ceiling * 0.3,
  );
  const perSecond = ceiling > 0 ? countRequests(own) / (ceiling * 0.685) : 0;
  const noticed = failed.filter(({ ended }) => ended !== 'dropped');
  return Math.min(
    reached(dropped, () => 2),
    reached(noticed, (at) => 3 + 3 * perSecond * (at - ceiling)),
    ...failed.slice(0, 1).map(({ asked }) => asked),
  );
}

/** Where the failures, in the order of their lengths, reach the number that is `needed` there. */
function reached(failures: readonly Observation[], needed: (at: number) => number): number {
  let seen = 0;
  for (const failure of failures.toSorted((a, b) => goneAt(a) - goneAt(b))) {
    seen += failure.requests;
    if (seen >= needed(goneAt(failure))) return goneAt(failure);
  }
  return Number.POSITIVE_INFINITY;
}

/** Logarithm of how likely all of `failed` is where connections are lost at the rate that is seen below the ceiling. */
function chance(observations: readonly Observation[], failed: readonly Observation[], ceiling: number): number {
  const limit = beyond(ceiling);
  const hung = sumOf(observations, ({ ended, asked, mean, requests }) => {
    return Math.min(ended === 'heartbeat' ? asked : mean, limit) * requests;
  });
  const lost = countRequests(
    observations.filter(
      ({ ended, asked, mean }) => (ended === 'dropped' && asked < limit) || (ended === 'cut' && mean < ceiling * 0.985),
    ),
  );
  const rate = (lost + 1) / (hung + 1);
  return sumOf(failed, ({ asked, requests }) => {
    return requests * Math.log(Math.max(1 - Math.exp(-rate * asked), 1e-12));
  });
}

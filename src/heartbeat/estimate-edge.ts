import { resetEdge } from './estimate-reset.ts';
import { silentEdge } from './estimate-silent.ts';
import { answeredBeyond, countRequests, goesBeyond, type Observation, partsBy, sumOf } from './observation.ts';
import { type EdgeEstimate, type LocatedEdge, lengthOf } from './reading.ts';

/** So many answers show how long a connection lives. */
const enoughAnswers = 3;

/**
 * The edge that these requests met, from their ends alone. `max` is the longest heartbeat that Exchange allows (seconds): an
 * edge over it cannot be met and needs no change.
 */
export function estimateEdge(observations: readonly Observation[], max: number): EdgeEstimate {
  const holds = longestAnswered(observations);
  const found = resetEdge(observations) ?? silentEdge(observations);
  if (found === undefined) return { kind: holds >= max * 0.85 ? 'none' : 'unknown', holds };
  const seconds = found.kind === 'seen' ? found.seconds : found.atMost;
  const later = observations.filter((each) => each.firstHour > found.lastHour);
  if (sumOf(later, (each) => answeredBeyond(each, seconds * 1.03)) < 2) return found;
  return { kind: 'unknown', holds, gone: { seconds, until: found.lastHour } };
}

/** How long connections are known to live: at least three answers took so long. */
export function longestAnswered(observations: readonly Observation[]): number {
  const answers = new Map<number, number>();
  for (const { ended, asked, longest, requests } of observations) {
    if (ended === 'heartbeat') answers.set(asked, (answers.get(asked) ?? 0) + requests);
    if (ended !== 'change') continue;
    const length = Math.round(longest);
    answers.set(length, (answers.get(length) ?? 0) + 1);
  }
  let seen = 0;
  for (const [length, count] of [...answers].sort(([a], [b]) => b - a)) {
    seen += count;
    if (seen >= enoughAnswers) return length;
  }
  return 0;
}

/** What one network (a carrier, an office) or one kind of client (an app that hangs up by itself) may meet alone. */
const scopes = [
  { kind: 'network', property: 'network' },
  { kind: 'device-type', property: 'deviceType' },
] as const;

/** First for all of them together. Where others outlive what one network or one kind of client meets, only that part is named. */
export function locateEdge(observations: readonly Observation[], max: number): LocatedEdge {
  const estimate = estimateEdge(observations, max);
  const length = lengthOf(estimate);
  if (length !== undefined) {
    for (const { kind, property } of scopes) {
      const name = solePart(observations, length, property);
      if (name !== undefined) return { estimate, scope: { kind, name } };
    }
    return { estimate, scope: { kind: 'all' }, soleType: soleTypeBeyond(observations, length) };
  }
  for (const { kind, property } of scopes) {
    for (const [name, part] of partsBy(observations, property)) {
      if (part.length === observations.length) continue;
      const found = estimateEdge(part, max);
      if (found.kind === 'seen' && found.confidence === 'high') return { estimate: found, scope: { kind, name } };
    }
  }
  return { estimate, scope: { kind: 'all' } };
}

const failed: ReadonlySet<Observation['ended']> = new Set(['cut', 'dropped', 'overlapped'] as const);

/** The one part whose phones meet the edge, where phones of other parts are answered beyond it. */
function solePart(
  observations: readonly Observation[],
  edge: number,
  property: 'network' | 'deviceType',
): string | undefined {
  const failing = observations.filter(
    (each) => failed.has(each.ended) && goesBeyond(each, edge) && each.mean >= edge * 0.9,
  );
  const parts = [...partsBy(failing, property)].map(([name, part]) => ({ name, requests: countRequests(part) }));
  const [most] = parts.sort((a, b) => b.requests - a.requests);
  if (most === undefined || most.requests < 0.9 * countRequests(failing)) return undefined;
  const elsewhere = observations.some((each) => each[property] !== most.name && answeredBeyond(each, edge * 1.03) > 0);
  return elsewhere ? most.name : undefined;
}

function soleTypeBeyond(observations: readonly Observation[], edge: number): string | undefined {
  const types = new Set(observations.filter((each) => goesBeyond(each, edge)).map(({ deviceType }) => deviceType));
  const [only] = types;
  return types.size === 1 && observations.some(({ deviceType }) => deviceType !== only) ? only : undefined;
}

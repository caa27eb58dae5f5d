import type { EdgeEstimate } from './estimate.ts';
import { resetEdge } from './estimate-reset.ts';
import { silentEdge } from './estimate-silent.ts';
import { answeredBeyond, countRequests, goesBeyond, type Observation } from './observation.ts';

/** So many answers show how long a connection lives. */
const enoughAnswers = 3;

/**
 * The edge that these requests met, from their ends alone. `max` is the longest heartbeat that Exchange allows (seconds): an
 * edge over it cannot be met and needs no change.
 */
export function estimateEdge(observations: readonly Observation[], max: number): EdgeEstimate {
  const holds = longestAnswered(observations);
  const found = resetEdge(observations) ?? silentEdge(observations);
  if (found === undefined) return holds >= max * 0.85 ? { kind: 'none', holds } : { kind: 'unknown', holds };
  const length = found.kind === 'seen' ? found.seconds : found.atMost;
  const later = observations.filter((each) => each.firstHour > found.lastHour);
  if (later.reduce((sum, each) => sum + answeredBeyond(each, length * 1.03), 0) >= 2) {
    return { kind: 'unknown', holds, gone: { seconds: length, until: found.lastHour } };
  }
  return found;
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
  for (const length of [...answers.keys()].sort((a, b) => b - a)) {
    seen += answers.get(length) ?? 0;
    if (seen >= enoughAnswers) return length;
  }
  return 0;
}

/** Whose connections end there: everybody's, or only those of one network or one kind of client. */
export type EdgeScope = { kind: 'all' } | { kind: 'network'; name: string } | { kind: 'device-type'; name: string };

export type LocatedEdge = {
  estimate: EdgeEstimate;
  scope: EdgeScope;
  /** The only kind of client that asks for more than the edge: it may as well hang up by itself. */
  soleType?: string;
};

/**
 * First for all of them together. Where others outlive what one network (a carrier, an office) or one kind of client (an app
 * that hangs up by itself) meets, only that part is named.
 */
export function locateEdge(observations: readonly Observation[], max: number): LocatedEdge {
  const whole = estimateEdge(observations, max);
  const all: EdgeScope = { kind: 'all' };
  if (whole.kind === 'seen' || whole.kind === 'bounded') {
    const length = whole.kind === 'seen' ? whole.seconds : whole.atMost;
    const network = solePart(observations, length, (each) => each.network);
    if (network !== undefined) return { estimate: whole, scope: { kind: 'network', name: network } };
    const type = solePart(observations, length, (each) => each.deviceType);
    if (type !== undefined) return { estimate: whole, scope: { kind: 'device-type', name: type } };
    const soleType = soleTypeBeyond(observations, length);
    return { estimate: whole, scope: all, ...(soleType === undefined ? {} : { soleType }) };
  }
  const networks = groups(observations, ({ network }) => network);
  const types = groups(observations, ({ deviceType }) => deviceType);
  const parts: (readonly [EdgeScope, Observation[]])[] = [
    ...[...networks].map(([name, part]) => [{ kind: 'network' as const, name }, part] as const),
    ...[...types].map(([name, part]) => [{ kind: 'device-type' as const, name }, part] as const),
  ];
  for (const [scope, part] of parts) {
    if (part.length === observations.length) continue;
    const estimate = estimateEdge(part, max);
    if (estimate.kind === 'seen' && estimate.confidence === 'high') return { estimate, scope };
  }
  return { estimate: whole, scope: all };
}

/** The one part (network, type) whose phones meet the edge, where phones of other parts are answered beyond it. */
function solePart(
  observations: readonly Observation[],
  edge: number,
  of: (observation: Observation) => string,
): string | undefined {
  const failing = observations.filter(
    (each) => failed.has(each.ended) && goesBeyond(each, edge) && each.mean >= edge * 0.9,
  );
  const requests = new Map<string, number>();
  for (const each of failing) requests.set(of(each), (requests.get(of(each)) ?? 0) + each.requests);
  const [most] = [...requests].sort((a, b) => b[1] - a[1]);
  if (most === undefined || most[0] === '' || most[1] < 0.9 * countRequests(failing)) return undefined;
  const elsewhere = observations.some((each) => of(each) !== most[0] && answeredBeyond(each, edge * 1.03) > 0);
  return elsewhere ? most[0] : undefined;
}

const failed: ReadonlySet<Observation['ended']> = new Set(['cut', 'dropped', 'overlapped'] as const);

function soleTypeBeyond(observations: readonly Observation[], edge: number): string | undefined {
  const types = new Set(observations.filter((each) => goesBeyond(each, edge)).map(({ deviceType }) => deviceType));
  const [only] = types;
  if (types.size !== 1 || only === undefined) return undefined;
  return observations.some(({ deviceType }) => deviceType !== only) ? only : undefined;
}

function groups(
  observations: readonly Observation[],
  of: (observation: Observation) => string,
): Map<string, Observation[]> {
  const found = new Map<string, Observation[]>();
  for (const observation of observations) {
    const name = of(observation);
    const group = found.get(name);
    if (name === '') continue;
    if (group === undefined) found.set(name, [observation]);
    else group.push(observation);
  }
  return found;
}

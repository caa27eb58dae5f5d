import type { EndedName } from '../store/tables/activesync.ts';

export type Observation = {
  /** Whatever distinguishes clients. */
  client: string;
  /** Seconds asked for. */
  asked: number;
  ended: EndedName;
  requests: number;
  /** Seconds that the connection lived: shortest, mean and longest of these requests; for `overlapped` at most so long. */
  shortest: number;
  mean: number;
  longest: number;
  /** First and last hour they ended in (milliseconds since 1970, whole hours). */
  firstHour: number;
  lastHour: number;
  deviceType: string;
  /** Name of a network of policy.yaml, or ''. */
  network: string;
};

/** A request that would have outlived an edge of `edge` seconds: asked for clearly more. */
export function goesBeyond(observation: Observation, edge: number): boolean {
  return observation.asked >= beyond(edge);
}

/** Timers and clocks are not exact: what counts as over an edge of so many seconds. */
export function beyond(edge: number): number {
  return edge * 1.01 + 2;
}

/** How many of these requests were answered although they were open longer than this. */
export function answeredBeyond({ ended, asked, requests, shortest, longest }: Observation, edge: number): number {
  const limit = beyond(edge);
  if (ended === 'heartbeat') return asked >= limit ? requests : 0;
  if (ended !== 'change' || longest < limit) return 0;
  if (shortest >= limit) return requests;
  // Only the row's spread is known: the longest is one for certain, the rest by where the limit falls in it.
  return Math.max(1, Math.round(requests * ((longest - limit) / (longest - shortest)) * 0.5));
}

export function countClients(observations: readonly Observation[]): number {
  return new Set(observations.map(({ client }) => client)).size;
}

export function countRequests(observations: readonly Observation[]): number {
  return sumOf(observations, ({ requests }) => requests);
}

export function sumOf<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((sum, row) => sum + of(row), 0);
}

/** Parts of one network or type each; what has none is left out. */
export function partsBy(
  observations: readonly Observation[],
  property: 'network' | 'deviceType',
): Map<string, Observation[]> {
  const parts = new Map<string, Observation[]>();
  for (const observation of observations) {
    const name = observation[property];
    const part = parts.get(name);
    if (part !== undefined) part.push(observation);
    else if (name !== '') parts.set(name, [observation]);
  }
  return parts;
}

/** What a finding rests on. */
export function supportOf(observations: readonly Observation[]) {
  return {
    requests: countRequests(observations),
    clients: countClients(observations),
    firstHour: Math.min(...observations.map(({ firstHour }) => firstHour)),
    lastHour: Math.max(...observations.map(({ lastHour }) => lastHour)),
  };
}

const step = Math.log(1.02);

/** The same answers in few rows, for counts over all lengths: who was answered no longer matters. Failures stay as they are. */
export function condensed(observations: readonly Observation[]): Observation[] {
  const answers = new Map<string, Observation>();
  const failures: Observation[] = [];
  const stepOf = (seconds: number) => Math.round(Math.log(Math.max(1, seconds)) / step);
  for (const each of observations) {
    if (each.ended !== 'heartbeat' && each.ended !== 'change') {
      failures.push(each);
      continue;
    }
    const spread = each.ended === 'change' ? `${stepOf(each.shortest)} ${stepOf(each.longest)}` : '';
    const key = `${each.ended} ${each.asked} ${spread}`;
    const known = answers.get(key) ?? { ...each, requests: 0 };
    answers.set(key, {
      ...known,
      requests: known.requests + each.requests,
      shortest: Math.min(known.shortest, each.shortest),
      longest: Math.max(known.longest, each.longest),
    });
  }
  return [...answers.values(), ...failures];
}

import type { EndedName } from '../store/tables/activesync.ts';

export type Observation = {
  /** Whatever tells clients apart. */
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

export const hourMs = 3_600_000;

/** A request that would have outlived an edge of `edge` seconds: asked for clearly more. */
export function goesBeyond(observation: Observation, edge: number): boolean {
  return observation.asked >= beyond(edge);
}

/** Timers and clocks are not exact: what counts as over an edge of so many seconds. */
export function beyond(edge: number): number {
  return edge * 1.01 + 2;
}

/** How many of these requests were answered although they were open longer than this. */
export function answeredBeyond(observation: Observation, edge: number): number {
  const { ended, asked, requests } = observation;
  const limit = beyond(edge);
  if (ended === 'heartbeat') return asked >= limit ? requests : 0;
  if (ended !== 'change') return 0;
  if (observation.shortest >= limit) return requests;
  if (observation.longest < limit) return 0;
  // Only the row's spread is known: the longest is one for certain, the rest by where the limit falls in it.
  const { shortest, longest } = observation;
  const share = longest === shortest ? 1 : (longest - limit) / (longest - shortest);
  return Math.max(1, Math.round(requests * share * 0.5));
}

export function countClients(observations: readonly Observation[]): number {
  return new Set(observations.map(({ client }) => client)).size;
}

export function countRequests(observations: readonly Observation[]): number {
  return observations.reduce((sum, { requests }) => sum + requests, 0);
}

const STEP = Math.log(1.02);

/** The same answers in few rows, for counts over all lengths: who was answered no longer matters. Failures stay as they are. */
export function condensed(observations: readonly Observation[]): Observation[] {
  const answers = new Map<string, Observation>();
  const rest: Observation[] = [];
  for (const each of observations) {
    if (each.ended !== 'heartbeat' && each.ended !== 'change') {
      rest.push(each);
      continue;
    }
    const spread = each.ended === 'change' ? `${step(each.shortest)} ${step(each.longest)}` : '';
    const key = `${each.ended} ${each.asked} ${spread}`;
    const known = answers.get(key);
    answers.set(key, known === undefined ? each : together(known, each));
  }
  return [...answers.values(), ...rest];
}

function step(seconds: number): number {
  return Math.round(Math.log(Math.max(1, seconds)) / STEP);
}

function together(a: Observation, b: Observation): Observation {
  const requests = a.requests + b.requests;
  return {
    ...a,
    requests,
    shortest: Math.min(a.shortest, b.shortest),
    mean: (a.mean * a.requests + b.mean * b.requests) / requests,
    longest: Math.max(a.longest, b.longest),
    firstHour: Math.min(a.firstHour, b.firstHour),
    lastHour: Math.max(a.lastHour, b.lastHour),
  };
}

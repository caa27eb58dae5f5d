import { knownApps } from '../apps/known-apps.ts';
import { cutsOfSome, isOver } from './estimate-part.ts';
import { resetEdge } from './estimate-reset.ts';
import { silentEdge } from './estimate-silent.ts';
import { answeredBeyond, countRequests, goesBeyond, type Observation, partsBy, sumOf } from './observation.ts';
import { type EdgeEstimate, type LocatedEdge, lengthOf } from './reading.ts';

/** So many answers show how long a connection lives. */
const enoughAnswers = 3;

/**
 * The edge that all of these requests met, from their ends alone. `max` is the longest heartbeat that Exchange allows (seconds):
 * an edge over it cannot be met and needs no change.
 */
export function estimateEdge(observations: readonly Observation[], max: number): EdgeEstimate {
  const holds = longestAnswered(observations);
  const found = resetEdge(observations) ?? silentEdge(observations);
  if (found === undefined) return { kind: holds >= max * 0.85 ? 'none' : 'unknown', holds };
  const seconds = found.kind === 'seen' ? found.seconds : found.atMost;
  if (!isOver(found, seconds, observations)) return found;
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

/**
 * First for all of them together; then what only some connections meet, as where phones are inside on Wi-Fi and outside through a
 * firewall. Where only one network's or one app's do, that is named, and it is no edge of the server's.
 */
export function locateEdge(observations: readonly Observation[], max: number): LocatedEdge {
  const estimate = estimateEdge(observations, max);
  const length = lengthOf(estimate);
  if (length !== undefined) {
    const scope = partOf(failuresAt(observations, length), observations, length);
    if (scope !== undefined) return { estimate, scope };
    return { estimate, scope: { kind: 'all' }, soleType: soleTypeBeyond(observations, length) };
  }
  const parts = cutsOfSome(observations).map(({ edge, cuts, met }) => {
    const scope = partOf(cuts, observations, edge.seconds) ?? (met ? ({ kind: 'some' } as const) : undefined);
    return { estimate: edge, scope };
  });
  const part = parts.find(({ scope }) => scope?.kind === 'some') ?? parts.find(({ scope }) => scope !== undefined);
  if (part?.scope !== undefined) return { estimate: part.estimate, scope: part.scope };
  for (const [name, own] of partsBy(observations, 'network')) {
    if (own.length === observations.length) continue;
    const found = estimateEdge(own, max);
    if (found.kind === 'seen' && found.confidence === 'high')
      return { estimate: found, scope: { kind: 'network', name } };
  }
  return { estimate, scope: { kind: 'all' } };
}

const failed: ReadonlySet<Observation['ended']> = new Set(['cut', 'dropped', 'overlapped'] as const);

function failuresAt(observations: readonly Observation[], edge: number): Observation[] {
  return observations.filter((each) => failed.has(each.ended) && goesBeyond(each, edge) && each.mean >= edge * 0.9);
}

/** What a network or an app may still let pass beyond the length that is its own: a phone may have moved within an hour. */
const ownShare = { network: 0.2, deviceType: 0.02 } as const;

/**
 * The one network (a carrier, an office) or the one app that hangs up by itself to which these failures belong, where others are
 * answered beyond their length. Neither is it where phones of that network or app outlive that length as well.
 */
function partOf(
  failures: readonly Observation[],
  observations: readonly Observation[],
  edge: number,
): Exclude<LocatedEdge['scope'], { kind: 'all' | 'some' }> | undefined {
  for (const [kind, property] of [
    ['network', 'network'],
    ['device-type', 'deviceType'],
  ] as const) {
    const [most] = [...partsBy(failures, property)].sort(([, a], [, b]) => countRequests(b) - countRequests(a));
    if (most === undefined || countRequests(most[1]) < 0.9 * countRequests(failures)) continue;
    const [name] = most;
    if (kind === 'device-type' && waitsAsItShould(name)) continue;
    const outlives = (isOwn: boolean) =>
      sumOf(observations, (each) => ((each[property] === name) === isOwn ? answeredBeyond(each, edge * 1.03) : 0));
    if (outlives(false) > 0 && outlives(true) <= ownShare[property] * countRequests(failures)) return { kind, name };
  }
  return undefined;
}

/** A phone maker's own mail app, by its device type: it waits as it asked to. Any app may call itself "Android". */
function waitsAsItShould(deviceType: string): boolean {
  const known = knownApps.find(({ matches }) => matches.test(deviceType));
  return known !== undefined && known.kind !== 'third-party' && known.key !== 'android-mail';
}

function soleTypeBeyond(observations: readonly Observation[], edge: number): string | undefined {
  const types = new Set(observations.filter((each) => goesBeyond(each, edge)).map(({ deviceType }) => deviceType));
  const [only] = types;
  if (only === undefined || types.size > 1 || waitsAsItShould(only)) return undefined;
  return observations.some(({ deviceType }) => deviceType !== only) ? only : undefined;
}

/** From what was seen to one word per server, and one for all. Pure. */
import {
  type EdgeReading,
  edgeLength,
  lengthOf,
  type Reading,
  type SeenEdge,
  type ServerReading,
  type VerdictKind,
} from './reading.ts';

export const verdictNames: Readonly<Record<VerdictKind, string>> = {
  healthy: 'healthy',
  'edge-too-short': 'edge too short',
  'clients-too-short': 'clients too short',
  'values-wrong': 'values wrong',
  'too-little-data': 'too little data',
};

/** Fewest requests and clients from which anything is said of a server. */
const fewestRequests = 30;
const fewestClients = 2;
/** An edge is too short when a request of Max would not live: a little is left for clocks. */
const nearlyMax = 0.98;
/** An average this near the threshold will soon be under it. */
export const nearThreshold = 1.15;

export type ShortEdge =
  /** `some`: others of the same phones' connections last longer. */
  | { known: 'seen'; seconds: number; how: SeenEdge['how']; some: boolean }
  | { known: 'bounded'; seconds: number; atLeast: number }
  | { known: 'policy'; seconds: number };

/**
 * Whether the evidence or, where it is silent, policy.yaml says that connections through this edge end before Max: how short, and
 * how it is known. What only one network or one app meets is not the edge.
 */
export function shortEdge(edge: EdgeReading, max: number): ShortEdge | undefined {
  const { estimate, scope, policySeconds } = edge;
  if (edgeLength(edge) !== undefined) {
    if (estimate.kind === 'bounded') {
      const { atLeast, atMost } = estimate;
      return atLeast < max * nearlyMax ? { known: 'bounded', seconds: atMost, atLeast } : undefined;
    }
    if (estimate.kind === 'seen') {
      const { seconds, how } = estimate;
      return seconds < max * nearlyMax ? { known: 'seen', seconds, how, some: scope.kind === 'some' } : undefined;
    }
  }
  const isGone = estimate.kind === 'unknown' && estimate.gone !== undefined;
  if (isGone || edge.policyOutdated || policySeconds === undefined || policySeconds >= max) return undefined;
  return { known: 'policy', seconds: policySeconds };
}

/** Only phones of this network, or only this app, are cut at the length. */
export type OwnCut =
  | { kind: 'network'; name: string; seconds: number }
  | { kind: 'app'; name: string; seconds: number };

/** Why heartbeats on a server are as they are: from it come the verdict, its sentences and what to do. */
export type Cause =
  | { kind: 'edge'; edge: EdgeReading; end: ShortEdge }
  | OwnCut
  /** A few clients that ask for little. */
  | { kind: 'few-clients' }
  | { kind: 'not-known' };

export function causeOf(server: Omit<ServerReading, 'verdict'>, edges: readonly EdgeReading[]): Cause {
  const edge = edges.find(({ servers }) => servers.includes(server.server));
  const end = edge && shortEdge(edge, server.values.max);
  if (edge !== undefined && end !== undefined && (end.known !== 'policy' || isLow(server) || isRunning(server)))
    return { kind: 'edge', edge, end };
  const own = edge && ownCut(edge);
  if (own !== undefined) return own;
  return server.pull.few.length > 0 ? { kind: 'few-clients' } : { kind: 'not-known' };
}

/** What only one network or one app meets on the way to these servers. */
export function ownCut({ estimate, scope }: EdgeReading): OwnCut | undefined {
  const seconds = lengthOf(estimate);
  if (seconds === undefined || scope.kind === 'all' || scope.kind === 'some') return undefined;
  return { kind: scope.kind === 'network' ? 'network' : 'app', name: scope.name, seconds };
}

function isLow(server: Omit<ServerReading, 'verdict'>): boolean {
  const average = currentAverage(server);
  return average !== undefined && average <= server.values.threshold * nearThreshold;
}

function isRunning({ events }: Omit<ServerReading, 'verdict'>): boolean {
  return events?.runningSince !== undefined;
}

export function serverVerdict(server: Omit<ServerReading, 'verdict'>, edges: readonly EdgeReading[]): VerdictKind {
  const { asked } = server;
  const enough = asked !== undefined && asked.requests >= fewestRequests && asked.clients >= fewestClients;
  if (causeOf(server, edges).kind === 'edge') return 'edge-too-short';
  if (server.valueProblems.length > 0) return 'values-wrong';
  if (isRunning(server) && (isLow(server) || !enough)) return 'clients-too-short';
  if (!enough) return 'too-little-data';
  return isLow(server) ? 'clients-too-short' : 'healthy';
}

/** The average of Exchange's own buffer of Pings, else of hanging Syncs, else of what the logs hold. */
export function currentAverage(server: Pick<ServerReading, 'averages' | 'asked'>): number | undefined {
  const buffers = server.averages.filter(({ average }) => average !== undefined);
  const main = buffers.find(({ command }) => command === 'Ping') ?? buffers[0];
  return main?.average ?? server.asked?.average;
}

/** Worst first: what a person should do something about. */
const order: readonly VerdictKind[] = [
  'edge-too-short',
  'values-wrong',
  'clients-too-short',
  'too-little-data',
  'healthy',
];

export function worstVerdict(kinds: readonly VerdictKind[]): VerdictKind {
  return order.find((kind) => kinds.includes(kind)) ?? 'too-little-data';
}

export function overallVerdict(
  servers: readonly ServerReading[],
  differences: readonly string[],
): Pick<Reading, 'verdict' | 'about'> {
  const namesOf = (found: readonly ServerReading[]) => found.map(({ server }) => server);
  const about = (kind: VerdictKind) => namesOf(servers.filter(({ verdict }) => verdict === kind));
  for (const kind of order) {
    // A server that is little used does not hide that the others are well.
    if (kind === 'too-little-data' && about('healthy').length > 0) continue;
    if (about(kind).length > 0) return { verdict: kind, about: about(kind) };
    if (kind === 'values-wrong' && differences.length > 0 && about('clients-too-short').length === 0)
      return { verdict: kind, about: namesOf(servers.filter(({ written }) => written !== undefined)) };
  }
  return { verdict: 'too-little-data', about: [] };
}

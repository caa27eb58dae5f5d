/** From what was seen to one word per server, and one for all. Pure. */
import type { EdgeReading, Reading, SeenEdge, ServerReading, VerdictKind } from './reading.ts';

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
  | { known: 'seen'; seconds: number; how: SeenEdge['how'] }
  | { known: 'bounded'; seconds: number; atLeast: number }
  | { known: 'policy'; seconds: number };

/**
 * Whether the evidence or, where it is silent, policy.yaml says that connections through this edge end before Max: how short, and
 * how it is known. An edge that only one network or one kind of client meets is not the server's.
 */
export function shortEdge(edge: EdgeReading, max: number): ShortEdge | undefined {
  const { estimate, scope, policySeconds } = edge;
  if (scope.kind === 'all' && estimate.kind === 'seen') {
    const { seconds, how } = estimate;
    return seconds < max * nearlyMax ? { known: 'seen', seconds, how } : undefined;
  }
  if (scope.kind === 'all' && estimate.kind === 'bounded') {
    const { atLeast, atMost } = estimate;
    return atLeast < max * nearlyMax ? { known: 'bounded', seconds: atMost, atLeast } : undefined;
  }
  const isOutlived = estimate.kind === 'none' || (estimate.kind === 'unknown' && estimate.gone !== undefined);
  if (isOutlived || edge.policyOutdated || policySeconds === undefined || policySeconds >= max) return undefined;
  return { known: 'policy', seconds: policySeconds };
}

export function serverVerdict(server: Omit<ServerReading, 'verdict'>, edge: EdgeReading | undefined): VerdictKind {
  const { asked, values } = server;
  const enough = asked !== undefined && asked.requests >= fewestRequests && asked.clients >= fewestClients;
  const average = currentAverage(server);
  const low = average !== undefined && average <= values.threshold * nearThreshold;
  const short = edge === undefined ? undefined : shortEdge(edge, values.max);
  const isRunning = server.events?.runningSince !== undefined;
  if (short !== undefined && (short.known !== 'policy' || low || isRunning)) return 'edge-too-short';
  if (server.valueProblems.length > 0) return 'values-wrong';
  if (isRunning && (low || !enough)) return 'clients-too-short';
  if (!enough) return 'too-little-data';
  return low ? 'clients-too-short' : 'healthy';
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

/** From what was seen to one word per server, and one for all. Pure. */
import type { SeenEdge } from './estimate.ts';
import type { EdgeLook, Look, ServerLook, VerdictKind } from './look.ts';

/** Fewest requests and clients from which anything is said of a server. */
const fewestRequests = 30;
const fewestClients = 2;
/** An edge is too short when a request of Max would not live: a little is left for clocks. */
const nearlyMax = 0.98;
/** An average this near the threshold will soon be under it. */
export const nearThreshold = 1.15;

/** Whether the evidence or, where it is silent, policy.yaml says that connections through this edge end before Max. */
export function edgeIsShort(edge: EdgeLook, max: number): boolean {
  return shortEdge(edge, max) !== undefined;
}

export type ShortEdge =
  | { known: 'seen'; seconds: number; seen: SeenEdge }
  | { known: 'bounded'; seconds: number; atLeast: number }
  | { known: 'policy'; seconds: number };

/** How short, and how it is known. An edge that only one network or one kind of client meets is not the server's. */
export function shortEdge(edge: EdgeLook, max: number): ShortEdge | undefined {
  const { estimate, scope, policySeconds } = edge;
  if (scope.kind === 'all') {
    if (estimate.kind === 'seen') {
      return estimate.seconds < max * nearlyMax
        ? { known: 'seen', seconds: estimate.seconds, seen: estimate }
        : undefined;
    }
    if (estimate.kind === 'bounded') {
      return estimate.atLeast < max * nearlyMax
        ? { known: 'bounded', seconds: estimate.atMost, atLeast: estimate.atLeast }
        : undefined;
    }
  }
  if (estimate.kind === 'none' || edge.policyOutdated) return undefined;
  if (estimate.kind === 'unknown' && estimate.gone !== undefined) return undefined;
  return policySeconds !== undefined && policySeconds < max ? { known: 'policy', seconds: policySeconds } : undefined;
}

export function serverVerdict(server: Omit<ServerLook, 'verdict'>, edge: EdgeLook | undefined): VerdictKind {
  const { asked, values } = server;
  const enough = asked !== undefined && asked.requests >= fewestRequests && asked.clients >= fewestClients;
  const average = currentAverage(server);
  const low = average !== undefined && average <= values.threshold * nearThreshold;
  const short = edge === undefined ? undefined : shortEdge(edge, values.max);
  if (short !== undefined && (short.known !== 'policy' || low || server.events?.runningSince !== undefined)) {
    return 'edge-too-short';
  }
  if (server.valueProblems.length > 0) return 'values-wrong';
  if (server.events?.runningSince !== undefined && (low || !enough)) return 'clients-too-short';
  if (!enough) return 'too-little-data';
  return low ? 'clients-too-short' : 'healthy';
}

/** The average of Exchange's own buffer of Pings, else of hanging Syncs, else of what the logs hold. */
export function currentAverage(server: Pick<ServerLook, 'averages' | 'asked'>): number | undefined {
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
  servers: readonly ServerLook[],
  differences: readonly string[],
): Pick<Look, 'verdict' | 'about'> {
  const about = (kind: VerdictKind) => servers.filter(({ verdict }) => verdict === kind).map(({ server }) => server);
  for (const kind of order) {
    // A server that is little used does not hide that the others are well.
    if (kind === 'too-little-data' && about('healthy').length > 0) continue;
    if (kind === 'values-wrong' && about(kind).length === 0 && differences.length > 0) {
      if (about('clients-too-short').length > 0) continue;
      return {
        verdict: kind,
        about: servers.filter(({ written }) => written !== undefined).map(({ server }) => server),
      };
    }
    if (about(kind).length > 0) return { verdict: kind, about: about(kind) };
  }
  return { verdict: 'too-little-data', about: [] };
}

/**
 * The edges between phones and servers: evidence is pooled over all servers behind one, and parted again where only some of them are
 * met by what cuts.
 */
import type { Policy } from '../policy.ts';
import { locateEdge } from './estimate-edge.ts';
import { fewestFailures } from './estimate-reset.ts';
import {
  answeredBeyond,
  beyond,
  countClients,
  countRequests,
  goesBeyond,
  type Observation,
  sumOf,
} from './observation.ts';
import type { ServerObservation } from './read-observations.ts';
import { type EdgeReading, edgeLength, type LocatedEdge } from './reading.ts';

/** What is asked and how it ended, of these servers in so many hours. */
type ReadHours = (hours: number, servers: readonly string[]) => Promise<ServerObservation[]>;

/** Where a day says too little, a week may say more. */
const longHours = 168;
/** What was cut within these hours may be new, though the day holds longer waits. */
const freshHours = 6;
/** So many waits that outlive an edge, and hardly a cut, say that it is not on the way to a server. */
const enoughOutlived = 10;
const mostCut = 0.02;
/** A server is behind an edge that is found elsewhere when at least so many of its own connections end there. */
const fewestShared = 2;
/** What is written in policy.yaml is outdated when so many of the clients wait longer: a few may be inside, where nothing cuts. */
const outdatedShare = 0.5;

type EdgeGroup = Pick<EdgeReading, 'name' | 'edgeKind' | 'where' | 'policySeconds' | 'servers' | 'parted'>;

export async function readEdges(input: {
  policy: Policy;
  servers: readonly { server: string; values: { max: number } }[];
  /** What ended in the last day. */
  lately: readonly ServerObservation[];
  read: ReadHours;
}): Promise<EdgeReading[]> {
  const { policy, servers, lately, read } = input;
  const names = servers.map(({ server }) => server);
  const of = (group: readonly string[]) => lately.filter(({ server }) => group.includes(server));
  const maxOf = (group: readonly string[]) =>
    Math.max(...servers.filter(({ server }) => group.includes(server)).map(({ values }) => values.max));
  const look: Look = {
    of,
    alone: (server) => locateEdge(of([server]), maxOf([server])),
    locate: async (group) =>
      locateLately(group, maxOf(group.servers), of(group.servers), (hours) => read(hours, group.servers)),
  };
  const listed = policy.edges.map(({ name, kind, where, idleTimeoutSeconds }) => ({
    name,
    edgeKind: kind,
    where,
    policySeconds: idleTimeoutSeconds,
    servers: policy.servers
      .filter((server) => server.edge === name && names.includes(server.name))
      .map((server) => server.name),
  }));
  const edges: EdgeReading[] = [];
  for (const group of listed.filter((each) => each.servers.length > 0)) edges.push(...(await parted(group, look)));
  const unlisted = names.filter((name) => listed.every((group) => !group.servers.includes(name)));
  return [...edges, ...(await pooled(unlisted, look))];
}

type Look = {
  /** What these servers' phones asked in the last day. */
  of(servers: readonly string[]): readonly ServerObservation[];
  /** By one server's last day alone. */
  alone(server: string): LocatedEdge;
  locate(group: EdgeGroup): Promise<EdgeReading>;
};

/** All servers behind a listed edge as one, or apart where some are behind what cuts and others are not. */
async function parted(group: EdgeGroup, { of, alone, locate }: Look): Promise<EdgeReading[]> {
  const whole = await locate(group);
  if (group.servers.length === 1) return [whole];
  const length = edgeLength(whole);
  const isMet = (server: string) =>
    length === undefined ? edgeLength(alone(server)) !== undefined : !outlives(of([server]), length);
  const met = group.servers.filter(isMet);
  const clear = group.servers.filter((server) => !met.includes(server));
  if (met.length === 0 || clear.length === 0) return [whole];
  const parts = await Promise.all([met, clear].map(async (servers) => locate({ ...group, servers, parted: true })));
  return parts.some((part) => edgeLength(part) !== undefined) ? parts : [whole];
}

/** Servers with nothing listed in front stand alone, but for those whose connections end at one length: something is before them all. */
async function pooled(servers: readonly string[], { of, locate }: Look): Promise<EdgeReading[]> {
  const alone = await Promise.all(servers.map(async (server) => locate({ servers: [server] })));
  const all = alone.length > 1 ? await locate({ servers: [...servers] }) : undefined;
  const lengths = [...alone, ...(all === undefined ? [] : [all])].flatMap((edge) => edgeLength(edge) ?? []);
  const groups: EdgeGroup[] = [];
  const left = new Set(servers);
  for (const length of lengths) {
    const own = (edge: EdgeReading) => Math.abs((edgeLength(edge) ?? 0) - length) <= length * 0.04;
    const shared = [...left].filter((server) => {
      const found = alone.find((edge) => edge.servers.includes(server));
      if (found !== undefined && edgeLength(found) !== undefined) return own(found);
      return cutsAt(of([server]), length) >= fewestShared && !outlives(of([server]), length);
    });
    if (shared.length === 0) continue;
    groups.push({ servers: shared });
    for (const server of shared) left.delete(server);
  }
  const joined = await Promise.all(
    groups.map(
      async (group) => alone.find((edge) => edge.servers.join() === group.servers.join()) ?? (await locate(group)),
    ),
  );
  return [...joined, ...alone.filter((edge) => edge.servers.every((server) => left.has(server)))];
}

/** Connections to the server last longer, and hardly any is cut there. */
function outlives(observations: readonly Observation[], length: number): boolean {
  const lasting = observations.filter((each) => answeredBeyond(each, length * 1.03) > 0);
  const outlived = sumOf(lasting, (each) => answeredBeyond(each, length * 1.03));
  const isEnough = outlived >= enoughOutlived && countClients(lasting) >= 2;
  return isEnough && cutsAt(observations, length) <= mostCut * outlived;
}

function cutsAt(observations: readonly Observation[], length: number): number {
  const isAt = (each: Observation) => each.ended === 'cut' && Math.abs(each.mean - length) <= length * 0.03 + 2;
  return countRequests(observations.filter((each) => isAt(each) && goesBeyond(each, length * 0.97)));
}

/** By the last day; by its last hours where something new cuts; by the week where the day tells too little. */
async function locateLately(
  group: EdgeGroup,
  max: number,
  lately: readonly ServerObservation[],
  read: (hours: number) => Promise<ServerObservation[]>,
): Promise<EdgeReading> {
  let located: LocatedEdge = locateEdge(lately, max);
  let seen: readonly Observation[] = lately;
  const failed = countRequests(lately.filter(({ ended }) => ended === 'cut' || ended === 'dropped'));
  if (edgeLength(located) === undefined && failed >= fewestFailures) {
    const fresh = locateEdge(await read(freshHours), max);
    if (edgeLength(fresh) !== undefined) located = fresh;
  }
  const { estimate, scope } = located;
  if (estimate.kind === 'unknown' && estimate.gone === undefined && scope.kind === 'all') {
    seen = await read(longHours);
    located = locateEdge(seen, max);
  }
  return { ...group, ...located, policyOutdated: isOutdated(group, located, seen) };
}

function isOutdated({ policySeconds }: EdgeGroup, located: LocatedEdge, seen: readonly Observation[]): boolean {
  if (policySeconds === undefined) return false;
  const length = edgeLength(located);
  if (length !== undefined && length <= beyond(policySeconds) * 1.02) return false;
  const lasting = seen.filter((each) => answeredBeyond(each, policySeconds * 1.02) > 0);
  return countClients(lasting) >= Math.max(1, countClients(seen) * outdatedShare);
}

/** Looks at every server: its values, its events, its roll-ups; draws the verdict. Reads only; what cannot be read is said in the look. */
import type { Kysely } from 'kysely';
import type { Organisation } from '../ground/identifiers.ts';
import type { Policy } from '../policy.ts';
import { type Servers, ServerUnreadable } from '../servers/port.ts';
import type { Database } from '../store/schema.ts';
import { askedOf } from './asked.ts';
import { costOf } from './cost.ts';
import { fewestFailures } from './estimate.ts';
import { type LocatedEdge, locateEdge, longestAnswered } from './estimate-edge.ts';
import { summariseEvents } from './events.ts';
import type { EdgeLook, Look, ServerLook } from './look.ts';
import { latestLook } from './looks.ts';
import { movingAverage, whoPulls } from './moving-average.ts';
import { networkNames } from './networks.ts';
import { beyond, countRequests } from './observation.ts';
import {
  type LogClient,
  readAddresses,
  readClients,
  readObservations,
  readSamples,
  type ServerObservation,
} from './read-observations.ts';
import { sinceWhen } from './since.ts';
import { type ConfiguredValues, defaultValues, differences, readValues } from './values.ts';
import { overallVerdict, serverVerdict } from './verdict.ts';

export type LookInput = {
  db: Kysely<Database>;
  servers: Servers;
  policy: Policy;
  organisation: Organisation;
  now: Date;
};

/** What phones ask and what it costs is told of the last day. */
const askedHours = 24;
/** Where a day tells too little, a week may. */
const longHours = 168;
/** What was cut within these hours may be new, though the day holds longer waits. */
const freshHours = 6;
const eventDays = 14;
const day = 86_400_000;
/** A clock that is further ahead than this is worth a word. */
const clockSlack = 5 * 60_000;
/** The log reader keeps so many samples per server and command. */
const mostSamples = 1000;

/** `changes` is empty: they are found when the look is kept (looks.ts). */
export async function takeLook(input: LookInput): Promise<Look> {
  const { db, servers, policy, organisation, now } = input;
  const names = servers.list();
  const [networkOf, clients] = await Promise.all([networksByDevice(input), readClients(db, organisation)]);
  const read = (hours: number, of: readonly string[]) =>
    readObservations(db, { clients, servers: of, now, hours, networkOf });
  const seen = await Promise.all(names.map((server) => lookAtServer(input, server, clients)));
  const lately = await read(askedHours, names);
  const edges: EdgeLook[] = [];
  for (const group of edgeGroups(policy, names)) {
    const max = Math.max(...group.servers.map((name) => seen.find(({ server }) => server === name)?.values.max ?? 0));
    const mine = lately.filter(({ server }) => group.servers.includes(server));
    edges.push(await lookAtEdge(group, max, mine, (hours) => read(hours, group.servers)));
  }
  const looks = seen.map((server): ServerLook => {
    const edge = edges.find((each) => each.servers.includes(server.server));
    const mine = lately.filter((each) => each.server === server.server);
    const asked = askedOf(mine);
    const cost = costOf(mine, server.values.max);
    const whole = {
      ...server,
      remarks: [...server.remarks, ...clockRemarks(server, mine, now)],
      ...(asked === undefined ? {} : { asked }),
      ...(cost === undefined ? {} : { cost }),
    };
    return { ...whole, verdict: serverVerdict(whole, edge) };
  });
  const differing = differences(looks.filter(({ written }) => written !== undefined));
  const overall = overallVerdict(looks, differing);
  const previous = await latestLook(db, organisation);
  const since = await sinceWhen({ db, organisation, now, looks, edges, overall, previous });
  return {
    at: now.toISOString(),
    hours: askedHours,
    servers: looks,
    edges,
    differences: differing,
    ...overall,
    ...(since === undefined ? {} : { since }),
    changes: [],
  };
}

async function networksByDevice({ db, policy, organisation, now }: LookInput): Promise<(deviceId: string) => string> {
  if (policy.networks.length === 0) return () => '';
  const addresses = await readAddresses(db, { organisation, since: new Date(now.getTime() - 7 * day) });
  const nameOf = networkNames(policy.networks);
  return (deviceId) => nameOf(addresses.get(deviceId.toLowerCase()) ?? '');
}

async function lookAtServer(
  { db, servers, policy, organisation, now }: LookInput,
  server: string,
  clients: ReadonlyMap<number, LogClient>,
): Promise<Omit<ServerLook, 'verdict' | 'asked' | 'cost'>> {
  const unseen: string[] = [];
  async function orUnseen<T>(what: string, read: Promise<T>): Promise<T | undefined> {
    try {
      return await read;
    } catch (error) {
      if (!(error instanceof ServerUnreadable)) throw error;
      unseen.push(`${what} of ${server}: ${error.userMessage}`);
      return undefined;
    }
  }
  const file = await orUnseen('Values', servers.readConfig(server, 'sync'));
  const configured: ConfiguredValues | undefined = file === undefined ? undefined : readValues(file.bytes);
  const values = configured?.values ?? defaultValues;
  const events = await orUnseen('Events', servers.events1040(server, new Date(now.getTime() - eventDays * day)));
  const reading = await db
    .selectFrom('logReading')
    .select('problem')
    .where('organisation', '=', organisation)
    .where('server', '=', server)
    .where('kind', '=', 'backEnd')
    .executeTakeFirst();
  if (reading !== undefined && reading.problem !== null) unseen.push(`Logs of ${server}: ${reading.problem}`);

  const count = Math.min(mostSamples, values.sampleSize);
  const samples = count === 0 ? [] : await readSamples(db, { organisation, server, clients, count });
  const commands = [...new Set(samples.map(({ command }) => command))];
  const settings = { sampleSize: count, threshold: values.threshold };
  const averages = commands.map((command) =>
    movingAverage(
      samples.filter((sample) => sample.command === command),
      { ...settings, command },
    ),
  );
  const pull = whoPulls(
    samples.filter(({ command }) => command === (commands.includes('Ping') ? 'Ping' : commands[0])),
    settings,
  );
  const edge = policy.servers.find(({ name }) => name === server)?.edge;
  return {
    server,
    ...(edge === undefined ? {} : { edge }),
    unseen,
    remarks:
      values.sampleSize > mostSamples
        ? [`Exchange averages ${values.sampleSize} heartbeats on ${server}; the last ${mostSamples} are averaged here.`]
        : [],
    values,
    ...(configured === undefined ? {} : { written: { ...configured.written } }),
    valueProblems: configured?.problems ?? [],
    ...(events === undefined ? {} : { events: summariseEvents(events, { now, timeZone: policy.timeZone }) }),
    averages,
    pull,
  };
}

function clockRemarks(
  { server, events }: Pick<ServerLook, 'server' | 'events'>,
  observations: readonly ServerObservation[],
  now: Date,
): string[] {
  const lastEvent = events?.last === undefined ? 0 : Date.parse(events.last.at);
  const ahead = Math.max(lastEvent, ...observations.map(({ lastHour }) => lastHour)) - now.getTime();
  if (ahead <= clockSlack) return [];
  return [
    `The clock of ${server} is about ${Math.max(1, Math.round(ahead / 60_000))} minutes ahead of this machine's.`,
  ];
}

type EdgeGroup = Pick<EdgeLook, 'name' | 'edgeKind' | 'where' | 'policySeconds' | 'servers'>;

/** Servers by the edge in front of them; a server without one stands alone. */
function edgeGroups(policy: Policy, names: readonly string[]): EdgeGroup[] {
  const listed = policy.edges.flatMap((edge): EdgeGroup[] => {
    const behind = policy.servers.filter((server) => server.edge === edge.name && names.includes(server.name));
    if (behind.length === 0) return [];
    return [
      {
        name: edge.name,
        edgeKind: edge.kind,
        ...(edge.where === undefined ? {} : { where: edge.where }),
        ...(edge.idleTimeoutSeconds === undefined ? {} : { policySeconds: edge.idleTimeoutSeconds }),
        servers: behind.map(({ name }) => name),
      },
    ];
  });
  const covered = new Set(listed.flatMap(({ servers }) => servers));
  return [...listed, ...names.filter((name) => !covered.has(name)).map((name) => ({ servers: [name] }))];
}

async function lookAtEdge(
  group: EdgeGroup,
  max: number,
  lately: readonly ServerObservation[],
  read: (hours: number) => Promise<ServerObservation[]>,
): Promise<EdgeLook> {
  let located: LocatedEdge = locateEdge(lately, max);
  let holds = longestAnswered(lately);
  const failed = countRequests(lately.filter(({ ended }) => ended === 'cut' || ended === 'dropped'));
  if (!isFound(located) && failed >= fewestFailures) {
    const fresh = locateEdge(await read(freshHours), max);
    if (isFound(fresh)) located = fresh;
  }
  const unsure = located.estimate.kind === 'unknown' && located.estimate.gone === undefined;
  if (unsure && located.scope.kind === 'all') {
    const week = await read(longHours);
    located = locateEdge(week, max);
    holds = Math.max(holds, longestAnswered(week));
  }
  return {
    ...group,
    ...located,
    policyOutdated: group.policySeconds !== undefined && holds > beyond(group.policySeconds) * 1.02,
  };
}

function isFound({ estimate, scope }: LocatedEdge): boolean {
  return scope.kind === 'all' && (estimate.kind === 'seen' || estimate.kind === 'bounded');
}

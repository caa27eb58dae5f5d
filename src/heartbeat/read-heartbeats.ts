/** Reads every server: its values, its events, its roll-ups, and comes to the verdict. What cannot be read is said in the reading. */
import type { Kysely } from 'kysely';
import { after, day, minute } from '../ground/durations.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Policy } from '../policy.ts';
import { type Servers, ServerUnreadable } from '../servers/port.ts';
import type { Database } from '../store/schema.ts';
import { askedOf, costOf } from './asked.ts';
import { summariseEvents } from './events.ts';
import { movingAverage, whoPulls } from './moving-average.ts';
import { networkNames, soleNetwork } from './networks.ts';
import { readEdges } from './read-edges.ts';
import {
  type LogClient,
  readAddresses,
  readClients,
  readObservations,
  readSamples,
  type ServerObservation,
} from './read-observations.ts';
import type { Reading, ServerReading } from './reading.ts';
import { latestReading } from './readings.ts';
import { sinceWhen } from './since.ts';
import { defaultValues, differences, readValues } from './values.ts';
import { overallVerdict, serverVerdict } from './verdict.ts';

export type ReadInput = {
  db: Kysely<Database>;
  servers: Servers;
  policy: Policy;
  organisation: Organisation;
  now: Date;
};

/** What phones ask for and what it costs are those of the last day. */
const askedHours = 24;
/** A clock that is further ahead than this is worth a word. */
const clockSlack = 5 * minute;
/** The log reader keeps so many samples per server and command. */
const mostSamples = 1000;

/** `changes` is empty: they are found when the reading is stored (readings.ts). */
export async function readHeartbeats(input: ReadInput): Promise<Reading> {
  const { db, servers, policy, organisation, now } = input;
  const names = servers.list();
  const [networkOf, clients] = await Promise.all([networksByDevice(input), readClients(db, organisation)]);
  const read = (hours: number, of: readonly string[]) =>
    readObservations(db, { clients, servers: of, now, hours, networkOf });
  const configured = await Promise.all(names.map((server) => readOne(input, server, clients)));
  const lately = await read(askedHours, names);
  const edges = await readEdges({ policy, servers: configured, lately, read });
  const readings = configured.map((server): ServerReading => {
    const mine = lately.filter((each) => each.server === server.server);
    const whole = {
      ...server,
      remarks: [...server.remarks, ...clockRemarks(server, mine, now)],
      asked: askedOf(mine),
      cost: costOf(mine, server.values.max),
    };
    return { ...whole, verdict: serverVerdict(whole, edges) };
  });
  const differing = differences(readings.filter(({ written }) => written !== undefined));
  const overall = overallVerdict(readings, differing);
  const previous = await latestReading(db, organisation);
  return {
    at: now.toISOString(),
    hours: askedHours,
    servers: readings,
    edges,
    differences: differing,
    ...overall,
    since: await sinceWhen({ db, organisation, now, servers: readings, edges, overall, previous }),
    changes: [],
  };
}

async function networksByDevice({ db, policy, organisation, now }: ReadInput): Promise<(deviceId: string) => string> {
  if (policy.networks.length === 0) return () => '';
  const addresses = await readAddresses(db, { organisation, since: after(now, -7 * day) });
  const nameOf = networkNames(policy.networks);
  return (deviceId) => soleNetwork(addresses.get(deviceId.toLowerCase()) ?? [], nameOf);
}

/** What one server says without its waits. */
async function readOne(
  { db, servers, policy, organisation, now }: ReadInput,
  server: string,
  clients: ReadonlyMap<number, LogClient>,
): Promise<Omit<ServerReading, 'verdict' | 'asked' | 'cost'>> {
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
  const configured = file === undefined ? undefined : readValues(file.bytes);
  const values = configured?.values ?? defaultValues;
  const events = await orUnseen('Events', servers.events1040(server, after(now, -14 * day)));
  unseen.push(...(events?.unread ?? []).map((problem) => `Events of ${server}: ${problem}`));

  const reading = await db
    .selectFrom('logReading')
    .select('problem')
    .where((is) => is.and({ organisation, server, kind: 'backEnd' }))
    .executeTakeFirst();
  if (typeof reading?.problem === 'string') unseen.push(`Logs of ${server}: ${reading.problem}`);

  const { threshold } = values;
  const sampleSize = Math.min(mostSamples, values.sampleSize);
  const samples = sampleSize === 0 ? [] : await readSamples(db, { organisation, server, clients, count: sampleSize });
  const commands = [...new Set(samples.map(({ command }) => command))];
  const samplesOf = (wanted: string | undefined) => samples.filter(({ command }) => command === wanted);
  return {
    server,
    edge: policy.servers.find(({ name }) => name === server)?.edge,
    unseen,
    remarks:
      values.sampleSize > mostSamples
        ? [`Exchange averages ${values.sampleSize} heartbeats on ${server}; the last ${mostSamples} are averaged here.`]
        : [],
    values,
    written: configured?.written,
    valueProblems: configured?.problems ?? [],
    events: events === undefined ? undefined : summariseEvents(events, { now, timeZone: policy.timeZone }),
    averages: commands.map((command) => movingAverage(samplesOf(command), { sampleSize, threshold, command })),
    pull: whoPulls(samplesOf(commands.includes('Ping') ? 'Ping' : commands[0]), { sampleSize, threshold }),
  };
}

function clockRemarks(
  { server, events }: Pick<ServerReading, 'server' | 'events'>,
  observations: readonly ServerObservation[],
  now: Date,
): string[] {
  const lastEvent = events?.last === undefined ? 0 : Date.parse(events.last.at);
  const ahead = Math.max(lastEvent, ...observations.map(({ lastHour }) => lastHour)) - now.getTime();
  if (ahead <= clockSlack) return [];
  const minutes = Math.max(1, Math.round(ahead / minute));
  return [`The clock of ${server} is about ${minutes} minutes ahead of this machine's.`];
}

/** A reading as a message: of all servers or of one, with its chart and with people's names in place of accounts. */
import type { Kysely } from 'kysely';
import { accountOwners } from '../activesync/account.ts';
import { freshenLogs } from '../apps/freshen.ts';
import { optionalChart } from '../apps/optional-chart.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { JobContext } from '../incidents/job.ts';
import type { DraftMessage } from '../message/model.ts';
import { note } from '../message/text.ts';
import type { Database } from '../store/schema.ts';
import { heartbeatAlt, heartbeatChart } from './chart.ts';
import { readHeartbeats } from './read-heartbeats.ts';
import type { Reading } from './reading.ts';
import { storeReading } from './readings.ts';
import { reportMessage } from './report.ts';
import { serverMessage } from './server-report.ts';

export type ShowInput = Pick<JobContext, 'log'> & {
  db: Kysely<Database>;
  reading: Reading;
  organisation: Organisation;
  /** Only this one, in detail. */
  server?: string | undefined;
  stillReading?: boolean;
  /** false: people and devices are not named. Default: true, for private answers. */
  personal?: boolean;
};

export async function showHeartbeat(input: ShowInput): Promise<DraftMessage> {
  const { db, log, reading, server, stillReading = false, personal = true } = input;
  const spec = heartbeatChart(reading, server);
  const alt = heartbeatAlt(reading, server);
  const chart = spec && (await optionalChart(log, db, { spec, alt, now: new Date(reading.at) }));
  const options = { chart, personal, nameOf: await peopleNames(input) };
  const message = server === undefined ? reportMessage(reading, options) : serverMessage(reading, server, options);
  if (!stillReading) return message;
  const first = note('The first reading of the logs is still under way: numbers grow. Ask again in some minutes.');
  return { ...message, blocks: [first, ...message.blocks] };
}

/** Accounts of the logs as people; one that is nobody's stays as it was logged. */
async function peopleNames({ db, organisation, reading }: ShowInput): Promise<(account: string) => string> {
  if (reading.servers.every(({ pull }) => pull.few.length === 0)) return (account) => account;
  const people = await db.selectFrom('person').selectAll().where('organisation', '=', organisation).execute();
  const ownerOf = accountOwners(people);
  return (account) => people.find(({ guid }) => guid === ownerOf(account))?.displayName ?? account;
}

/** Reads what is new in the logs, then all servers, and stores the reading. `stillReading`: the first reading of the logs goes on. */
export async function readNow(
  context: JobContext,
  organisation: Organisation,
): Promise<{ reading: Reading; stillReading: boolean }> {
  const { store, clock, policy } = context;
  const { stillReading } = await freshenLogs(context, organisation);
  const servers = context.servers(organisation);
  const reading = await readHeartbeats({ db: store.db, servers, policy, organisation, now: clock.now() });
  await storeReading(store.db, organisation, reading);
  return { reading, stillReading };
}

/** The report as a channel may read it, nobody named. */
export async function heartbeatSummary(context: JobContext, organisation: Organisation): Promise<DraftMessage> {
  const { store, log } = context;
  return showHeartbeat({ db: store.db, log, organisation, personal: false, ...(await readNow(context, organisation)) });
}

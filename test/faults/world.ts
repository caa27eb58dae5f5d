/** The servers of a fault run, one database for each world, and what must be true when it is over. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import pg from 'pg';
import { pino } from 'pino';
import { verifyAudit } from '../../src/audit/verify.ts';
import { labLedger } from '../../src/exchange/lab/operations.ts';
import { seedLab } from '../../src/exchange/lab/seed.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { openDatabase, urlOf } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { Database } from '../../src/store/schema.ts';
import { type TestRedis, testRedis } from '../setup/redis.ts';
import { chatTables } from './chat.ts';

export type Servers = {
  /** A database of its own: with the lab in it, or with nothing, so that the bot's first start makes all. */
  world(kind: 'lab' | 'empty'): Promise<World>;
  /** Address of a Redis database that no world before used; undefined where PostgreSQL carries the queue. */
  redisUrl(): string | undefined;
  /** Folder of the PostgreSQL cluster. */
  cluster: string;
  close(): Promise<void>;
};

export type World = { db: Kysely<Database>; url: string; close(): Promise<void> };

export async function openServers(backend: 'redis' | 'postgres'): Promise<Servers> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'mislaid-faults-'));
  chmodSync(dataFolder, 0o755);
  // What was committed outlives a killed server, but for the machine itself.
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '200' };
  const server = await startEmbeddedPostgres({ dataFolder, log: pino({ level: 'silent' }), settings });
  const { connection } = server;
  if ('connectionString' in connection) throw new Error('the embedded server is reached by its socket');
  await createDatabase(connection, 'lab', 'template1');
  const lab = openDatabase({ ...connection, database: 'lab' }, { poolSize: 2 });
  await migrate(lab.db);
  await seedLab({ db: lab.db, clock: systemClock, historyHours: 1 });
  await lab.close();
  const redis: TestRedis | undefined = backend === 'redis' ? await testRedis() : undefined;
  let redisDatabase = 0;
  return {
    redisUrl: () => (redis === undefined ? undefined : `${redis.url}/${redisDatabase++ % 16}`),
    cluster: join(dataFolder, 'postgres', 'data'),
    world: async (kind) => {
      const name = `run_${randomBytes(5).toString('hex')}`;
      await createDatabase(connection, name, kind === 'lab' ? 'lab' : 'template1');
      const own = { ...connection, database: name };
      const { db, close } = openDatabase(own, { poolSize: 4 });
      return {
        db,
        url: urlOf(own),
        close: async () => {
          await close();
          await withClient(connection, (client) => client.query(`drop database ${name} with (force)`));
        },
      };
    },
    close: async () => {
      await redis?.close();
      await server.stop();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

async function createDatabase(connection: pg.ClientConfig, name: string, template: string): Promise<void> {
  await withClient(connection, (client) => client.query(`create database ${name} template ${template}`));
  if (template === 'template1') {
    await withClient({ ...connection, database: name }, (client) => client.query(chatTables));
  }
}

async function withClient(connection: pg.ClientConfig, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ database: 'postgres', ...connection });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** What Exchange holds in the end, by device: how often a wipe was asked for, and whether the phone acknowledged one. */
export type ExchangeTruth = ReadonlyMap<string, { requests: number; acknowledged: boolean }>;

export async function labTruth(db: Kysely<Database>): Promise<ExchangeTruth> {
  const ledger = (await labLedger(db)).filter((row) => row.cmdlet === 'clear-mobile-device' && row.outcome === 'done');
  const phones = await db.selectFrom('labDevice').selectAll().execute();
  return new Map(
    phones.map((phone) => [
      phone.guid,
      {
        requests: ledger.filter((row) => row.target === phone.guid).length,
        acknowledged: (phone.wipeAckTime ?? phone.accountWipeAckTime) !== null,
      },
    ]),
  );
}

/** In which a wipe cannot rest: each of these waits for something that has happened by now. */
const restless = ['awaiting-approval', 'approved', 'issuing'];
/** Exchange has a request, or had one that was carried out. */
const asked = ['requested', 'sent', 'acknowledged', 'refused-by-device', 'not-reported', 'given-up'];

/** Everything that is not as it must be; empty when the run passed. */
export async function untruths(
  db: Kysely<Database>,
  expected: { incidents: number; now: Date; truth: ExchangeTruth },
): Promise<string[]> {
  const found: string[] = [];
  const wipes = await db.selectFrom('wipe').selectAll().orderBy('id').execute();
  for (const wipe of wipes) {
    const name = `wipe ${wipe.id} (INC-${wipe.incidentNumber})`;
    const { requests, acknowledged } = expected.truth.get(wipe.deviceGuid) ?? { requests: 0, acknowledged: false };
    if (requests > 1) found.push(`${name} was asked of Exchange ${requests} times for one approval`);
    if (restless.includes(wipe.state)) found.push(`${name} is still ${wipe.state}`);
    if (requests === 1 && !asked.includes(wipe.state))
      found.push(`${name} was asked, and the store says ${wipe.state}`);
    if (requests === 0 && asked.includes(wipe.state))
      found.push(`${name} was never asked, and the store says ${wipe.state}`);
    if (acknowledged !== (wipe.state === 'acknowledged'))
      found.push(`${name} is ${wipe.state}, and the phone ${acknowledged ? 'has' : 'has not'} acknowledged`);
    const approval = await db
      .selectFrom('approval')
      .selectAll()
      .where('subjectKind', '=', 'wipe')
      .where('subjectId', '=', String(wipe.id))
      .executeTakeFirst();
    if (requests === 1 && approval?.state !== 'executed')
      found.push(`${name} was asked under an approval that is ${approval?.state}`);
  }
  const requests = [...expected.truth.values()].reduce((sum, one) => sum + one.requests, 0);
  if (requests > wipes.length) found.push('Exchange was asked for more wipes than there are');
  const incidents = await db.selectFrom('incident').select(['number', 'hold', 'state']).execute();
  if (incidents.length !== expected.incidents)
    found.push(`${incidents.length} incidents are stored, ${expected.incidents} were opened`);
  for (const incident of incidents) {
    const own = wipes.filter((wipe) => wipe.incidentNumber === incident.number);
    const over = own.length > 0 && own.every((wipe) => wipe.state === 'acknowledged');
    if (over !== (incident.hold === 'closed')) found.push(`the hold of INC-${incident.number} is ${incident.hold}`);
  }
  const unhandled = await db.selectFrom('inbox').select('id').where('state', '=', 'stored').execute();
  if (unhandled.length > 0) found.push(`${unhandled.length} commands were never handled`);
  const overdue = await db
    .selectFrom('work')
    .select(['job', 'lastError'])
    .where((eb) =>
      eb.or([
        eb('state', '=', 'given-up'),
        eb.and([eb('state', '=', 'waiting'), eb('dueAt', '<', new Date(expected.now.getTime() - 120_000))]),
      ]),
    )
    .execute();
  for (const row of overdue) found.push(`work of ${row.job} was not done (${row.lastError ?? 'never run'})`);
  const undelivered = await db.selectFrom('delivery').select(['kind', 'state']).where('state', '!=', 'done').execute();
  if (undelivered.length > 0) found.push(`${undelivered.length} messages were not delivered`);
  const stale = await db.selectFrom('card').select('subject').whereRef('shown', '<', 'wanted').execute();
  if (stale.length > 0) found.push(`cards show an old state: ${stale.map((row) => row.subject).join(', ')}`);
  const { rows: twice } = await sql<{ key: string }>`
    select key from fault.chat group by target, key having count(*) > 1`.execute(db);
  for (const { key } of twice) found.push(`${key} was posted twice`);
  const audit = await verifyAudit(db);
  found.push(...audit.problems.map((problem) => `audit: ${problem.userMessage}`));
  return found;
}

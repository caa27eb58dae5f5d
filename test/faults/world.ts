/** The servers of a fault run, the people who speak in it, and what must be true when it is over. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import pg from 'pg';
import { pino } from 'pino';
import { jobs } from '../../jobs/index.ts';
import { appendAudit } from '../../src/audit/chain.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import type { Input } from '../../src/chat/port.ts';
import { createRouter } from '../../src/chat/router.ts';
import { commands, labCommands } from '../../src/commands/index.ts';
import { refreshDirectory } from '../../src/directory/refresh.ts';
import { createLabClock, type LabClock } from '../../src/exchange/lab/clock.ts';
import { openLab } from '../../src/exchange/lab/index.ts';
import { labLedger } from '../../src/exchange/lab/operations.ts';
import { seedLab } from '../../src/exchange/lab/seed.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { randomIds } from '../../src/ground/ids.ts';
import type { Answer } from '../../src/message/model.ts';
import type { Policy } from '../../src/policy.ts';
import { approvals, evidenceProviders } from '../../src/start/registries.ts';
import { openDatabase, urlOf } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { Database } from '../../src/store/schema.ts';
import { createStore } from '../../src/store/store.ts';
import { type TestRedis, testRedis } from '../setup/redis.ts';
import { chatTable } from './chat.ts';

const silent = pino({ level: 'silent' });

export type Servers = {
  /** A fresh database with the lab in it. */
  world(policy: Policy): Promise<World>;
  redis: TestRedis | undefined;
  close(): Promise<void>;
};

export type World = {
  db: Kysely<Database>;
  url: string;
  clock: LabClock;
  /** Speaks as the bot's own reception does; what it sets going is done by the processes that are killed. */
  say(persona: string, said: Input): Promise<Answer>;
  close(): Promise<void>;
};

export async function openServers(backend: 'redis' | 'postgres'): Promise<Servers> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'mislaid-faults-'));
  chmodSync(dataFolder, 0o755);
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };
  const server = await startEmbeddedPostgres({ dataFolder, log: silent, settings });
  const { connection } = server;
  if ('connectionString' in connection) throw new Error('the embedded server is reached by its socket');
  await withClient(connection, (client) => client.query('create database lab'));
  const lab = openDatabase({ ...connection, database: 'lab' }, { poolSize: 2 });
  await migrate(lab.db);
  await sql.raw(chatTable).execute(lab.db);
  await seedLab({ db: lab.db, clock: systemClock, historyHours: 1 });
  await lab.close();
  const redis = backend === 'redis' ? await testRedis() : undefined;
  return {
    redis,
    world: async (policy) => {
      const name = `run_${randomBytes(5).toString('hex')}`;
      await withClient(connection, (client) => client.query(`create database ${name} template lab`));
      return openWorld({ ...connection, database: name }, policy, () =>
        withClient(connection, (client) => client.query(`drop database ${name} with (force)`)),
      );
    },
    close: async () => {
      await redis?.close();
      await server.stop();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

async function withClient(connection: pg.ClientConfig, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ ...connection, database: 'postgres' });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function openWorld(
  connection: { host: string; port: number; user: string; password: string; database: string },
  policy: Policy,
  drop: () => Promise<void>,
): Promise<World> {
  const { db, close } = openDatabase(connection, { poolSize: 4 });
  const clock = await createLabClock({ db, pollMs: 200 });
  await refreshDirectory({ db, exchange: openLab({ db, clock, requestor: policy.exchange.requestor }), clock });
  const lanes = new Map<string, (typeof jobs)[number]['lane']>(jobs.map((job) => [job.name, job.lane]));
  const store = createStore({
    db,
    clock,
    ids: randomIds,
    laneOf: (job) => lanes.get(job) ?? 'upkeep',
    appendAudit,
    wake: () => {},
  });
  const router = createRouter({
    store,
    approvals,
    evidence: evidenceProviders,
    commands: [...commands, ...labCommands],
    policy,
    organisation: 'lab',
    clock,
    ids: randomIds,
    log: silent,
  });
  return {
    db,
    url: urlOf(connection),
    clock,
    say: async (persona, said) => {
      const incoming = {
        eventKey: randomIds.token(),
        sender: { identity: `console:${persona}`, displayName: persona },
        input: said,
      };
      const { id } = await db
        .insertInto('inbox')
        .values({
          eventKey: incoming.eventKey,
          identity: incoming.sender.identity,
          incoming: JSON.stringify(incoming),
          receivedAt: clock.now(),
          state: 'stored',
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return router.handle(incoming, id);
    },
    close: async () => {
      clock.stop();
      await close();
      await drop();
    },
  };
}

/** In which a wipe cannot rest: each of these waits for something that has happened by now. */
const restless = ['awaiting-approval', 'approved', 'issuing'];
/** Exchange has a request, or had one that was carried out. */
const asked = ['requested', 'sent', 'acknowledged', 'refused-by-device', 'not-reported', 'given-up'];

/** Everything that is not as it must be; empty when the run passed. */
export async function untruths(db: Kysely<Database>, expected: { incidents: number; now: Date }): Promise<string[]> {
  const found: string[] = [];
  const ledger = (await labLedger(db)).filter((row) => row.cmdlet === 'clear-mobile-device' && row.outcome === 'done');
  const wipes = await db.selectFrom('wipe').selectAll().orderBy('id').execute();
  const phones = new Map((await db.selectFrom('labDevice').selectAll().execute()).map((row) => [row.guid, row]));
  for (const wipe of wipes) {
    const name = `wipe ${wipe.id} (INC-${wipe.incidentNumber})`;
    const requests = ledger.filter((row) => row.target === wipe.deviceGuid).length;
    if (requests > 1) found.push(`${name} was asked of Exchange ${requests} times for one approval`);
    if (restless.includes(wipe.state)) found.push(`${name} is still ${wipe.state}`);
    if (requests === 1 && !asked.includes(wipe.state))
      found.push(`${name} was asked, and the store says ${wipe.state}`);
    if (requests === 0 && asked.includes(wipe.state))
      found.push(`${name} was never asked, and the store says ${wipe.state}`);
    const phone = phones.get(wipe.deviceGuid);
    const promised = phone !== undefined && (phone.wipeAckTime ?? phone.accountWipeAckTime) !== null;
    if (promised !== (wipe.state === 'acknowledged'))
      found.push(`${name} is ${wipe.state}, and the phone ${promised ? 'has' : 'has not'} acknowledged`);
    const approval = await db
      .selectFrom('approval')
      .selectAll()
      .where('subjectKind', '=', 'wipe')
      .where('subjectId', '=', String(wipe.id))
      .executeTakeFirst();
    if (requests === 1 && approval?.state !== 'executed')
      found.push(`${name} was asked under an approval that is ${approval?.state}`);
  }
  if (ledger.length > wipes.length) found.push('Exchange was asked for more wipes than there are');
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
    select key from fault_chat group by target, key having count(*) > 1`.execute(db);
  for (const { key } of twice) found.push(`${key} was posted twice`);
  const audit = await verifyAudit(db);
  found.push(...audit.problems.map((problem) => `audit: ${problem.userMessage}`));
  return found;
}

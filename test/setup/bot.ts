/**
 * A whole bot on the lab: router, jobs, deliveries and phones are real; chat is the fake adapter, time is moved by hand, and stored work
 * runs in order by itself. What a command sets going has happened when `say` returns. `testPair` is two of them on one database.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import type { Kysely } from 'kysely';
import { pino } from 'pino';
import { jobs as registeredJobs } from '../../jobs/index.ts';
import { appendAudit } from '../../src/audit/chain.ts';
import { type AuditSeal, needsCheckpoint } from '../../src/audit/checkpoint.ts';
import { type AuditOutage, createAuditOutage } from '../../src/audit/outage.ts';
import { createDeliverer } from '../../src/chat/delivery/deliver.ts';
import { Inbox } from '../../src/chat/inbox.ts';
import { Router } from '../../src/chat/router.ts';
import { FairShares, type ShareLimits } from '../../src/chat/shares.ts';
import type { AnyCommand } from '../../src/commands/command.ts';
import { labCommands, commands as registeredCommands } from '../../src/commands/index.ts';
import { refreshDirectory } from '../../src/directory/refresh.ts';
import { type LabInput, openLab } from '../../src/exchange/lab/index.ts';
import { seededRandom } from '../../src/exchange/lab/random.ts';
import { seedLab } from '../../src/exchange/lab/seed.ts';
import { tickLab } from '../../src/exchange/lab/tick.ts';
import type { Exchange } from '../../src/exchange/port.ts';
import type { Ids } from '../../src/ground/clock.ts';
import type { Organisation } from '../../src/ground/identifiers.ts';
import { drillMark, drillMarkOfMessage } from '../../src/incidents/drill/drill.ts';
import type { AnyBotJob, JobContext } from '../../src/incidents/job.ts';
import type { ForgottenList } from '../../src/incidents/retention/forgotten.ts';
import { effectivePolicy, recordPolicy } from '../../src/incidents/roles/policy-changes.ts';
import { type Policy, parsePolicy } from '../../src/policy.ts';
import type { ContextInput } from '../../src/queue/run.ts';
import { labServers } from '../../src/servers/lab/index.ts';
import type { Servers } from '../../src/servers/port.ts';
import { approvals, evidenceProviders, projections } from '../../src/start/registries.ts';
import { openDatabase } from '../../src/store/connect.ts';
import type { Store } from '../../src/store/port.ts';
import type { Database } from '../../src/store/schema.ts';
import { createStore } from '../../src/store/store.ts';
import { fakeAdapter } from '../fakes/adapter.ts';
import { type Conversation, createConversation } from './conversation.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { createRunner, type Runner } from './runner.ts';
import { type TestStore, testStore } from './store.ts';

const root = join(import.meta.dirname, '../..');

/** The example policy, which knows the personas: Hana, Hugo, Otto, Ada, Sasha, Ines, Bob and both Alices. */
export function examplePolicy(): Policy {
  return parsePolicy(readFileSync(join(root, 'policy.example.yaml'), 'utf8'), 'policy.example.yaml');
}

export type TestBotOptions = {
  /** Default: policy.example.yaml. */
  policy?: Policy;
  /** What this Exchange offers, where it differs from the lab. */
  capabilities?: NonNullable<LabInput['capabilities']>;
  /** Strikes around each change that Exchange is asked for. */
  onChange?: NonNullable<LabInput['onChange']>;
  /** What reads of Exchange answer instead. */
  onRead?: NonNullable<LabInput['onRead']>;
  /** Stands before the lab's servers: what they answer instead. */
  onServers?: (servers: Servers) => Servers;
  /** `real`: a second simulated organisation plays the real one, and the lab stands beside it, for drills. Default: lab. */
  organisation?: Organisation;
  seal?: AuditSeal;
  /** Who was forgotten, outside the database. */
  forgotten?: ForgottenList;
  /** Where the bot's tables lie; default: a fresh database of the run's own server. The bot closes it. */
  database?: TestDatabase;
  /** Where the second organisation lies, of `real`: one that another bot has used. Whoever opened it closes it. */
  world?: TestDatabase;
  /** Default: one morning. */
  startAt?: Date;
  /** What one person and one place may say in a minute of the test's clock; default everything, for that clock stands still. */
  shares?: ShareLimits;
  /** Default: the registries'. */
  commands?: readonly AnyCommand[];
  jobs?: readonly AnyBotJob[];
  /** Default: counted from 1, which a database that another bot has used knows already. */
  ids?: Ids;
  /** How many bots stand on the database, each with its own connections, policy, inbox, router, deliveries and jobs; default 1. */
  processes?: 1 | 2;
};

/**
 * Two whole bots on one real PostgreSQL: what people say, press and submit goes to the one and the other by turns, and so does each job.
 * They share the chat platform, Exchange and the clock, as processes do, and nothing else: nothing that changes lies outside what is opened here
 * (`test/architecture/state.test.ts`), so an operating system's process between them would add only its start and its end.
 */
export function testPair(options: TestBotOptions = {}): Promise<TestBot> {
  return testBot({ ...options, processes: 2 });
}

export type TestBot = Conversation &
  Pick<TestStore, 'store' | 'clock' | 'ids'> & {
    readonly db: Kysely<Database>;
    /** The tables of the Exchange that the commands are about (another database where it plays the real one). */
    readonly world: Kysely<Database>;
    readonly runner: Runner;
    readonly organisation: Organisation;
    readonly policy: { readonly current: Policy };
    readonly auditAway: AuditOutage;
    /** Runs another policy from now on, as a reload does: audited, what is looser cools off, new roles beside a real organisation. */
    setPolicy(next: Policy): Promise<void>;
    exchange(organisation?: Organisation): Exchange;
    /** What a job is given, with other parts put in its place. */
    jobContext(changes?: Partial<JobContext>): JobContext;
    /** Moves time, and lets phones and due work happen on the way, each at its instant. */
    advance(minutes: number): Promise<void>;
    /** Moves time from due work to due work (a minute at most) until the condition holds; fails after `minutes` (120). */
    until(condition: () => Promise<boolean> | boolean, minutes?: number): Promise<void>;
    close(): Promise<void>;
  };

export async function testBot(options: TestBotOptions = {}): Promise<TestBot> {
  const { organisation = 'lab', commands = registeredCommands, jobs = registeredJobs } = options;
  const lanes = new Map(jobs.map((job) => [job.name, job.lane]));
  const log = pino({ level: process.env.MISLAID_TEST_LOG ?? 'silent' });
  const storeParts = (outage: () => AuditOutage) => ({
    appendAudit,
    laneOf: (job: string) => lanes.get(job) ?? 'upkeep',
    onFailed: (error: unknown) => outage().report(error),
    ...(options.seal === undefined ? {} : { sealAfter: needsCheckpoint }),
    ...(options.ids === undefined ? {} : { ids: options.ids }),
  });
  const base = await testStore(
    storeParts(() => first.auditAway),
    options.database,
    options.startAt,
  );
  const { db, clock, ids } = base;
  const worldDatabase = organisation === 'real' ? (options.world ?? (await testDatabase())) : undefined;
  const world = worldDatabase?.db ?? db;

  await seedLab({ db, clock, historyHours: 1 });
  if (worldDatabase !== undefined) await seedLab({ db: worldDatabase.db, clock, historyHours: 1, seed: 'fabrikam' });
  const adapter = fakeAdapter({ name: 'console', postsPerSecond: 1_000_000 });
  const policyLoad = { organisation, why: 'start', processUser: 'test' } as const;
  let wanted = options.policy ?? examplePolicy();

  const labInput = {
    // Time passes between a read and what is asked of Exchange then, also while the clock stands still.
    clock: { now: () => new Date(clock.now().getTime() + 1) },
    requestor: wanted.exchange.requestor,
    ...(options.capabilities === undefined ? {} : { capabilities: options.capabilities }),
    ...(options.onChange === undefined ? {} : { onChange: options.onChange }),
    ...(options.onRead === undefined ? {} : { onRead: options.onRead }),
  };
  const lab = openLab({ ...labInput, db });
  const real: Exchange | undefined =
    worldDatabase === undefined
      ? undefined
      : { ...openLab({ ...labInput, db: worldDatabase.db }), organisation: 'real' };
  const exchange = (of: Organisation = organisation): Exchange => (of === 'real' && real !== undefined ? real : lab);

  /** Everything that a process has of its own, over its own connections. */
  async function openProcess(store: Store, own: Kysely<Database>) {
    const policy = { current: wanted };
    const auditAway = createAuditOutage({
      store,
      get policy() {
        return policy.current;
      },
      clock,
      log,
    });
    await refreshDirectory({ db: own, exchange: exchange(), clock });
    const reload = async (why: 'start' | 'reload'): Promise<void> => {
      const load = { ...policyLoad, why, policy: wanted };
      policy.current = (await store.change((change) => recordPolicy(change, load))).effective;
    };
    await reload('start');

    const deliverer = createDeliverer({
      store,
      adapters: new Map([['console', adapter] as const]),
      projections,
      get policy() {
        return policy.current;
      },
      clock,
      ids,
      log,
      markOf: drillMark,
      markOfMessage: drillMarkOfMessage,
    });
    const onFailed = (error: unknown) => auditAway.report(error);
    const router = new Router({
      store,
      approvals,
      evidence: evidenceProviders,
      commands: organisation === 'lab' ? [...commands, ...labCommands] : commands,
      get policy() {
        return policy.current;
      },
      organisation,
      clock,
      ids,
      log,
      onFailed,
      markOf: drillMarkOfMessage,
    });
    // What is said here is stored, however long the machine takes over it.
    const shares =
      options.shares === undefined
        ? {}
        : {
            shares: new FairShares({
              limits: options.shares,
              now: () => clock.now().getTime(),
              policy: () => policy.current,
            }),
          };
    const desk = new Inbox({ store, db: own, clock, router, log, onFailed, insertTimeoutMs: 60_000, ...shares });
    const { onServers = (same: Servers) => same } = options;
    const servers = onServers(labServers({ db: world, clock, names: policy.current.servers.map(({ name }) => name) }));
    const context = (given: Omit<ContextInput, 'job' | 'workId'>): JobContext => ({
      store,
      exchange,
      servers: () => servers,
      policy: policy.current,
      approvals,
      clock,
      ids,
      log: given.log,
      signal: given.signal,
      assertLock: given.assertLock,
      attempt: given.attempt,
      ...(options.seal === undefined ? {} : { seal: options.seal }),
      ...(options.forgotten === undefined ? {} : { forgotten: options.forgotten }),
      capabilities: (of) => exchange(of).capabilities(),
      readBack: async (place) => await adapter.readBack?.(place),
      deliver: (target) => deliverer.deliver(target),
    });
    /** As the timers of a process do it. */
    const look = async (): Promise<void> => {
      policy.current = await effectivePolicy(store, wanted, organisation, clock.now());
      await auditAway.check();
    };
    return { policy, auditAway, desk, context, reload, look };
  }

  const first = await openProcess(base.store, db);
  const other = options.processes === 2 ? openDatabase(base.connection, { poolSize: 5 }) : undefined;
  const second = other === undefined ? undefined : await openOther(other.db);
  const processes = second === undefined ? [first] : [first, second];

  async function openOther(own: Kysely<Database>): Promise<typeof first> {
    const parts = storeParts(() => opened.auditAway);
    const opened = await openProcess(createStore({ ...parts, db: own, clock, ids, wake: () => {} }), own);
    return opened;
  }

  let turns = 0;
  /** The one, and then the other. */
  function next(): typeof first {
    turns += 1;
    return processes[turns % processes.length] ?? first;
  }

  await adapter.start({ app: express(), onCommand: (incoming) => next().desk.onCommand(incoming) });
  const { policy, auditAway, context } = first;
  const runner = createRunner({
    db,
    jobs,
    clock,
    log,
    context: (input) => next().context(input),
  });
  const random = seededRandom('test bot');
  const worlds: TestDatabase['db'][] = worldDatabase === undefined ? [db] : [db, worldDatabase.db];

  async function moment(): Promise<void> {
    for (const each of worlds) await tickLab({ db: each, clock, speed: 1, random, ids });
    for (const each of processes) await each.look();
    await runner.settle();
  }

  /** To the next due work, or as far as `most`. */
  async function step(most: Date): Promise<void> {
    const next = await runner.nextDueAt();
    clock.set(next !== undefined && next > clock.now() && next < most ? next : most);
    await moment();
  }

  async function moveTo(target: Date): Promise<void> {
    await moment();
    while (clock.now() < target) await step(target);
  }

  const talk = createConversation({ adapter, clock, ids, settle: () => runner.settle() });
  return {
    ...talk,
    store: base.store,
    db,
    world,
    clock,
    ids,
    runner,
    organisation,
    policy,
    auditAway,
    setPolicy: async (file) => {
      wanted = file;
      for (const each of processes) await each.reload('reload');
    },
    exchange,
    jobContext: (changes = {}) => ({
      ...context({
        attempt: 0,
        lane: 'exchange',
        log,
        signal: new AbortController().signal,
        assertLock: async () => {},
      }),
      ...changes,
    }),
    advance: (minutes) => moveTo(new Date(clock.now().getTime() + minutes * 60_000)),
    until: async (condition, minutes = 120) => {
      const end = clock.now().getTime() + minutes * 60_000;
      await moment();
      while (!(await condition())) {
        if (clock.now().getTime() >= end)
          throw new Error(`it did not happen within ${minutes} minutes\n${talk.everything()}`);
        await step(new Date(clock.now().getTime() + 60_000));
      }
    },
    close: async () => {
      for (const { desk } of processes) await desk.idle();
      if (options.world === undefined) await worldDatabase?.close();
      await other?.close();
      await base.close();
    },
  };
}

/**
 * One process of Mislaid, put together: what opens here is closed in the opposite order. Adapters and jobs are handed in by
 * main.ts, so that nothing in the core imports them.
 */
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { readInventory, storeInventory } from '../apps/inventory.ts';
import { createDeliverer } from '../chat/deliver.ts';
import type { CardView, ChatAdapter } from '../chat/port.ts';
import { createReception, type ReceptionDesk } from '../chat/reception.ts';
import { createRouter } from '../chat/router.ts';
import { createCardView } from '../chat/view.ts';
import type { Clock, Ids } from '../clock.ts';
import type { Closing } from '../closing.ts';
import { commands, labCommands } from '../commands/index.ts';
import type { Config, Environment } from '../config.ts';
import type { Organisation } from '../directory/person.ts';
import { refreshDirectory } from '../directory/refresh.ts';
import type { DoctorRow } from '../doctor/row.ts';
import type { LabInput } from '../exchange/lab/index.ts';
import type { Exchange } from '../exchange/port.ts';
import { createMetrics } from '../http/metrics.ts';
import { createAdminApp, createChatApp, listen } from '../http/server.ts';
import { appendAudit } from '../incidents/audit/chain.ts';
import { openSeal } from '../incidents/audit/checkpoint.ts';
import { drillMark } from '../incidents/drill.ts';
import { type Policy, policyHash } from '../policy.ts';
import { announceEveryMs, announceProcess, forgetProcess } from '../processes.ts';
import { postgresBackend, redisBackend } from '../queue/backend.ts';
import type { AnyJob, Lane } from '../queue/job.ts';
import { allLanes } from '../queue/lanes.ts';
import { createQueues } from '../queue/queues.ts';
import { createSweep, type Sweep } from '../queue/sweep.ts';
import { createWorkers } from '../queue/worker.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import { createStore } from '../store/store.ts';
import { openConfiguredDatabase } from './database.ts';
import { openConfiguredExchange } from './exchange.ts';
import { watchPolicy } from './policy-watch.ts';
import { projections } from './projections.ts';
import { openConfiguredServers } from './servers.ts';

export type BotParts = {
  config: Config;
  environment: Environment;
  policy: Policy;
  /** Reads the policy file again, for a reload; throws MislaidError. */
  readPolicy: () => Policy;
  jobs: readonly AnyJob[];
  ids: Ids;
  log: Logger;
  closing: Closing;
  /** Everything that doctor looks at; main.ts adds the chat platforms. */
  doctor: () => Promise<DoctorRow[]>;
  /** Strikes around each change that the lab is asked for: fault runs kill their process there. */
  onLabChange?: LabInput['onChange'];
  /** Makes the adapters once the clock is known; opened after everything that they need stands. */
  adapters: (input: {
    clock: Clock;
    store: Store;
    sweep: Sweep;
    db: Kysely<Database>;
    simulated: boolean;
  }) => Promise<ChatAdapter[]>;
};

export type Bot = {
  readonly sweep: Sweep;
  readonly db: Kysely<Database>;
  readonly clock: Clock;
  readonly adminPort: number;
  /** Takes policy.yaml as it is now; an invalid one is told and changes nothing. */
  reloadPolicy(): Promise<void>;
};

export async function startBot(parts: BotParts): Promise<Bot> {
  const { config, ids, log, closing, jobs } = parts;
  const { db, inbox, connection } = await openConfiguredDatabase(config, log, closing);
  const { organisation, clock, exchange } = await openConfiguredExchange({ ...parts, db });
  const simulated = await simulationOf(config, exchange);
  const mark = simulated;
  const metrics = createMetrics(db, clock);
  const seal = await openSeal({
    folder: config.MISLAID_DATA,
    ...(config.MISLAID_AUDIT_KEY === undefined ? {} : { pem: config.MISLAID_AUDIT_KEY }),
  });

  const backend =
    config.REDIS_URL === undefined
      ? postgresBackend({ connection, log })
      : redisBackend({ url: config.REDIS_URL, prefix: 'mislaid', log, strict: config.NODE_ENV === 'production' });
  closing.add('queue connection', () => backend.close());
  const queues = createQueues({ backend, lanes: allLanes, log });
  closing.add('queues', () => queues.close());
  const sweep = createSweep({ db, clock, queues, lanes: allLanes, log });
  closing.add('sweep', () => sweep.close());

  const lanes = new Map(jobs.map((job) => [job.name, job.lane]));
  const store = createStore({
    db,
    clock,
    ids,
    laneOf: (job) => lanes.get(job) ?? 'upkeep',
    appendAudit,
    wake: ({ work }) => sweep.wake(work),
    onError: (error) => log.error({ err: error }, 'the queue could not be woken; the sweep finds the work'),
  });
  // For trying out, people must be there with the first word; a real directory may take minutes and is read by a job.
  if (simulated !== undefined) {
    await refreshDirectory({ db, exchange: exchange(organisation), clock });
    await storeInventory(db, organisation, await readInventory(exchange(organisation), organisation, clock.now()));
  }
  const announcer = announcing(db, ids, log, closing);
  const policy = await watchPolicy({
    policy: parts.policy,
    read: parts.readPolicy,
    organisation,
    store,
    log,
    onChange: (next) => announcer.say(next),
  });
  await announcer.say(policy.current);

  const chat =
    config.MISLAID_ROLE === 'worker'
      ? []
      : await parts.adapters({ clock, store, sweep, db, simulated: simulated !== undefined });
  const byPrefix = new Map(
    chat.flatMap((adapter) => [[adapter.name, adapter] as const, [adapter.identityPrefix, adapter] as const]),
  );
  const deliverer = createDeliverer({
    store,
    adapters: byPrefix,
    projections,
    get policy() {
      return policy.current;
    },
    clock,
    ids,
    log,
    mark,
    markOf: drillMark,
    metrics: { delivered: (kind, outcome) => metrics.delivered('chat', kind, outcome) },
  });
  const servers = await openConfiguredServers({
    config,
    environment: parts.environment,
    ids,
    log,
    closing,
    policy: policy.current,
    db,
    clock,
    exchange,
  });
  await store.change(async (change) => {
    for (const server of servers(organisation).list()) {
      await change.enqueue('read-logs', { organisation, server }, { key: `${organisation}:${server}@start` });
    }
    await change.enqueue('watch-apps', { organisation }, { key: `${organisation}@start` });
    await change.enqueue('watch-heartbeat', { organisation }, { key: `${organisation}@start` });
  });

  const sayable = organisation === 'lab' ? [...commands, ...labCommands] : commands;
  const view = createCardView({
    store,
    commands: sayable,
    projections,
    get policy() {
      return policy.current;
    },
    organisation,
    clock,
    ids,
    mark,
  });
  const router = createRouter({
    store,
    commands: sayable,
    get policy() {
      return policy.current;
    },
    organisation,
    clock,
    ids,
    log,
    mark,
    readOnlyPlatforms: simulated === undefined ? ['console'] : [],
    identify: async (identity) => await byPrefix.get(identity.slice(0, identity.indexOf(':')))?.identify(identity),
    metrics,
  });
  const desk = createReception({ store, db: inbox, clock, router, log });
  closing.add('commands under way', () => desk.idle());

  const workers = createWorkers({
    db,
    jobs,
    lanes: lanesOf(config, chat.length > 0),
    backend,
    clock,
    wake: (ids) => sweep.wake(ids),
    log,
    metrics: { ran: (run) => metrics.jobRan(run.job, run.outcome, run.seconds) },
    context: ({ attempt, log: jobLog, signal, assertLock }) => ({
      store,
      exchange,
      servers,
      policy: policy.current,
      clock,
      ids,
      log: jobLog,
      signal,
      assertLock,
      attempt,
      doctor: parts.doctor,
      seal,
      capabilities: (of) => exchange(of).capabilities(),
      deliver: (target) => deliverer.deliver(target),
    }),
  });
  closing.add('workers', () => workers.close());

  // Before anybody can speak: what is stored and not handled now is from before.
  if (chat.length > 0) {
    await desk.recover();
    await deliverer.revive();
  }
  await backend.start();
  await store.change(async (change) => {
    await change.enqueue('refresh-directory', { organisation }, { key: 'start' });
    await change.enqueue('checkpoint-audit', {}, { key: 'start' });
    await change.enqueue('find-outside-wipes', { organisation }, { key: organisation });
  });
  await startChat({ chat, desk, view, config, log, closing });
  await sweep.start();
  const admin = await listen(
    createAdminApp({
      registry: metrics.registry,
      checks: [
        {
          name: 'store',
          required: true,
          check: async () => ({
            ok: (await db.selectFrom('setting').select('key').limit(1).execute()).length >= 0,
            found: 'answers',
          }),
        },
        { name: 'queue', required: false, check: async () => awayOr(queues.awaySince()) },
        {
          name: 'exchange',
          required: false,
          check: async () => ({ ok: true, found: (await exchange(organisation).capabilities()).version }),
        },
      ],
    }),
    '127.0.0.1',
    config.ADMIN_PORT,
  );
  closing.add('health and metrics', () => admin.stop());
  log.info({ adminPort: admin.port, organisation, queue: backend.kind, role: config.MISLAID_ROLE }, 'ready');
  return { sweep, db, clock, adminPort: admin.port, reloadPolicy: () => policy.reload() };
}

type ChatParts = {
  chat: readonly ChatAdapter[];
  desk: ReceptionDesk;
  view: CardView;
  config: Config;
  log: Logger;
  closing: Closing;
};

async function startChat({ chat, desk, view, config, log, closing }: ChatParts): Promise<void> {
  const app = createChatApp();
  for (const adapter of chat) {
    closing.add(`chat platform ${adapter.name}`, () => adapter.stop());
    await adapter.start({ app, onCommand: (incoming) => desk.onCommand(incoming), view });
  }
  if (!chat.some((adapter) => adapter.name !== 'console')) return;
  const server = await listen(app, config.HOST, config.PORT);
  closing.add('chat webhooks', () => server.stop());
  log.info({ port: server.port }, 'chat webhooks are open');
}

/**
 * What every message says of an Exchange that is not real; undefined for a real one. The console may speak as anyone only there.
 * A custom connection counts as simulated only where the session itself says so, no chat platform is configured and this is not production.
 */
async function simulationOf(config: Config, exchange: (of: Organisation) => Exchange): Promise<string | undefined> {
  if (config.exchange === 'lab') return 'LAB, no real phone';
  if (config.exchange !== 'custom' || config.platforms.length > 0 || config.NODE_ENV === 'production') return undefined;
  const capabilities = await exchange('real')
    .capabilities()
    .catch(() => undefined);
  return capabilities?.simulation === true ? 'SIMULATION, no real phone' : undefined;
}

/** Only a process with adapters delivers; only a worker calls Exchange. */
function lanesOf(config: Config, hasChat: boolean): Lane[] {
  return allLanes.filter((lane) => (lane === 'deliveries' ? hasChat : config.MISLAID_ROLE !== 'bot'));
}

/** Says which policy this process runs: at once, and every few seconds for as long as it lives. */
function announcing(
  db: Kysely<Database>,
  ids: Ids,
  log: Logger,
  closing: Closing,
): { say(policy: Policy): Promise<void> } {
  const id = ids.uuid();
  let hash: string | undefined;
  const timer = setInterval(() => {
    if (hash === undefined) return;
    announceProcess(db, id, hash).catch((error: unknown) =>
      log.warn({ err: error }, 'this process could not announce its policy'),
    );
  }, announceEveryMs);
  closing.add('announcing', async () => {
    clearInterval(timer);
    await forgetProcess(db, id);
  });
  return {
    say: async (policy) => {
      hash = policyHash(policy);
      await announceProcess(db, id, hash);
    },
  };
}

function awayOr(since: Date | undefined): { ok: boolean; found: string } {
  return since === undefined
    ? { ok: true, found: 'answers' }
    : { ok: false, found: `away since ${since.toISOString()}` };
}

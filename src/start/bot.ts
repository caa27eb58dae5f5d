/**
 * One process of Mislaid, put together: what opens here is closed in the opposite order. Adapters and jobs are handed in by
 * main.ts, so that nothing in the core imports them.
 */
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { readInventory, storeInventory } from '../apps/inventory.ts';
import { appendAudit } from '../audit/chain.ts';
import { openSeal } from '../audit/checkpoint.ts';
import type { ChatAdapter } from '../chat/port.ts';
import type { Config } from '../config.ts';
import { refreshDirectory } from '../directory/refresh.ts';
import type { LabInput } from '../exchange/lab/index.ts';
import type { Clock, Ids } from '../ground/clock.ts';
import type { Closing } from '../ground/closing.ts';
import type { DoctorRow } from '../ground/doctor-row.ts';
import type { Environment } from '../ground/environment.ts';
import { createMetrics } from '../http/metrics.ts';
import type { AnyBotJob } from '../incidents/job.ts';
import type { Policy } from '../policy.ts';
import type { Sweep } from '../queue/sweep.ts';
import { createWorkers } from '../queue/worker.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import { createStore } from '../store/store.ts';
import { openPolicyAnnouncer } from './announce-process.ts';
import { watchAuditOutage } from './audit-outage.ts';
import { createChat } from './chat.ts';
import { openConfiguredDatabase } from './database.ts';
import { openConfiguredExchange, simulationMark } from './exchange.ts';
import { openHealth } from './health.ts';
import { type PolicySource, watchPolicy } from './policy-watch.ts';
import { enqueueFirstReads, lanesOf, openConfiguredQueue, startRounds } from './queue.ts';
import { approvals } from './registries.ts';
import { openConfiguredServers } from './servers.ts';

export type BotParts = {
  config: Config;
  environment: Environment;
  policy: Policy;
  /** Reads the policy file again, for a reload; throws MislaidError. */
  readPolicy: () => Policy;
  jobs: readonly AnyBotJob[];
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
    policy: PolicySource;
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
  const { config, environment, ids, log, closing, jobs } = parts;
  const { db, inbox, connection } = await openConfiguredDatabase(config, log, closing);
  const { organisation, clock, exchange } = await openConfiguredExchange({ ...parts, db });
  const mark = await simulationMark(config, exchange);
  const simulated = mark !== undefined;
  const metrics = createMetrics(db, clock);
  const seal = await openSeal({
    folder: config.MISLAID_DATA,
    ...(config.MISLAID_AUDIT_KEY === undefined ? {} : { pem: config.MISLAID_AUDIT_KEY }),
  });
  const { backend, queues, sweep } = openConfiguredQueue({ config, connection, db, clock, log, closing });
  const lanes = new Map(jobs.map((job) => [job.name, job.lane]));
  const onFailed = (error: unknown): void => auditAway.report(error);
  const store = createStore({
    db,
    clock,
    ids,
    laneOf: (job) => lanes.get(job) ?? 'upkeep',
    appendAudit,
    wake: ({ work }) => sweep.wake(work),
    onError: (error) => log.error({ err: error }, 'the queue could not be woken; the sweep finds the work'),
    onFailed,
  });
  const auditAway = watchAuditOutage({ store, policy: () => policy.current, clock, log, closing });
  // For trying out, people must be there with the first word; a real directory may take minutes and is read by a job.
  if (simulated) {
    await refreshDirectory({ db, exchange: exchange(organisation), clock });
    await storeInventory(db, organisation, await readInventory(exchange(organisation), organisation, clock.now()));
  }
  const announcer = openPolicyAnnouncer({ db, ids, log, closing, onFailed });
  const policy = await watchPolicy({
    policy: parts.policy,
    read: parts.readPolicy,
    organisation,
    store,
    log,
    onChange: (next) => announcer.announce(next),
  });
  await announcer.announce(policy.current);

  const adapters =
    config.MISLAID_ROLE === 'worker' ? [] : await parts.adapters({ clock, store, sweep, db, simulated, policy });
  const servers = await openConfiguredServers({
    config,
    environment,
    ids,
    log,
    closing,
    policy: policy.current,
    db,
    clock,
    exchange,
  });
  await enqueueFirstReads(store, organisation, servers(organisation));
  const chat = createChat({
    adapters,
    config,
    store,
    inbox,
    policy,
    organisation,
    mark,
    clock,
    ids,
    log,
    metrics,
    closing,
    onFailed,
  });
  // Before anybody can speak: what is stored and not handled now is from before.
  await chat.recover();
  await backend.start();
  await startRounds(store, organisation);
  await chat.open();
  // After the platforms, so that what a process before this one left in the queue is not delivered to one that is not open yet;
  // and closed before them, because what was opened last closes first.
  const workers = createWorkers({
    db,
    jobs,
    lanes: lanesOf(config, adapters.length > 0),
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
      approvals,
      clock,
      ids,
      log: jobLog,
      signal,
      assertLock,
      attempt,
      doctor: parts.doctor,
      seal,
      capabilities: (of) => exchange(of).capabilities(),
      deliver: (target) => chat.deliverer.deliver(target),
    }),
  });
  closing.add('workers', () => workers.close());
  await sweep.start();
  const adminPort = await openHealth({
    config,
    registry: metrics.registry,
    db,
    queues,
    exchange: exchange(organisation),
    closing,
  });
  log.info({ adminPort, organisation, queue: backend.kind, role: config.MISLAID_ROLE }, 'ready');
  return { sweep, db, clock, adminPort, reloadPolicy: () => policy.reload() };
}

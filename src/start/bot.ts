/**
 * One process of Mislaid, put together: what opens here is closed in the opposite order. Adapters and jobs are handed in by
 * main.ts, so that nothing in the core imports them.
 */
import type { Kysely } from 'kysely';
import { readInventory, storeInventory } from '../apps/inventory.ts';
import { appendAudit } from '../audit/chain.ts';
import { needsCheckpoint, openSeal } from '../audit/checkpoint.ts';
import type { ChatAdapter } from '../chat/port.ts';
import type { ShareLimits } from '../chat/shares.ts';
import { refreshDirectory } from '../directory/refresh.ts';
import type { LabInput } from '../exchange/lab/index.ts';
import { inBackground } from '../exchange/run.ts';
import type { Clock } from '../ground/clock.ts';
import type { DoctorRow } from '../ground/doctor-row.ts';
import { Metrics } from '../http/metrics.ts';
import type { AnyBotJob } from '../incidents/job.ts';
import { forgottenList } from '../incidents/retention/forgotten.ts';
import { storedDirectory } from '../incidents/roles/policy-findings.ts';
import type { Policy } from '../policy.ts';
import type { Sweep } from '../queue/sweep.ts';
import { workRows } from '../queue/work-rows.ts';
import { createWorkers } from '../queue/worker.ts';
import type { Store } from '../store/port.ts';
import { announceEveryMs } from '../store/processes.ts';
import type { Database } from '../store/schema.ts';
import { createStore } from '../store/store.ts';
import { openPolicyAnnouncer } from './announce-process.ts';
import { watchAuditEnd } from './audit-end.ts';
import { watchAuditOutage } from './audit-outage.ts';
import { configuredCertificates } from './certificates.ts';
import { createChat } from './chat.ts';
import { openConfiguredDatabase } from './database.ts';
import { openConfiguredExchange, simulationMark } from './exchange.ts';
import { openHealth } from './health.ts';
import type { ProcessParts } from './parts.ts';
import { prefixesOf } from './policy.ts';
import { namePolicyDoubts } from './policy-doubts.ts';
import { type PolicySource, watchPolicy } from './policy-watch.ts';
import { enqueueFirstReads, lanesOf, openConfiguredQueue, startRounds } from './queue.ts';
import { approvals } from './registries.ts';
import { openConfiguredServers } from './servers.ts';
import { version } from './version.ts';

export type BotParts = Omit<ProcessParts, 'db' | 'clock'> & {
  policy: Policy;
  /** Reads the policy file again, for a reload; throws MislaidError. */
  readPolicy: () => Policy;
  jobs: readonly AnyBotJob[];
  /** Everything that doctor looks at; main.ts adds the chat platforms. */
  doctor: () => Promise<DoctorRow[]>;
  /** To whoever started it, while the start cannot go on. */
  announce?: (sentence: string) => void;
  /** Strikes around each change that the lab is asked for: fault runs kill their process there. */
  onLabChange?: LabInput['onChange'];
  /** What one person and one place may say in a minute; default `fairShares`. */
  shares?: ShareLimits;
  /** Makes the adapters once the clock is known; opened after everything that they need stands. */
  adapters: (input: {
    clock: Clock;
    store: Store;
    sweep: Sweep;
    db: Kysely<Database>;
    /** Stands in every message while no real phone is meant. */
    mark: string | undefined;
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
  const { config, ids, log, closing, jobs } = parts;
  const { db, inbox, connection } = await openConfiguredDatabase(parts);
  const { organisation, clock, exchange, isSmall } = await openConfiguredExchange({
    ...parts,
    db,
    onExchangeCall: ({ cmdlet, outcome }) => metrics.exchangeCalled(cmdlet, outcome),
  });
  const opened = { ...parts, db, clock };
  const mark = await simulationMark(config, exchange);
  const simulated = mark !== undefined;
  const metrics = new Metrics(db, clock);
  const pem = config.MISLAID_AUDIT_KEY;
  const seal = await openSeal({
    folder: config.MISLAID_DATA,
    ...(pem === undefined ? {} : { pem }),
    oldKeys: config.MISLAID_AUDIT_OLD_KEYS ?? [],
  });
  const { backend, queues, sweep } = openConfiguredQueue({ ...opened, connection });
  let auditEnd: { grew(): void } | undefined;
  const lanes = new Map(jobs.map((job) => [job.name, job.lane]));
  const onFailed = (error: unknown): void => auditAway.report(error);
  const store = createStore({
    db,
    clock,
    ids,
    laneOf: (job) => lanes.get(job) ?? 'upkeep',
    appendAudit,
    sealAfter: needsCheckpoint,
    audited: () => auditEnd?.grew(),
    wake: ({ work, soon }) => {
      if (work.length > 0) sweep.wake(work);
      sweep.wakeAt(soon);
    },
    onError: (error) => log.error({ err: error }, 'the queue could not be woken; the sweep finds the work'),
    onFailed,
  });
  metrics.watch({ auditAwaySince: () => auditAway.since(), certificates: () => configuredCertificates(config) });
  const auditAway = watchAuditOutage({ store, policy: () => policy.current, clock, log, closing });
  // For trying out, people must be there with the first word; a directory that is known, a large or a real one is read by a job.
  if (simulated && (await storedDirectory(db, organisation)) === undefined && (await isSmall())) {
    await refreshDirectory({ db, exchange: exchange(organisation), clock });
    await storeInventory(db, organisation, await readInventory(exchange(organisation), organisation, clock.now()));
  }
  const announcer = openPolicyAnnouncer({ ...opened, onFailed });
  const policy = await watchPolicy({
    policy: parts.policy,
    read: parts.readPolicy,
    organisation,
    store,
    clock,
    log,
    onChange: (next) => announcer.announce(next),
  });
  auditEnd = watchAuditEnd({ store, seal, policy, clock, log, closing });
  await announcer.announce(policy.current);
  const doubting = { db, store, log, organisation, prefixes: prefixesOf(config) };
  let named = false;
  const nameDoubts = async (): Promise<void> => {
    try {
      if (!named) named = await namePolicyDoubts(doubting, policy.current);
    } catch (error) {
      log.warn({ err: error }, 'it could not be looked at whether policy.yaml fits');
    }
  };
  await nameDoubts();
  const refreshing = setInterval(() => void policy.refresh().then(nameDoubts), announceEveryMs);
  closing.add('the policy that holds', async () => clearInterval(refreshing));

  const adapters =
    config.MISLAID_ROLE === 'worker' ? [] : await parts.adapters({ clock, store, sweep, db, mark, policy });
  const servers = await openConfiguredServers({ ...opened, policy: policy.current });
  await enqueueFirstReads(store, organisation, servers(organisation));
  const chat = createChat({ ...opened, adapters, store, inbox, policy, organisation, mark, metrics, onFailed });
  // Before anybody can speak: what is stored and not handled now is from before.
  await chat.recover();
  await backend.start();
  await startRounds(store, organisation);
  await chat.open();
  // After the platforms, so that what a process before this one left in the queue is not delivered to one that is not open yet;
  // and closed before them, because what was opened last closes first.
  const workers = createWorkers({
    rows: workRows(db),
    jobs,
    lanes: lanesOf(config, adapters.length > 0),
    backend,
    clock,
    wake: (ids) => sweep.wake(ids),
    log,
    metrics: { ran: (run) => metrics.jobRan(run.job, run.outcome, run.seconds) },
    context: ({ attempt, lane, log: jobLog, signal, assertLock }) => ({
      store,
      exchange: lane === 'rounds' ? (of) => inBackground(exchange(of)) : exchange,
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
      forwarding: {
        token: config.MISLAID_SIEM_TOKEN,
        smtpPassword: config.MISLAID_SMTP_PASSWORD,
        productVersion: version(),
      },
      forgotten: forgottenList(config.MISLAID_DATA),
      capabilities: (of) => exchange(of).capabilities(),
      readBack: (place) => chat.readBack(place),
      deliver: (target) => chat.deliverer.deliver(target),
    }),
  });
  closing.add('workers', () => workers.close());
  await sweep.start();
  const adminPort = await openHealth({
    ...opened,
    registry: metrics.registry,
    queues,
    exchange: exchange(organisation),
  });
  log.info({ adminPort, organisation, queue: backend.kind, role: config.MISLAID_ROLE }, 'ready');
  return { sweep, db, clock, adminPort, reloadPolicy: () => policy.reload() };
}

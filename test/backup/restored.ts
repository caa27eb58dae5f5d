/** A bot beside an Exchange of its own, backups of it at any moment, and the bot that runs on one of them later, when Exchange has gone on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jobs } from '../../jobs/index.ts';
import { appendAudit } from '../../src/audit/chain.ts';
import { type AuditSeal, needsCheckpoint, openSeal } from '../../src/audit/checkpoint.ts';
import { makeBackup } from '../../src/backup/make-backup.ts';
import { readManifest } from '../../src/backup/manifest.ts';
import { finishRestore, loadBackup } from '../../src/backup/restore-backup.ts';
import { forgottenList } from '../../src/incidents/retention/forgotten.ts';
import type { Policy } from '../../src/policy.ts';
import { approvals } from '../../src/start/registries.ts';
import { createStore } from '../../src/store/store.ts';
import { examplePolicy, type TestBot, type TestBotOptions, testBot } from '../setup/bot.ts';
import { countingIds, testClock } from '../setup/clock.ts';
import { emptyDatabase, type TestDatabase, testDatabase } from '../setup/database.ts';

export type Disaster = {
  readonly bot: TestBot;
  readonly seal: AuditSeal;
  readonly data: string;
  folderOf(name: string): string;
  /** Of this moment, also in the middle of what the bot does. */
  backup(name: string): Promise<void>;
  /** A bot on the backup, at the hour that it is now. It is closed with the rest. */
  restore(name: string, options?: { policy?: Policy }): Promise<TestBot>;
  close(): Promise<void>;
};

export async function beforeDisaster(options: TestBotOptions = {}): Promise<Disaster> {
  const root = await mkdtemp(join(tmpdir(), 'mislaid-restore-'));
  const data = join(root, 'data');
  const seal = await openSeal({ folder: data });
  const forgotten = forgottenList(data);
  const [database, world] = [await testDatabase(), await testDatabase()];
  const closing: (() => Promise<void>)[] = [];
  const lanes = new Map<string, (typeof jobs)[number]['lane']>(jobs.map((job) => [job.name, job.lane]));
  const bot = await testBot({ ...options, organisation: 'real', database, world, seal, forgotten });
  closing.push(() => bot.close());
  const folderOf = (name: string) => join(root, name);
  let restores = 0;

  async function restore(name: string, { policy = options.policy ?? examplePolicy() } = {}): Promise<TestBot> {
    restores += 1;
    const now = bot.clock.now();
    const fresh: TestDatabase = await emptyDatabase();
    const manifest = await readManifest(folderOf(name));
    await loadBackup({ folder: folderOf(name), manifest, connection: fresh.connection, db: fresh.db });
    const ids = countingIds(restores * 1_000_000);
    const store = createStore({
      db: fresh.db,
      clock: testClock(now),
      ids,
      laneOf: (job) => lanes.get(job) ?? 'upkeep',
      appendAudit,
      sealAfter: needsCheckpoint,
      wake: () => undefined,
    });
    await finishRestore({
      store,
      manifest,
      seal,
      known: true,
      forgotten,
      more: { policy, approvals, organisation: 'real', processUser: 'test' },
    });
    const next = await testBot({
      organisation: 'real',
      database: fresh,
      world,
      seal,
      forgotten,
      policy,
      startAt: now,
      ids,
    });
    closing.push(() => next.close());
    // The platform still shows what was posted, also after the backup.
    next.adapter.posted.push(...bot.adapter.posted);
    await next.runner.settle();
    return next;
  }

  return {
    bot,
    seal,
    data,
    folderOf,
    backup: async (name) => {
      await makeBackup({
        folder: folderOf(name),
        connection: database.connection,
        seal,
        clock: bot.clock,
        organisation: 'real',
        version: '0.1.0',
        dataFolder: data,
        policyFile: join(root, 'policy.yaml'),
      });
    },
    restore,
    close: async () => {
      for (const close of closing.reverse()) await close();
      await world.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

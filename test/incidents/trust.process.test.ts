/** Two bot and two worker processes on one database and one Redis, as production runs them; a worker before them died on the way. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyAudit } from '../../src/audit/verify.ts';
import { examplePolicy } from '../setup/bot.ts';
import { compiled } from '../setup/compiled.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { eventually } from '../setup/eventually.ts';
import { type TestRedis, testRedis } from '../setup/redis.ts';
import { checkTrust } from './trust-check.ts';

const root = join(import.meta.dirname, '../..');

let database: TestDatabase;
let redis: TestRedis;
let program: Awaited<ReturnType<typeof compiled>>;
const folders: string[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  [database, redis, program] = await Promise.all([
    testDatabase(),
    testRedis(),
    compiled('test/incidents/trust-process.ts'),
  ]);
});
afterAll(async () => {
  await Promise.all(children.map(killed));
  await redis.close();
  await database.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  program.remove();
});

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

type Running = { child: ChildProcess; heard(): string; errors(): string };

function start(role: 'bot' | 'worker', seed: string, ...more: 'mortal'[]): Running {
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-trust-'));
  folders.push(folder);
  const child = spawn(process.execPath, [program.script, role, seed, join(root, 'policy.example.yaml'), ...more], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      MISLAID_ROLE: role,
      MISLAID_DATA: folder,
      MISLAID_EXCHANGE: 'lab',
      LAB_SPEED: '60',
      ADMIN_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let heard = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  return { child, heard: () => heard, errors: () => errors };
}

async function ready({ heard, errors }: Running): Promise<void> {
  await eventually(() => expect(heard(), errors()).toContain('ready'), { timeout: 120_000, interval: 200 });
}

it('promises hold over two bots and two workers', { timeout: 600_000 }, async () => {
  const first = start('worker', 'w1', 'mortal');
  const died = once(first.child, 'exit');
  await ready(first);
  const bots = [start('bot', 'b1'), start('bot', 'b2')];
  await died;
  expect(first.child.signalCode, first.errors()).toBe('SIGKILL');

  const issued = async () => (await checkTrust(database.db, examplePolicy())).issued;
  const before = await issued();
  expect(before).toBeGreaterThan(0);
  // Only now: what one requester may have wiped in a day is little, and all of it could be gone before the first one's turn.
  const workers = [start('worker', 'w2'), start('worker', 'w3')];
  // Each of them, because one that has not got so far knows no orderly end.
  await Promise.all([...workers, ...bots].map(ready));
  await eventually(async () => expect(await issued()).toBeGreaterThan(before), { timeout: 180_000, interval: 500 });
  for (const { child } of bots) child.kill('SIGTERM');
  for (const bot of bots) {
    await eventually(() => expect(bot.heard(), bot.errors()).toContain('said'), { interval: 300 });
  }
  for (const { child, errors } of workers) expect(child.exitCode, errors()).toBeNull();

  const report = await checkTrust(database.db, examplePolicy());
  expect(report.broken).toEqual([]);
  expect(report.issued).toBeGreaterThan(0);
  expect((await verifyAudit(database.db)).problems).toEqual([]);
  const twice = await database.db
    .selectFrom('labLedger')
    .select(['target', (eb) => eb.fn.countAll<string>().as('count')])
    .where('cmdlet', '=', 'clear-mobile-device')
    .groupBy('target')
    .execute();
  const wipes = await database.db.selectFrom('wipe').select('deviceGuid').where('issuingAt', 'is not', null).execute();
  for (const { target, count } of twice) {
    expect(Number(count)).toBeLessThanOrEqual(wipes.filter((wipe) => wipe.deviceGuid === target).length);
  }
});

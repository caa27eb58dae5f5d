/** Two bot and two worker processes on one database and one Redis, as production runs them; one worker is killed in between. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyAudit } from '../../src/incidents/audit/verify.ts';
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
}, 180_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await redis.close();
  await database.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  program.remove();
});

type Running = { child: ChildProcess; heard(): string; errors(): string };

function start(role: 'bot' | 'worker', seed: string): Running {
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-trust-'));
  folders.push(folder);
  const child = spawn(process.execPath, [program.script, role, seed, join(root, 'policy.example.yaml')], {
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

it('promises hold over two bots and two workers', { timeout: 360_000 }, async () => {
  const first = start('worker', 'w1');
  await eventually(() => expect(first.heard(), first.errors()).toContain('ready'), { timeout: 90_000, interval: 200 });
  const second = start('worker', 'w2');
  const bots = [start('bot', 'b1'), start('bot', 'b2')];
  const issued = async () => (await checkTrust(database.db, examplePolicy())).issued;
  await eventually(async () => expect(await issued()).toBeGreaterThan(0), { timeout: 120_000, interval: 500 });
  first.child.kill('SIGKILL');
  const before = await issued();
  await eventually(async () => expect(await issued()).toBeGreaterThan(before), { timeout: 120_000, interval: 500 });
  for (const { child } of bots) child.kill('SIGTERM');
  for (const bot of bots) {
    await eventually(() => expect(bot.heard(), bot.errors()).toContain('said'), { interval: 300 });
  }
  expect(second.child.exitCode).toBeNull();

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

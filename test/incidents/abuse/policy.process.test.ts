/** Two whole processes on one database: one edit of policy.yaml between two starts, and the last way out on the host. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { personByAddress } from '../../../src/directory/find.ts';
import { renderPlainText } from '../../../src/message/plain.ts';
import { examplePolicy } from '../../setup/bot.ts';
import { type BotFolder, type BotProcess, botFolder, startBotProcess } from '../../setup/bot-process.ts';
import { compiled } from '../../setup/compiled.ts';
import { type TestDatabase, testDatabase } from '../../setup/database.ts';
import { eventually } from '../../setup/eventually.ts';
import { type TestRedis, testRedis } from '../../setup/redis.ts';

const example = readFileSync(join(import.meta.dirname, '../../../policy.example.yaml'), 'utf8');
/** Nobody hears, nobody is a VIP, the brake is far away, and there is one whom nobody knows. */
const quiet = stringify({
  ...examplePolicy(),
  channels: { ...examplePolicy().channels, security: [] },
  vip: ['victorya@contoso.example'],
  brake: { perRequesterAndDay: 10, perTenMinutes: 20, perDay: 100 },
});

let database: TestDatabase;
let redis: TestRedis;
let program: Awaited<ReturnType<typeof compiled>>;
let script: Awaited<ReturnType<typeof compiled>>;
const folders: BotFolder[] = [];
const bots: BotProcess[] = [];

beforeAll(async () => {
  [database, redis, program, script] = await Promise.all([
    testDatabase(),
    testRedis(),
    compiled('src/main.ts'),
    compiled('scripts/restore-role.ts'),
  ]);
});
afterAll(async () => {
  for (const bot of bots) await bot.stop();
  await redis.close();
  await database.close();
  for (const folder of folders) folder.remove();
  program.remove();
  script.remove();
});

async function start(policy: string): Promise<BotProcess> {
  const folder = botFolder(policy);
  folders.push(folder);
  const env = { REDIS_URL: redis.url, MISLAID_ROLE: 'worker' };
  const bot = await startBotProcess({ script: program.script, folder, databaseUrl: database.url, env });
  bots.push(bot);
  return bot;
}

/** Which policies the living processes run. */
async function policies(): Promise<Set<unknown>> {
  const rows = await database.db.selectFrom('setting').select('value').where('key', 'like', 'process:%').execute();
  return new Set(rows.map(({ value }) => value.policy));
}

/** What is on its way to a place or a person, as far as it holds this. */
async function told(target: string, part: string): Promise<string[]> {
  const rows = await database.db
    .selectFrom('delivery')
    .select('draft')
    .where(({ or, eb }) => or([eb('place', '=', target), eb('identity', '=', target)]))
    .orderBy('id')
    .execute();
  const times = { timeZone: 'UTC', now: new Date() };
  return rows
    .flatMap(({ draft }) => (draft === null ? [] : [renderPlainText(draft, times)]))
    .filter((text) => text.includes(part));
}

it('an edit that empties security and the VIPs is told, waits, and all processes agree on what holds', {
  timeout: 300_000,
}, async () => {
  await start(example);
  const [before] = await policies();
  const second = await start(quiet);
  for (const target of ['console:#security', 'console:sasha', 'console:ada', 'console:ines']) {
    const [changed, ...others] = await told(target, 'policy changed');
    expect(others).toEqual([]);
    for (const part of ['channels.security: 1 fewer', 'brake.perDay 20 → 100', 'accept policy'])
      expect(changed).toContain(part);
    expect(await told(target, 'victorya@contoso.example')).toHaveLength(1);
  }
  // The first learns within seconds that one more VIP counts; what is looser counts with neither.
  await eventually(async () => expect(await policies()).toHaveLength(1), { timeout: 60_000 });
  await second.stop();
  bots.pop();
  await start(quiet);
  await eventually(async () => expect(await policies()).toHaveLength(1), { timeout: 60_000 });
  expect(await told('console:#security', 'policy changed')).toHaveLength(1);
  expect(await policies()).not.toContain(before);
});

it('npm run restore-role gives back what a report took, audited and told everywhere', {
  timeout: 120_000,
}, async () => {
  const { db } = database;
  const otto = await personByAddress(db, 'lab', 'otto@contoso.example');
  if (otto === undefined) throw new Error('no otto');
  const at = new Date();
  const incident = await db
    .insertInto('incident')
    .values({
      organisation: 'lab',
      drill: false,
      kind: 'lost',
      personGuid: otto.guid,
      byOwner: true,
      openedAt: at,
      state: 'closed',
      hold: 'closed',
    })
    .returning('number')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('suspension')
    .values({ personGuid: otto.guid, incidentNumber: incident.number, reportedAt: at, held: true, state: 'active' })
    .execute();
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: database.url,
    MISLAID_EXCHANGE: 'lab',
    MISLAID_POLICY: join(folders[0]?.path ?? '', 'policy.yaml'),
  };
  const run = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, [script.script, ...args], { env })).stdout;

  await expect(run('otto')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('--because') });
  await expect(run('nobody at all', '--because', 'so it is')).rejects.toMatchObject({ code: 1 });
  expect(await run('otto', '--because', 'nobody else is left')).toContain('Otto Lindqvist holds all roles again');
  expect(await run('otto', '--because', 'nobody else is left')).toContain('Nothing suspends Otto Lindqvist');
  const entries = await db
    .selectFrom('audit')
    .select('actorIdentity')
    .where('action', '=', 'roles.restored-on-host')
    .execute();
  expect(entries).toEqual([{ actorIdentity: expect.stringMatching(/^process:.+/) }]);
  for (const target of [
    'console:#security',
    'console:#helpdesk',
    'console:#approvals',
    'console:sasha',
    'console:ines',
  ])
    expect(await told(target, 'Otto Lindqvist has their roles back')).toHaveLength(1);
});

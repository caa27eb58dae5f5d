import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { appendAudit } from '../../src/audit/chain.ts';
import { compiled } from '../setup/compiled.ts';
import { emptyDatabase, type TestDatabase, testDatabase } from '../setup/database.ts';

let root: string;
let database: TestDatabase;
let fresh: TestDatabase;
let programs: Awaited<ReturnType<typeof compiled>>[];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mislaid-scripts-'));
  [database, fresh] = [await testDatabase(), await emptyDatabase()];
  programs = [await compiled('scripts/backup.ts'), await compiled('scripts/restore.ts')];
  await database.db
    .transaction()
    .execute((tx) =>
      appendAudit(tx, new Date('2026-03-02T09:00:00Z'), [{ action: 'wipes.locked', subject: 'wipes', data: {} }]),
    );
  await copyFile(join(import.meta.dirname, '../../policy.example.yaml'), join(root, 'policy.yaml'));
  await writeFile(join(root, 'phrase'), 'correct horse battery\n');
});
afterAll(async () => {
  for (const program of programs) program.remove();
  await database.close();
  await fresh.close();
  await rm(root, { recursive: true, force: true });
});

async function run(which: 0 | 1, url: string, data: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [programs[which]?.script ?? '', ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: url,
      MISLAID_DATA: join(root, data),
      MISLAID_BACKUP_PASSPHRASE_FILE: join(root, 'phrase'),
    },
  });
  return stdout;
}

it('is made on one host and restored on another, with the key and a signed gap', async () => {
  const [folder, key] = [join(root, 'taken'), join(root, 'key.json')];
  expect(await run(0, database.url, 'one', folder, '--with-keys', key)).toContain('the audit up to entry 1');
  expect((await stat(key)).mode & 0o777).toBe(0o600);
  const said = await run(1, fresh.url, 'two', folder, '--keys', key);
  expect(said).toContain('Wipes are locked until two admins unlock them');
  expect(said).toContain('does not know the key that signed it');
  const pem = (data: string) => readFile(join(root, data, 'audit-key.pem'), 'utf8');
  expect(await pem('two')).toBe(await pem('one'));
  expect((await stat(join(root, 'two', 'audit-key.pem'))).mode & 0o777).toBe(0o600);
  const actions = await fresh.db.selectFrom('audit').select(['seq', 'action']).orderBy('seq').execute();
  expect(actions.map(({ action }) => action)).toEqual([
    'wipes.locked',
    'audit.restored',
    'wipes.locked',
    'backup.restored',
  ]);
  expect(actions[1]?.seq).toBeGreaterThan(1_000_000);
});

it('says in one sentence what is wrong', async () => {
  const again = run(1, fresh.url, 'two', join(root, 'taken'));
  await expect(again).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('holds rows already') });
  const inside = run(0, database.url, 'one', join(root, 'more'), '--with-keys', join(root, 'more', 'key.json'));
  await expect(inside).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('outside its folder') });
});

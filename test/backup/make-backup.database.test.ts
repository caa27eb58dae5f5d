import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appendAudit } from '../../src/audit/chain.ts';
import { type AuditSeal, openSeal } from '../../src/audit/checkpoint.ts';
import { openedKey, sealedKey } from '../../src/backup/key-file.ts';
import { makeBackup } from '../../src/backup/make-backup.ts';
import { readManifest, type SignedManifest } from '../../src/backup/manifest.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';

let root: string;
let data: string;
let seal: AuditSeal;
let database: TestDatabase;
let taken: SignedManifest;

const odd = 'tab\there, line\nthere, back\\slash, \\N, “quotes”, 日本';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mislaid-backup-'));
  data = join(root, 'data');
  await mkdir(data);
  seal = await openSeal({ folder: data });
  database = await testDatabase();
  await database.db
    .insertInto('setting')
    .values({ key: odd, value: JSON.stringify({ odd }) })
    .execute();
  await database.db
    .transaction()
    .execute((tx) =>
      appendAudit(tx, new Date('2026-03-02T09:00:00Z'), [{ action: 'wipes.locked', subject: 'wipes', data: { odd } }]),
    );
  await seal.checkpoint(database.db, new Date('2026-03-02T09:00:01Z'));
  await writeFile(join(root, 'policy.yaml'), 'people: []\n');
  taken = await backup('taken');
});
afterAll(async () => {
  await database.close();
  await rm(root, { recursive: true, force: true });
});

function backup(name: string): Promise<SignedManifest> {
  return makeBackup({
    folder: join(root, name),
    connection: database.connection,
    seal,
    clock: systemClock,
    organisation: 'real',
    version: '0.1.0',
    dataFolder: data,
    policyFile: join(root, 'policy.yaml'),
  });
}

describe('a backup', () => {
  it('holds every table, the policy, public keys and checkpoints, and no private key', async () => {
    const files = await readdir(join(root, 'taken'));
    expect(files).toEqual(
      expect.arrayContaining([
        'manifest.json',
        'policy.yaml',
        'audit-checkpoints.jsonl',
        `audit-public-${seal.keyId}.pem`,
        'table-wipe.copy',
        'table-audit.copy',
      ]),
    );
    const texts = await Promise.all(files.map((file) => readFile(join(root, 'taken', file), 'utf8')));
    expect(texts.filter((text) => text.includes('PRIVATE KEY'))).toEqual([]);
    expect(await readManifest(join(root, 'taken'))).toEqual(taken);
    expect(taken.chain.size).toBe(1);
    expect(taken.tables.find(({ name }) => name === 'setting')?.rows).toBe(1);
  });

  it('is for its owner alone', async () => {
    const folder = join(root, 'taken');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const modes = await Promise.all((await readdir(folder)).map(async (file) => (await stat(join(folder, file))).mode));
    expect(new Set(modes.map((mode) => mode & 0o777))).toEqual(new Set([0o600]));
  });

  it('goes into a folder of its own, which nobody else may read', async () => {
    await expect(backup('taken')).rejects.toMatchObject({ code: 'backup-folder-used' });
    await mkdir(join(root, 'open'), { mode: 0o755 });
    await chmod(join(root, 'open'), 0o755);
    await expect(backup('open')).rejects.toMatchObject({ code: 'backup-folder-used' });
    expect(await readdir(join(root, 'open'))).toEqual([]);
  });

  it('that fails leaves nothing behind', async () => {
    const nowhere = { ...database.connection, database: 'nowhere' };
    const failing = makeBackup({
      folder: join(root, 'failed'),
      connection: nowhere,
      seal,
      clock: systemClock,
      organisation: 'real',
      version: '0.1.0',
      dataFolder: data,
      policyFile: join(root, 'policy.yaml'),
    });
    await expect(failing).rejects.toThrow();
    expect(await readdir(join(root, 'failed'))).toEqual([]);
  });
});

describe('the manifest of a backup', () => {
  let folder: string;
  let copies = 0;
  beforeEach(async () => {
    copies += 1;
    folder = join(root, `copy-${copies}`);
    await cp(join(root, 'taken'), folder, { recursive: true });
  });

  it('shows a file that was changed, is missing or was added', async () => {
    const text = await readFile(join(folder, 'table-audit.copy'), 'utf8');
    await writeFile(join(folder, 'table-audit.copy'), text.replace('wipes.locked', 'wipes.jammed'));
    await rm(join(folder, 'table-wipe.copy'));
    await writeFile(join(folder, 'table-extra.copy'), '');
    await expect(readManifest(folder)).rejects.toMatchObject({
      code: 'backup-damaged',
      message: expect.stringMatching(/table-audit\.copy.*table-extra\.copy|table-wipe\.copy/),
    });
  });

  it('shows that it was changed itself', async () => {
    const text = await readFile(join(folder, 'manifest.json'), 'utf8');
    await writeFile(join(folder, 'manifest.json'), text.replace('"version": "0.1.0"', '"version": "0.1.1"'));
    await expect(readManifest(folder)).rejects.toMatchObject({ code: 'backup-damaged' });
  });

  it('names no file elsewhere', async () => {
    const text = await readFile(join(folder, 'manifest.json'), 'utf8');
    await writeFile(join(folder, 'manifest.json'), text.replace('"policy.yaml"', '"../policy.yaml"'));
    await expect(readManifest(folder)).rejects.toMatchObject({ code: 'backup-unreadable' });
  });

  it('is what makes a folder a backup', async () => {
    await rm(join(folder, 'manifest.json'));
    await expect(readManifest(folder)).rejects.toMatchObject({ code: 'backup-unreadable' });
  });
});

describe('the private key', () => {
  const passphrase = 'correct horse battery';

  it('comes back with its passphrase alone, and shows a change', async () => {
    const pem = await readFile(join(data, 'audit-key.pem'), 'utf8');
    const path = join(root, 'key.json');
    const sealed = await sealedKey(pem, passphrase);
    expect(sealed).not.toContain('PRIVATE');
    await writeFile(path, sealed);
    expect(await openedKey(path, passphrase)).toBe(pem);
    await expect(openedKey(path, 'another passphrase')).rejects.toMatchObject({ code: 'key-file-not-opened' });
    await writeFile(path, sealed.replace('"p":1', '"p":2'));
    await expect(openedKey(path, passphrase)).rejects.toMatchObject({ code: 'key-file-not-opened' });
  });

  it('is not written without a passphrase', async () => {
    await expect(sealedKey('', undefined)).rejects.toMatchObject({ code: 'passphrase-missing' });
    await expect(sealedKey('', 'short')).rejects.toMatchObject({ code: 'passphrase-missing' });
  });
});

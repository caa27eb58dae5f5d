import { generateKeyPairSync } from 'node:crypto';
import { appendFile, chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appendAudit } from '../../src/audit/chain.ts';
import { openSeal, readCheckpoints } from '../../src/audit/checkpoint.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { entry, noon } from './entries.ts';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await testDatabase();
  await database.db.transaction().execute((tx) => appendAudit(tx, noon, [entry(1), entry(2)]));
});
afterAll(async () => database.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mislaid-seal-'));
});
afterEach(async () => rm(folder, { recursive: true }));

function pem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

describe('the key', () => {
  it('is made once, for its owner alone, whoever starts first', async () => {
    const seals = await Promise.all(Array.from({ length: 5 }, () => openSeal({ folder })));

    expect(new Set(seals.map((seal) => seal.keyId)).size).toBe(1);
    expect((await stat(join(folder, 'audit-key.pem'))).mode & 0o777).toBe(0o600);
  });

  it('may come from configuration, and then none is made', async () => {
    await openSeal({ folder, pem: pem() });

    await expect(stat(join(folder, 'audit-key.pem'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is refused when others may read it', async () => {
    await openSeal({ folder });
    await chmod(join(folder, 'audit-key.pem'), 0o644);

    await expect(openSeal({ folder })).rejects.toMatchObject({ code: 'audit-key-readable' });
  });

  it('is refused without being repeated when it is not one', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });

    await expect(openSeal({ folder, pem: 'my secret' })).rejects.toMatchObject({ code: 'audit-key-invalid' });
    await expect(openSeal({ folder, pem: rsa.toString() })).rejects.toMatchObject({ code: 'audit-key-invalid' });
    await expect(openSeal({ folder, pem: 'my secret' })).rejects.not.toThrow('my secret');
  });
});

describe('a checkpoint', () => {
  it('stands in the file, and as text that can be checked with the public key alone', async () => {
    const seal = await openSeal({ folder });

    const { checkpoint, text } = await seal.checkpoint(database.db, noon);

    expect(checkpoint).toMatchObject({ size: 2, at: noon.toISOString(), key: seal.keyId });
    expect(await seal.read()).toEqual({ checkpoints: [checkpoint], forged: [] });
    expect(readCheckpoints(text, [seal.publicKey])).toEqual({ checkpoints: [checkpoint], forged: [] });
  });

  it('goes on being ours after the key was exchanged, where the old one is named', async () => {
    const old = await openSeal({ folder });
    await old.checkpoint(database.db, noon);
    const next = await openSeal({ folder, pem: pem(), oldKeys: [old.keyId] });
    await next.checkpoint(database.db, noon);

    const reading = await next.read();

    expect(reading.checkpoints.map((checkpoint) => checkpoint.key)).toEqual([old.keyId, next.keyId]);
    expect(reading.forged).toEqual([]);
  });

  it('does not count because its public key lies in the folder: only the own key and named old ones do', async () => {
    const seal = await openSeal({ folder });
    await (await openSeal({ folder, pem: pem() })).checkpoint(database.db, noon);

    const reading = await seal.read();
    expect(reading.checkpoints).toEqual([]);
    expect(reading.forged).toMatchObject([{ line: 1, why: 'unknown-key' }]);
    expect(await verifyAudit(database.db, { checkpoints: reading, now: noon })).toMatchObject({
      ok: false,
      vouchedUpTo: 0,
      problems: [{ kind: 'checkpoint-forged' }, { kind: 'checkpoints-missing' }],
    });
  });

  it('does not count when a file of an old key holds another key than its name says', async () => {
    const old = await openSeal({ folder });
    const stranger = await mkdtemp(join(tmpdir(), 'mislaid-stranger-'));
    const other = await openSeal({ folder: stranger });
    const forged = await other.checkpoint(database.db, noon);
    await rm(stranger, { recursive: true });
    await writeFile(join(folder, `audit-public-${old.keyId}.pem`), other.publicKey);
    const seal = await openSeal({ folder, pem: pem(), oldKeys: [old.keyId, other.keyId] });
    await appendFile(seal.file, `${forged.text}\n`);

    expect((await seal.read()).checkpoints).toEqual([]);
  });

  it('is named with its line when somebody else wrote or changed it', async () => {
    const seal = await openSeal({ folder });
    const { text } = await seal.checkpoint(database.db, noon);
    const stranger = await mkdtemp(join(tmpdir(), 'mislaid-stranger-'));
    const other = await (await openSeal({ folder: stranger })).checkpoint(database.db, noon);
    await rm(stranger, { recursive: true });
    await appendFile(seal.file, `${text.replace('"size":2', '"size":1')}\n${other.text}\nnot a checkpoint\n`);

    const verdict = await verifyAudit(database.db, { checkpoints: await seal.read() });

    expect(verdict.problems.map(({ seq, kind }) => ({ seq, kind }))).toEqual(
      [2, 3, 4].map((seq) => ({ seq, kind: 'checkpoint-forged' })),
    );
    expect(verdict.vouchedUpTo).toBe(2);
  });

  it('fails aloud when its file cannot be written', async () => {
    const seal = await openSeal({ folder });
    await mkdir(seal.file);

    await expect(seal.checkpoint(database.db, noon)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('a copy that somebody kept', () => {
  it('is read as chats give it back: other quotation marks, broken lines, words around it', async () => {
    const seal = await openSeal({ folder });
    const { checkpoint, text } = await seal.checkpoint(database.db, noon);
    const pasted = `this one: \`${text.replaceAll('"', '”').replaceAll(',', ',\n ')}\` please`;

    expect(await seal.readCopy(pasted)).toEqual({ checkpoints: [checkpoint], forged: [] });
  });

  it.each([
    ['a changed one', (text: string) => text.replace('"size":2', '"size":1'), 'bad-signature'],
    ['half of one', (text: string) => text.slice(0, 60), 'unreadable'],
    ['something else', () => 'yesterday', 'unreadable'],
  ])('is refused: %s', async (_what, change, why) => {
    const seal = await openSeal({ folder });
    const { text } = await seal.checkpoint(database.db, noon);

    expect(await seal.readCopy(change(text))).toMatchObject({ checkpoints: [], forged: [{ why }] });
  });
});

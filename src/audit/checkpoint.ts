/**
 * Checkpoints: size and last hash of the chain, signed with Ed25519. The key stays outside the database, so whoever can
 * rewrite the database cannot make checkpoints fit; they go to a file and, as text, to the audit channel. Beside the file lies
 * the remembered end: the last checkpoint of all, written anew after every commit, so that nothing can be cut off in between.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { MislaidError } from '../ground/errors.ts';
import { failureCode } from '../ground/failure.ts';
import type { Database } from '../store/schema.ts';
import { loadChainEnd } from './chain.ts';
import { isLost, signedGaps } from './gap.ts';
import { keyIdOf, type Signature, signatureFits, signatureOf } from './signature.ts';

export const Checkpoint = z.object({
  /** Entries of the chain, and the hash of the last one. */
  size: z.number().int().nonnegative(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.iso.datetime(),
  /** The first 16 hex digits of the public key's SHA-256. */
  key: z.string().regex(/^[0-9a-f]{16}$/),
  /** Ed25519 over the canonical JSON of the other members, base64. */
  signature: z.string(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

export type CheckpointReading = {
  /** Those that are ours, in the order in which they were written. */
  checkpoints: readonly Checkpoint[];
  forged: readonly { line: number; why: Forgery; key?: string }[];
  /** The remembered end, where there is one. */
  remembered?: Checkpoint;
  /** The checkpoint up to which the chain was last read and found whole, where there is one. */
  verified?: Checkpoint;
};

/** Wipes on their way, decisions, erasures, and what changes who may decide: a checkpoint follows each of these at once. */
export function needsCheckpoint({ action }: { action: string }): boolean {
  return /^(approval\.(?!shown|requested)|wipe\.(approved|issuing|requested)|wipes\.|policy\.|roles?[.-]|content\.|audit\.restored)/.test(
    action,
  );
}

/** Makes and reads checkpoints; jobs get it as `seal`. */
export type AuditSeal = Awaited<ReturnType<typeof openSeal>>;

const keyFile = 'audit-key.pem';
const checkpointFile = 'audit-checkpoints.jsonl';
const endFile = 'audit-end.json';
const verifiedFile = 'audit-verified.json';

/**
 * Opens the seal of a data folder. The key is `pem` (configuration), else the folder's, made at first start and readable by
 * its owner alone. Checkpoints count when they are signed with it, or with one of `oldKeys` (key ids), whatever other public keys
 * somebody puts into the folder. Throws `audit-key-invalid`, and `audit-key-readable` when others may read the folder's key.
 */
export async function openSeal(input: { folder: string; pem?: string; oldKeys?: readonly string[] }) {
  const { folder, pem, oldKeys = [] } = input;
  await mkdir(folder, { recursive: true });
  const privateKey = parseKey(
    pem ?? (await folderKey(folder)),
    pem === undefined ? join(folder, keyFile) : 'configuration',
  );
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  const keyId = keyIdOf(publicKey);
  const file = join(folder, checkpointFile);
  const end = join(folder, endFile);
  // Kept, so that checkpoints of a key that was exchanged later can still be verified. Renamed, because another process may be
  // reading it: half a key is none.
  await replaceFile(join(folder, `audit-public-${keyId}.pem`), publicKey);

  const signed = async (db: Kysely<Database>, now: Date): Promise<Checkpoint> => {
    const { seq, hash } = await loadChainEnd(db);
    const body = { size: seq, hash, at: now.toISOString() };
    return { ...body, ...signatureOf(body, keyId, privateKey) };
  };
  const keys = async () => [publicKey, ...(await publicKeys(folder, oldKeys))];
  const only = async (path: string) => readCheckpoints(await readText(path), await keys()).checkpoints[0];
  const remembered = () => only(end);

  return {
    /** PEM of the public key, for whoever verifies elsewhere. */
    publicKey,
    keyId,
    file,
    /** For what else must be known to come from here. */
    sign: (body: object): Signature => signatureOf(body, keyId, privateKey),
    /** Ours, PEM: what one of them signed comes from here. */
    publicKeys: keys,
    /** Signs the chain as it is now and appends it to the file, on disk when this resolves. `text` is for the audit channel. */
    checkpoint: async (db: Kysely<Database>, now: Date): Promise<{ checkpoint: Checkpoint; text: string }> => {
      const checkpoint = await signed(db, now);
      const text = JSON.stringify(checkpoint);
      await appendLine(file, text);
      return { checkpoint, text };
    },
    /**
     * Remembers where the chain ends now. Answers the end that was remembered before where the chain no longer has it: then
     * entries were cut off or written anew, and that end is kept as a line of the file.
     */
    remember: async (db: Kysely<Database>, now: Date): Promise<Checkpoint | undefined> => {
      const before = await remembered();
      const missing = before !== undefined && !(await hasEntry(db, before));
      // What a restored backup lost, every folder but that of the restore has yet to learn.
      const lost = missing && isLost(await signedGaps(db, await keys()), before.size);
      const broken = missing && !lost ? before : undefined;
      if (broken !== undefined) await appendLine(file, JSON.stringify(broken));
      const next = await signed(db, now);
      // Another process on this folder may have seen more by now.
      if (missing || before === undefined || next.size > before.size) await replaceFile(end, JSON.stringify(next));
      return broken;
    },
    /** What the file holds, each line checked; and the remembered end. */
    read: async (): Promise<CheckpointReading> => {
      const reading = readCheckpoints(await readText(file), await keys());
      const [last, verified] = [await remembered(), await only(join(folder, verifiedFile))];
      return {
        ...reading,
        ...(last === undefined ? {} : { remembered: last }),
        ...(verified === undefined ? {} : { verified }),
      };
    },
    /** Remembers that the chain was read up to this checkpoint and found whole. */
    verified: async (upTo: Checkpoint): Promise<void> => {
      await replaceFile(join(folder, verifiedFile), JSON.stringify(upTo));
    },
    /** Checks what somebody kept a copy of, as it was posted in the audit channel. */
    readCopy: async (text: string): Promise<CheckpointReading> => readCheckpoints(copiedLines(text), await keys()),
  };
}

/** Each thing in braces, a line: chats set other quotation marks, and break lines. */
function copiedLines(text: string): string {
  const braces = text.replaceAll(/[“”„‟]/g, '"').match(/\{[^{}]*\}/g);
  return (braces ?? [text]).map((each) => each.replaceAll(/\s+/g, '')).join('\n');
}

async function hasEntry(db: Kysely<Database>, { size, hash }: Checkpoint): Promise<boolean> {
  if (size === 0) return true;
  const entry = await db.selectFrom('audit').select('hash').where('seq', '=', size).executeTakeFirst();
  return entry?.hash === hash;
}

/** Written beside and renamed: another process may be reading it, and half a file is none. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Checks every line of a checkpoint file, or of lines copied from the audit channel, against the public keys that are ours. */
export function readCheckpoints(text: string, publicKeysPem: readonly string[]): CheckpointReading {
  const keys = new Map(publicKeysPem.map((pem) => [keyIdOf(pem), pem]));
  const checkpoints: Checkpoint[] = [];
  const forged: CheckpointReading['forged'][number][] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const checked = check(line, keys);
    if ('why' in checked) forged.push({ line: index + 1, ...checked });
    else checkpoints.push(checked);
  }
  return { checkpoints, forged };
}

type Forgery = 'unreadable' | 'unknown-key' | 'bad-signature';

function check(line: string, keys: ReadonlyMap<string, string>): Checkpoint | { why: Forgery; key?: string } {
  const parsed = Checkpoint.safeParse(parseJson(line));
  if (!parsed.success) return { why: 'unreadable' };
  const { signature, key, ...body } = parsed.data;
  const pem = keys.get(key);
  if (pem === undefined) return { why: 'unknown-key', key };
  return signatureFits(body, { key, signature }, [pem]) ? parsed.data : { why: 'bad-signature' };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Several processes may start at once on one folder: whoever links first makes the key, the others read it. */
async function folderKey(folder: string): Promise<string> {
  const path = join(folder, keyFile);
  const existing = await readKeyFile(path);
  if (existing !== undefined) return existing;
  const { privateKey } = generateKeyPairSync('ed25519');
  const draft = join(folder, `.${keyFile}.${randomUUID()}`);
  await writeFile(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  try {
    await chmod(draft, 0o600);
    await link(draft, path);
  } catch (error) {
    if (failureCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const made = await readKeyFile(path);
  if (made !== undefined) return made;
  throw new MislaidError({
    code: 'audit-key-invalid',
    message: `${path} was made and is gone again. Start again.`,
    userMessage: 'The key of the audit is gone again. Tell an admin to start the bot again.',
  });
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    // Windows has no such bits; there the folder's rights protect the key.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new MislaidError({
        code: 'audit-key-readable',
        message: `${path} can be read by others than its owner. Say "chmod 600" on it, or replace the key if it was seen.`,
        userMessage: 'Others than the bot can read the key of the audit. Tell an admin to protect or replace it.',
      });
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (failureCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The cause is left out: it could quote the key. */
function parseKey(pem: string, from: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below: what is wrong with a secret is not repeated.
  }
  throw new MislaidError({
    code: 'audit-key-invalid',
    message: `The audit key (${from}) is not an Ed25519 private key in PEM. Make one with "openssl genpkey -algorithm ed25519".`,
    userMessage: 'The key of the audit is no Ed25519 private key. Tell an admin to set another.',
  });
}

/** The public keys of these ids, as far as the folder has them; a file that holds another key than its name says counts as none. */
async function publicKeys(folder: string, ids: readonly string[]): Promise<string[]> {
  const found = await Promise.all(ids.map((id) => readText(join(folder, `audit-public-${id}.pem`))));
  return found.filter((pem, index) => pem !== '' && keyIdOf(pem) === ids[index]);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (failureCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** One write and an fsync. What a full disk left of a line is taken back, so that no half line looks like tampering later. */
async function appendLine(file: string, line: string): Promise<void> {
  const handle = await open(file, 'a', 0o644);
  try {
    const before = (await handle.stat()).size;
    try {
      await handle.appendFile(`${line}\n`);
      await handle.sync();
    } catch (error) {
      const written = (await handle.stat()).size - before;
      if (written > 0 && written <= line.length) await handle.truncate(before);
      throw error;
    }
  } finally {
    await handle.close();
  }
}

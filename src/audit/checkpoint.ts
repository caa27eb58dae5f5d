/**
 * Checkpoints: size and last hash of the chain, signed with Ed25519. The key stays outside the database, so whoever can
 * rewrite the database cannot make checkpoints fit; they go to a file and, as text, to the audit channel.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { chmod, link, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { canonicalJson } from '../ground/canonical.ts';
import { MislaidError } from '../ground/errors.ts';
import type { Database } from '../store/schema.ts';
import { loadChainEnd } from './chain.ts';

export const Checkpoint = z.object({
  /** Entries of the chain, and the hash of the last one. */
  size: z.number().int().nonnegative(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.iso.datetime(),
  /** The first 16 hex digits of the public key's SHA-256. */
  key: z.string(),
  /** Ed25519 over the canonical JSON of the other members, base64. */
  signature: z.string(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

export type CheckpointReading = {
  /** Those that are ours, in the order in which they were written. */
  checkpoints: readonly Checkpoint[];
  forged: readonly { line: number; why: 'unreadable' | 'unknown-key' | 'bad-signature' }[];
};

/** Makes and reads checkpoints; jobs get it as `seal`. */
export type AuditSeal = {
  /** PEM of the public key, for whoever verifies elsewhere. */
  readonly publicKey: string;
  readonly keyId: string;
  readonly file: string;
  /** Signs the chain as it is now and appends it to the file, on disk when this resolves. `text` is for the audit channel. */
  checkpoint(db: Kysely<Database>, now: Date): Promise<{ checkpoint: Checkpoint; text: string }>;
  /** What the file holds, each line checked. */
  read(): Promise<CheckpointReading>;
};

const keyFile = 'audit-key.pem';
const checkpointFile = 'audit-checkpoints.jsonl';

/**
 * Opens the seal of a data folder. The key is `pem` (configuration), else the folder's, made at first start and readable by
 * its owner alone. Throws `audit-key-invalid`, and `audit-key-readable` when others may read the folder's key.
 */
export async function openSeal(input: { folder: string; pem?: string }): Promise<AuditSeal> {
  const { folder, pem } = input;
  await mkdir(folder, { recursive: true });
  const privateKey = parseKey(
    pem ?? (await folderKey(folder)),
    pem === undefined ? join(folder, keyFile) : 'configuration',
  );
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  const keyId = idOf(publicKey);
  const file = join(folder, checkpointFile);
  // Kept, so that checkpoints of a key that was exchanged later can still be verified. Renamed, because another process may be
  // reading it: half a key is none.
  const draft = join(folder, `.audit-public.${randomUUID()}`);
  await writeFile(draft, publicKey);
  await rename(draft, join(folder, `audit-public-${keyId}.pem`));
  return {
    publicKey,
    keyId,
    file,
    checkpoint: async (db, now) => {
      const { seq, hash } = await loadChainEnd(db);
      const body = { size: seq, hash, at: now.toISOString(), key: keyId };
      const signature = sign(null, Buffer.from(canonicalJson(body)), privateKey).toString('base64');
      const checkpoint = { ...body, signature };
      await appendLine(file, JSON.stringify(checkpoint));
      return { checkpoint, text: JSON.stringify(checkpoint) };
    },
    read: async () => readCheckpoints(await readText(file), await publicKeys(folder)),
  };
}

/** Checks every line of a checkpoint file, or of lines copied from the audit channel, against the public keys that are ours. */
export function readCheckpoints(text: string, publicKeysPem: readonly string[]): CheckpointReading {
  const keys = new Map(publicKeysPem.map((pem) => [idOf(pem), createPublicKey(pem)]));
  const checkpoints: Checkpoint[] = [];
  const forged: CheckpointReading['forged'][number][] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const checked = check(line, keys);
    if (typeof checked === 'string') forged.push({ line: index + 1, why: checked });
    else checkpoints.push(checked);
  }
  return { checkpoints, forged };
}

function check(
  line: string,
  keys: ReadonlyMap<string, KeyObject>,
): Checkpoint | 'unreadable' | 'unknown-key' | 'bad-signature' {
  const parsed = Checkpoint.safeParse(parseJson(line));
  if (!parsed.success) return 'unreadable';
  const { signature, ...body } = parsed.data;
  const key = keys.get(body.key);
  if (key === undefined) return 'unknown-key';
  const fits = verify(null, Buffer.from(canonicalJson(body)), key, Buffer.from(signature, 'base64'));
  return fits ? parsed.data : 'bad-signature';
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
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const made = await readKeyFile(path);
  if (made !== undefined) return made;
  throw new MislaidError({ code: 'audit-key-invalid', message: `${path} was made and is gone again. Start again.` });
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    // Windows has no such bits; there the folder's rights protect the key.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new MislaidError({
        code: 'audit-key-readable',
        message: `${path} can be read by others than its owner. Say "chmod 600" on it, or replace the key if it was seen.`,
      });
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
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
  });
}

function idOf(publicKeyPem: string): string {
  const der = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

async function publicKeys(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /^audit-public-[0-9a-f]{16}\.pem$/.test(name));
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
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

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

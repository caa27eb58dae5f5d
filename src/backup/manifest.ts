/**
 * What a backup is: a folder with one file for each table, as COPY writes it, a few files of the data folder, and the manifest that
 * names each with its length and hash. The manifest is written last and signed with the audit's key: a folder without one is none.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { signatureFits } from '../audit/signature.ts';
import { hostError } from '../ground/errors.ts';

export const manifestFile = 'manifest.json';

/** No folder in it: nothing may be read from or written to elsewhere. */
const FileName = z
  .string()
  .regex(/^[\w.-]+$/)
  .refine((name) => !name.startsWith('.'));
const Hash = z.string().regex(/^[0-9a-f]{64}$/);

const Kept = z.strictObject({ file: FileName, bytes: z.number().int().nonnegative(), sha256: Hash });
export type Kept = z.infer<typeof Kept>;

const Table = Kept.extend({
  name: z.string(),
  columns: z.array(z.string()).min(1),
  rows: z.number().int().nonnegative(),
});

const Manifest = z.strictObject({
  format: z.literal(1),
  /** Of Mislaid, and of PostgreSQL. */
  version: z.string(),
  server: z.string(),
  organisation: z.enum(['real', 'lab']),
  at: z.iso.datetime(),
  migrations: z.array(z.string()).min(1),
  /** Where the audit's chain ended. */
  chain: z.strictObject({ size: z.number().int().nonnegative(), hash: Hash.nullable() }),
  tables: z.array(Table).min(1),
  /** Of the data folder: public keys, checkpoints, who was forgotten; and the policy. */
  files: z.array(Kept),
});
export type Manifest = z.infer<typeof Manifest>;

const Signed = Manifest.extend({ key: z.string().regex(/^[0-9a-f]{16}$/), signature: z.string() });
export type SignedManifest = z.infer<typeof Signed>;

/** The length and the hash of a file. */
export async function measured(path: string): Promise<Omit<Kept, 'file'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/**
 * Reads a backup's manifest and compares every file with it. Throws MislaidError `backup-unreadable` or `backup-damaged`, which
 * names the files.
 */
export async function readManifest(folder: string): Promise<SignedManifest> {
  const manifest = Signed.safeParse(await jsonOf(folder));
  if (!manifest.success)
    throw unreadable(`The ${manifestFile} of ${folder} is none that this version reads. Take another backup.`);
  const { key, signature, ...body } = manifest.data;
  const named = [...body.tables, ...body.files];
  const damaged = new Set<string>();
  for (const kept of named) if (!(await isAsWritten(folder, kept))) damaged.add(kept.file);
  const expected = new Set([manifestFile, ...named.map(({ file }) => file)]);
  for (const file of await readdir(folder)) if (!expected.has(file)) damaged.add(file);
  if (damaged.size > 0)
    throw damagedBackup(`it lacks these files as they were written, or has others: ${[...damaged].join(', ')}`);
  const publicKey = body.files.find(({ file }) => file === `audit-public-${key}.pem`);
  const pem = publicKey === undefined ? '' : await readFile(join(folder, publicKey.file), 'utf8');
  if (!signatureFits(body, { key, signature }, [pem])) throw damagedBackup('its manifest does not fit its signature');
  return manifest.data;
}

async function jsonOf(folder: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(folder, manifestFile), 'utf8'));
  } catch (cause) {
    throw unreadable(
      `${folder} holds no ${manifestFile} that can be read: it is no backup, or one that was cut off. Take another.`,
      cause,
    );
  }
}

async function isAsWritten(folder: string, { file, bytes, sha256 }: Kept): Promise<boolean> {
  try {
    const path = join(folder, file);
    const found = await lstat(path);
    if (!found.isFile() || found.size !== bytes) return false;
    return (await measured(path)).sha256 === sha256;
  } catch {
    return false;
  }
}

function unreadable(message: string, cause?: unknown) {
  return hostError({ code: 'backup-unreadable', message, cause });
}

function damagedBackup(why: string) {
  return hostError({
    code: 'backup-damaged',
    message: `This backup is not as it was written: ${why}. Nothing was restored. Take another backup.`,
  });
}

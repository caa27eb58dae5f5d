/**
 * The audit's private key for a backup of its own: whoever has it can make checkpoints fit a chain that was written anew, so it
 * lies apart from the backup, encrypted with a passphrase (scrypt, AES-256-GCM).
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { canonicalJson } from '../ground/canonical.ts';
import { hostError } from '../ground/errors.ts';

const base64 = z.string().transform((text) => Buffer.from(text, 'base64'));

/** scrypt's own numbers are written down, so that they may grow; more than this is asked of nobody's memory (128 · N · r bytes). */
const Head = z.strictObject({
  format: z.literal(1),
  cipher: z.literal('aes-256-gcm'),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    N: z.number().int().min(16_384).max(1_048_576),
    r: z.number().int().min(1).max(16),
    p: z.number().int().min(1).max(4),
    salt: z.string(),
  }),
  nonce: z.string(),
});
type Head = z.infer<typeof Head>;
const KeyFile = Head.extend({ tag: z.string(), data: z.string() });

export const shortestPassphrase = 12;

/** The text of a key file. Throws MislaidError `passphrase-missing`. */
export async function sealedKey(pem: string, passphrase: string | undefined): Promise<string> {
  const head: Head = {
    format: 1,
    cipher: 'aes-256-gcm',
    kdf: { name: 'scrypt', N: 131_072, r: 8, p: 1, salt: randomBytes(16).toString('base64') },
    nonce: randomBytes(12).toString('base64'),
  };
  const key = await keyFrom(required(passphrase), head);
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.from(head.nonce, 'base64'));
  cipher.setAAD(Buffer.from(canonicalJson(head)));
  const data = Buffer.concat([cipher.update(pem, 'utf8'), cipher.final()]);
  return `${JSON.stringify({ ...head, tag: cipher.getAuthTag().toString('base64'), data: data.toString('base64') })}\n`;
}

/** The private key of a key file. Throws MislaidError `passphrase-missing` or `key-file-not-opened`. */
export async function openedKey(path: string, passphrase: string | undefined): Promise<string> {
  const phrase = required(passphrase);
  try {
    const { tag, data, ...head } = KeyFile.parse(JSON.parse(await readFile(path, 'utf8')));
    const decipher = createDecipheriv('aes-256-gcm', await keyFrom(phrase, head), base64.parse(head.nonce));
    decipher.setAAD(Buffer.from(canonicalJson(head)));
    decipher.setAuthTag(base64.parse(tag));
    return Buffer.concat([decipher.update(base64.parse(data)), decipher.final()]).toString('utf8');
  } catch {
    // Its cause could quote what the file holds.
    throw hostError({
      code: 'key-file-not-opened',
      message: `${path} could not be opened: it is no key file, was changed, or belongs to another passphrase.`,
    });
  }
}

function required(passphrase: string | undefined): string {
  if (passphrase !== undefined && passphrase.length >= shortestPassphrase) return passphrase;
  throw hostError({
    code: 'passphrase-missing',
    message: `The audit's private key is kept only with a passphrase of ${shortestPassphrase} characters or more: set MISLAID_BACKUP_PASSPHRASE_FILE (or MISLAID_BACKUP_PASSPHRASE).`,
  });
}

function keyFrom(passphrase: string, { kdf: { N, r, p, salt } }: Head): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N, r, p, maxmem: 256 * N * r };
    scrypt(passphrase.normalize('NFC'), Buffer.from(salt, 'base64'), 32, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

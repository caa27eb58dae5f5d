import { createHash } from 'node:crypto';
import { constants, copyFile, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { MislaidError } from '../../ground/errors.ts';
import { type ConfigFile, configChanged } from '../port.ts';
import { errorCode, unreadable } from './unreadable.ts';

export async function readConfigFile(server: string, path: string): Promise<ConfigFile> {
  try {
    const [bytes, { mtime }] = await Promise.all([readFile(path), stat(path)]);
    return { path, bytes, modifiedAt: mtime };
  } catch (error) {
    throw unreadable(server, 'A web.config', path, error);
  }
}

/**
 * Replaces the file in one step: the backup (named by the hash of what it holds, so that a second try makes no second one) and
 * the new bytes are on disk before the rename; a crash in between leaves the old file in force. Throws MislaidError
 * `config-changed` when the file is no longer the one that was read.
 */
export async function writeConfigFile(
  server: string,
  path: string,
  bytes: Buffer,
  expected: string,
): Promise<{ backup: string }> {
  const before = await readConfigFile(server, path);
  const found = sha256(before.bytes);
  if (found !== expected.toLowerCase()) {
    throw configChanged(server, path);
  }
  const backup = `${path}.mislaid-${found.slice(0, 12)}.bak`;
  const beside = `${path}.mislaid-new`;
  try {
    await keepBackup(path, backup, found);
    await writeWhole(beside, bytes, (await stat(path)).mode);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw new MislaidError({
      code: 'config-not-written',
      message: `${path} on ${server} could not be replaced (${errorCode(error) || 'unknown error'}); it is as it was.`,
      userMessage: `The web.config on ${server} could not be written and is as it was. Give the account that runs Mislaid the right to write there, or make the change by hand.`,
      cause: error,
    });
  }
  return { backup };
}

async function keepBackup(path: string, backup: string, hash: string): Promise<void> {
  try {
    await copyFile(path, backup, constants.COPYFILE_EXCL);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    if (sha256(await readFile(backup)) === hash) return;
    // A crash left half a backup.
    await copyFile(path, backup);
  }
  if (sha256(await readFile(backup)) !== hash) throw new Error('the backup does not hold what the file held');
}

async function writeWhole(path: string, bytes: Buffer, mode: number): Promise<void> {
  const handle = await open(path, 'w', mode);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

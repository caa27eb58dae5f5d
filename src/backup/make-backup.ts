import { createHash } from 'node:crypto';
import { type FileHandle, lstat, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AuditSeal } from '../audit/checkpoint.ts';
import type { Clock } from '../ground/clock.ts';
import { hostError } from '../ground/errors.ts';
import { failureCode } from '../ground/failure.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { DatabaseConnection } from '../store/connect.ts';
import { openSnapshot } from '../store/snapshot.ts';
import { type Kept, type Manifest, manifestFile, type SignedManifest } from './manifest.ts';

export type BackupInput = {
  folder: string;
  connection: DatabaseConnection;
  seal: AuditSeal;
  /** Real time, or the lab's: what the rows were written by. */
  clock: Clock;
  organisation: Organisation;
  version: string;
  /** The data folder: its public keys, checkpoints and the list of who was forgotten go along. */
  dataFolder: string;
  /** policy.yaml, where there is one. */
  policyFile: string;
};

/**
 * Writes everything that the bot knows at one instant, beside a bot that runs or not. The folder is made, for its owner alone; what
 * was written of a backup that fails is taken away. Throws MislaidError `backup-folder-used`.
 */
export async function makeBackup(input: BackupInput): Promise<SignedManifest> {
  const { folder, connection, seal, clock, organisation, version } = input;
  await makeFolder(folder);
  const written: string[] = [];
  const writing = async (file: string, source: Readable | Buffer) => {
    written.push(file);
    return await write(folder, file, source);
  };
  try {
    // Before it: what is written meanwhile is not in it.
    const at = clock.now();
    const snapshot = await openSnapshot(connection);
    try {
      const tables: Manifest['tables'] = [];
      for (const table of snapshot.tables) {
        const { rows, ...kept } = await writing(`table-${table.name}.copy`, snapshot.read(table));
        tables.push({ ...kept, rows, name: table.name, columns: [...table.columns] });
      }
      const files: Kept[] = [];
      for (const [file, path] of await besides(input)) {
        const content = await contentOf(path);
        if (content === undefined) continue;
        const { rows: _lines, ...kept } = await writing(file, content);
        files.push(kept);
      }
      const manifest: Manifest = {
        format: 1,
        version,
        server: snapshot.server,
        organisation,
        at: at.toISOString(),
        migrations: [...snapshot.migrations],
        chain: snapshot.chain,
        tables,
        files,
      };
      const signed = { ...manifest, ...seal.sign(manifest) };
      await writing(manifestFile, Buffer.from(`${JSON.stringify(signed, null, 2)}\n`));
      return signed;
    } finally {
      await snapshot.close();
    }
  } catch (error) {
    for (const file of written) await rm(join(folder, file), { force: true });
    throw error;
  }
}

/** Never the private key: with it, and this backup, a chain could be written anew that checkpoints fit. */
async function besides({ dataFolder, policyFile }: BackupInput): Promise<[file: string, path: string][]> {
  const keys = (await readdir(dataFolder)).filter((name) => /^audit-public-[0-9a-f]{16}\.pem$/.test(name));
  const names = [...keys, 'audit-checkpoints.jsonl', 'audit-end.json', 'forgotten.jsonl'];
  return [...names.map((name) => [name, join(dataFolder, name)] as [string, string]), ['policy.yaml', policyFile]];
}

async function contentOf(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (failureCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { mode } = await lstat(folder);
  const isOpen = process.platform !== 'win32' && (mode & 0o077) !== 0;
  if ((await readdir(folder)).length === 0 && !isOpen) return;
  throw hostError({
    code: 'backup-folder-used',
    message: `${folder} ${isOpen ? 'can be read by others' : 'is not empty'}. Name a folder that is not there yet.`,
  });
}

/** For its owner alone, and on disk when this resolves. Answers the lines, too: COPY writes a row a line. */
async function write(folder: string, file: string, source: Readable | Buffer): Promise<Kept & { rows: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  let rows = 0;
  const handle = await open(join(folder, basename(file)), 'wx', 0o600);
  try {
    const chunks = Buffer.isBuffer(source) ? Readable.from([source]) : source;
    await pipeline(
      chunks,
      async function* (incoming: AsyncIterable<Buffer>) {
        for await (const chunk of incoming) {
          hash.update(chunk);
          bytes += chunk.length;
          for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) rows += 1;
          yield chunk;
        }
      },
      (incoming: AsyncIterable<Buffer>) => writeAll(handle, incoming),
    );
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { file, bytes, sha256: hash.digest('hex'), rows };
}

/** Rows are short: written together, for a write each would be slow. */
async function writeAll(handle: FileHandle, incoming: AsyncIterable<Buffer>): Promise<void> {
  let waiting: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    waiting.push(chunk);
    size += chunk.length;
    if (size < 1_048_576) continue;
    await handle.write(Buffer.concat(waiting));
    [waiting, size] = [[], 0];
  }
  if (size > 0) await handle.write(Buffer.concat(waiting));
}

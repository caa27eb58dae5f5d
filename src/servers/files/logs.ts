import type { Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogKind } from '../../ground/identifiers.ts';
import { isPacked, logNames } from '../policy-servers.ts';
import { type LogFile, logKindNames } from '../port.ts';
import { errorCode, unreadable } from './unreadable.ts';

/** Large, because asking the system costs more than what it copies. */
const pieceBytes = 1 << 20;
const grownBytes = 4 << 10;

/** Files of the folder (not of folders in it), oldest first; `since`: only those written to afterwards. */
export async function listLogFiles(input: {
  server: string;
  kind: LogKind;
  folder: string;
  since: Date | undefined;
}): Promise<LogFile[]> {
  const { server, kind, folder, since } = input;
  const files: LogFile[] = [];
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory() || !logNames[kind].test(entry.name)) continue;
      const path = join(folder, entry.name);
      const status = await statOf(path);
      if (status === undefined || !status.isFile()) continue;
      if (since !== undefined && status.mtime < since) continue;
      files.push({
        server,
        kind,
        path,
        identity: `${status.dev}:${status.ino}`,
        size: status.size,
        modifiedAt: status.mtime,
        compressed: isPacked(entry.name),
      });
    }
  } catch (error) {
    throw unreadable(server, `The ${logKindNames[kind]}`, folder, error);
  }
  return files.sort((a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime() || (a.path < b.path ? -1 : 1));
}

/** Undefined for a file that went away while the folder was read: rotation does that. */
async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Bytes from `from` to the end as it is when it is reached; a piece is good until the next is asked for. Node opens for shared
 * reading on Windows (FILE_SHARE_READ, WRITE and DELETE), so the file that IIS is writing can be read and rotated meanwhile.
 */
export async function* openLogFile(file: LogFile, from: number): AsyncGenerator<Uint8Array> {
  const handle = await open(file.path, 'r').catch((error: unknown) => {
    throw unreadable(file.server, 'A log', file.path, error);
  });
  // What comes after the size that was listed is little: the file grew meanwhile.
  const size = Math.min(pieceBytes, Math.max(grownBytes, file.size - from));
  // Two in turn: one is filled while the other is parsed, and neither is new memory, which the system would clear first.
  let [current, other] = [spareBuffer(size), spareBuffer(size)];
  let reading = handle.read(current, 0, current.length, from);
  try {
    for (let at = from; ; ) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      at += bytesRead;
      reading = handle.read(other, 0, other.length, at);
      // Heard of by whoever asks for the next piece; nobody may.
      reading.catch(() => undefined);
      yield current.subarray(0, bytesRead);
      [current, other] = [other, current];
    }
  } finally {
    await reading.catch(() => undefined);
    keepBuffers(current, other);
    await handle.close();
  }
}

/** Of readings that are over: the next one comes within the minute. */
const spare: Buffer[] = [];

function spareBuffer(size: number): Buffer {
  return size > pieceBytes / 8 ? (spare.pop() ?? Buffer.allocUnsafeSlow(pieceBytes)) : Buffer.allocUnsafeSlow(size);
}

function keepBuffers(...buffers: Buffer[]): void {
  for (const buffer of buffers) if (buffer.length === pieceBytes && spare.length < 2) spare.push(buffer);
}

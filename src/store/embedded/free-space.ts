import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Folders } from './folders.ts';

/** Two segments of PostgreSQL's write-ahead log (16 MB each): without room for the next one the server dies, or does not start. */
const neededBytes = 32 * 1024 * 1024;

/** Whether the disk under the database (or under its write-ahead log, where that lies elsewhere) has no room left to start in. */
export function isFull({ cluster }: Pick<Folders, 'cluster'>): boolean {
  return [cluster, join(cluster, 'pg_wal')].some((folder) => freeBytes(folder) < neededBytes);
}

/** What is left for those who are not root; a folder that cannot be asked is not what keeps the server down. */
function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

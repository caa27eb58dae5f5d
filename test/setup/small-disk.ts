/** A disk of a fixed size that a test can fill up: a tmpfs, which only root can mount. */
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../src/store/embedded/processes.ts';

export type SmallDisk = {
  readonly folder: string;
  /** Takes what is left, but for `leave` bytes. */
  fill(leave?: number): void;
  /** Gives it back. */
  free(): void;
  freeBytes(): number;
  /** Unmounts and removes; also what still has files open there. */
  close(): void;
};

/** Why this machine mounts nothing, or undefined. Under CI=true that is no reason: there these tests run or fail. */
export function whyNoSmallDisk(): string | undefined {
  try {
    mountDisk(1024 * 1024).close();
    return undefined;
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    return `a small disk cannot be mounted here (${error instanceof Error ? error.message.split('\n')[0] : 'unknown'}); root may`;
  }
}

export function mountDisk(bytes: number): SmallDisk {
  // In the open part of the temporary directory, because the database's user has to pass through.
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0755`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
  chmodSync(folder, 0o755);
  const filler = join(folder, 'filler');
  let mounted = true;

  function freeBytes(): number {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  }

  function unmount(): void {
    if (!mounted) return;
    mounted = false;
    process.off('exit', unmount);
    // Lazily: a process that a failed test left there keeps its files, and the mount is gone all the same.
    execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
    rmdirSync(folder);
  }
  process.once('exit', unmount);

  return {
    folder,
    fill: (leave = 0) => {
      chmodSync(folder, 0o755);
      const file = openSync(filler, 'a');
      try {
        // In small pieces at the end, so that not a page is left.
        for (let size = 1024 * 1024; size >= 4096; ) {
          if (freeBytes() - size < leave || !wrote(file, size)) size /= 4;
        }
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler, { force: true }),
    freeBytes,
    close: unmount,
  };
}

function wrote(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size)) === size;
  } catch (error) {
    if (codeOf(error) === 'ENOSPC') return false;
    throw error;
  }
}

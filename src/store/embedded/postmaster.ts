import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Binaries } from './binaries.ts';
import { credentials } from './database-user.ts';
import { type Folders, give } from './folders.ts';
import { commandLineOf, folderOf, isAlive, programOf } from './processes.ts';

/** What a living server wrote into its postmaster.pid (utils/pidfile.h). */
export type Postmaster = { pid: number; socketFolder: string; ready: boolean };

const logBytes = 10 * 1024 * 1024;

/** The server that runs on this cluster. A pid file that belongs to no such server is removed: PostgreSQL would refuse to start over it. */
export function runningPostmaster(cluster: string): Postmaster | undefined {
  const named = namedPostmaster(cluster);
  if (named === undefined) return undefined;
  if (named.pid > 1 && isAlive(named.pid) && serves(named.pid, realpathSync(cluster))) return named;
  rmSync(join(cluster, 'postmaster.pid'), { force: true });
  return undefined;
}

/** What postmaster.pid says, true or not; its pid is 0 when it says nothing. */
export function namedPostmaster(cluster: string): Postmaster | undefined {
  const lines = readLines(join(cluster, 'postmaster.pid'));
  if (lines === undefined) return undefined;
  const pid = Number(lines[0]);
  return { pid: Number.isInteger(pid) ? pid : 0, socketFolder: lines[4] ?? '', ready: lines[7]?.trim() === 'ready' };
}

/** Whether the server was started from these binaries; an update replaces them under a living server. */
export function runsFrom(postmaster: Postmaster, binaries: Binaries): boolean {
  const program = programOf(postmaster.pid) ?? commandLineOf(postmaster.pid)[0];
  return program === binaries.postgres;
}

/**
 * Starts postgres in a session of its own (Ctrl-C must reach us alone), closed to the network. Its log holds no statements and no
 * details: they would hold personal data.
 */
export function spawnPostmaster(input: {
  folders: Folders;
  binaries: Binaries;
  socketFolder: string;
  settings: Readonly<Record<string, string>>;
}): { child: ChildProcess; logStart: number } {
  const { folders, binaries, socketFolder } = input;
  const settings = {
    port: '5432',
    listen_addresses: '',
    unix_socket_directories: `"${socketFolder.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    log_timezone: 'UTC',
    timezone: 'UTC',
    ...input.settings,
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = openLog(folders);
  try {
    const logStart = fstatSync(log).size;
    const child = spawn(binaries.postgres, ['-D', folders.cluster, ...options], {
      ...credentials(folders.user),
      cwd: '/',
      env: { LC_ALL: 'C', TZ: 'UTC' },
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.unref();
    return { child, logStart };
  } finally {
    closeSync(log);
  }
}

/** Fast shutdown (SIGINT), immediate after 15 s (SIGQUIT), SIGKILL after 5 more; resolves when the process is gone. */
export async function stopPostmaster(pid: number): Promise<void> {
  const steps = [
    ['SIGINT', 15_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const;
  for (const [signal, patience] of steps) {
    if (!isAlive(pid)) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let waited = 0; waited < patience && isAlive(pid); waited += 10) await pause(10);
  }
}

/** The last telling lines that the server wrote to its log since byte `logStart`, for the sentence that says why it did not start. */
export function lastLogLines(folders: Folders, logStart: number): string {
  const lines = readFileSync(folders.log).subarray(logStart).toString('utf8').split('\n');
  const telling = lines.filter(
    (line) => /FATAL|PANIC|could not|postgres: |error while loading/.test(line) && !line.includes('is starting up'),
  );
  return telling.slice(-2).join(' ');
}

function serves(pid: number, cluster: string): boolean {
  const folder = folderOf(pid);
  const program = programOf(pid);
  if (folder !== undefined && program !== undefined) {
    return folder === cluster && basename(program.replace(/ \(deleted\)$/, '')) === 'postgres';
  }
  // Root without CAP_SYS_PTRACE (a plain container) may not look at another user's process; its arguments are open to all.
  const [command = '', ...args] = commandLineOf(pid);
  if (basename(command) !== 'postgres') return false;
  const named = args[args.indexOf('-D') + 1] ?? '';
  try {
    return realpathSync(named) === cluster;
  } catch {
    // A server whose folder was moved: taking it for a stranger would let a second one start on the same files.
    return true;
  }
}

function openLog(folders: Folders): number {
  const size = statSync(folders.log, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logBytes) renameSync(folders.log, `${folders.log}.1`);
  const log = openSync(folders.log, 'a', 0o600);
  give(folders.log, folders.user);
  return log;
}

function readLines(path: string): string[] | undefined {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return undefined;
  }
}

import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/** Whether the process runs. A zombie does not: where nobody reaps (process 1 of many containers) it would look alive for ever. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false;
  }
  const state = statFields(pid)?.[0];
  return state !== 'Z' && state !== 'X';
}

/**
 * When the process began, as text that only this process can have: process ids come again (in a container the bot is always
 * number 1). undefined when there is no such process.
 */
export function birthOf(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined;
  const fields = statFields(pid);
  // Field 22 of proc(5) stat, counted in ticks since boot; the state is field 3.
  if (fields !== undefined) return `${read('/proc/sys/kernel/random/boot_id')?.trim() ?? ''}/${fields[19] ?? ''}`;
  return ps(pid, 'lstart=');
}

/** The arguments the process was started with; empty when they cannot be read. */
export function commandLineOf(pid: number): string[] {
  const text = read(`/proc/${pid}/cmdline`);
  if (text !== undefined) return text.split('\0').slice(0, -1);
  return ps(pid, 'command=')?.split(' ') ?? [];
}

/** The folder the process is in; undefined where the kernel does not tell (another user's process without CAP_SYS_PTRACE, macOS). */
export function folderOf(pid: number): string | undefined {
  return readLink(`/proc/${pid}/cwd`);
}

/** The program file the process runs, with the same limits as `folderOf`; a replaced file ends in ` (deleted)`. */
export function programOf(pid: number): string | undefined {
  return readLink(`/proc/${pid}/exe`);
}

function statFields(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The second field is the name in brackets and may hold blanks and brackets itself.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function ps(pid: number, column: string): string | undefined {
  try {
    return execFileSync('ps', ['-ww', '-o', column, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The `code` of a system error (`ENOENT`), or undefined. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Ends a whole process tree. child-shell starts no process group, and a wrapper (a shell script, a proxy) or a helper
 * that PowerShell started would survive the signal to its parent. Linux: /proc; Windows: taskkill /T; else ps.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** In the engine's environment: also finds children whose parent has gone (they belong to init, and have no ancestor left). */
export const treeMark = 'MISLAID_SESSION';

/** Kills `roots`, all their descendants, and on Linux every process that carries `mark`. Never rejects. */
export async function killTree(roots: readonly number[], mark: string, platform = process.platform): Promise<void> {
  if (platform === 'win32') {
    for (const pid of roots) await run('taskkill', ['/PID', String(pid), '/T', '/F']).catch(() => undefined);
    return;
  }
  // A process may have forked while the list was read: read again until nothing new is found.
  const killed = new Set<number>();
  for (let round = 0; round < 5; round += 1) {
    const found = (await treeOf(roots, mark, platform)).filter((pid) => !killed.has(pid));
    if (found.length === 0) return;
    for (const pid of found) {
      killed.add(pid);
      signal(pid);
    }
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function treeOf(roots: readonly number[], mark: string, platform: NodeJS.Platform): Promise<number[]> {
  const parents = platform === 'linux' ? await parentsFromProc() : await parentsFromPs();
  const tree = new Set(roots.filter((pid) => parents.has(pid)));
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, parent] of parents) {
      if (!tree.has(pid) && tree.has(parent)) {
        tree.add(pid);
        grown = true;
      }
    }
  }
  if (platform === 'linux')
    for (const pid of parents.keys()) if (!tree.has(pid) && (await carries(pid, mark))) tree.add(pid);
  tree.delete(process.pid);
  return [...tree];
}

async function parentsFromProc(): Promise<Map<number, number>> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    // `pid (name) state ppid …`; the name may hold spaces and parentheses.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (parent !== undefined && state !== 'Z') parents.set(pid, Number(parent));
  }
  return parents;
}

async function parentsFromPs(): Promise<Map<number, number>> {
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=']).catch(() => ({ stdout: '' }));
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return new Map(
    rows.flatMap(([pid, parent]) => (pid === undefined || parent === undefined ? [] : [[pid, parent] as const])),
  );
}

async function carries(pid: number, mark: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return environment.includes(`${treeMark}=${mark}\0`);
}

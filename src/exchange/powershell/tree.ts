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
  try {
    if (platform === 'win32') {
      for (const pid of roots) await run('taskkill', ['/PID', String(pid), '/T', '/F']).catch(() => undefined);
      return;
    }
    const killed = new Set<number>();
    // A process may have forked while the list was read: read again until nothing new is found.
    for (let round = 0; round < 4; round += 1) {
      const found = [...(await treeOf(roots, platform))].filter((pid) => !killed.has(pid));
      for (const pid of found) signal(pid, killed);
      if (found.length === 0) break;
    }
    if (platform === 'linux') for (const pid of await carriersOf(mark)) if (!killed.has(pid)) signal(pid, killed);
  } catch {
    // Nothing can be read about processes here; the roots at least are known.
    for (const pid of roots) signal(pid, new Set());
  }
}

function signal(pid: number, killed: Set<number>): void {
  killed.add(pid);
  if (pid === process.pid) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function treeOf(roots: readonly number[], platform: NodeJS.Platform): Promise<Set<number>> {
  if (roots.length === 0) return new Set();
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
  return tree;
}

async function parentsFromProc(): Promise<Map<number, number>> {
  const parents = new Map<number, number>();
  await eachProcess('stat', (pid, stat) => {
    // `pid (name) state ppid …`; the name may hold spaces and parentheses.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (parent !== undefined && state !== 'Z') parents.set(pid, Number(parent));
  });
  return parents;
}

async function parentsFromPs(): Promise<Map<number, number>> {
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return new Map(
    rows.flatMap(([pid, parent]) => (pid === undefined || parent === undefined ? [] : [[pid, parent] as const])),
  );
}

async function carriersOf(mark: string): Promise<number[]> {
  const carriers: number[] = [];
  await eachProcess('environ', (pid, environment) => {
    if (environment.includes(`${treeMark}=${mark}\0`)) carriers.push(pid);
  });
  return carriers;
}

/** Side by side: one after the other a few hundred processes take seconds on a busy machine. */
async function eachProcess(file: 'stat' | 'environ', take: (pid: number, text: string) => void): Promise<void> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const readOne = async (pid: number) => take(pid, await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => ''));
  for (let from = 0; from < pids.length; from += 128) await Promise.all(pids.slice(from, from + 128).map(readOne));
}

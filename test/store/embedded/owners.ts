import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { expect } from 'vitest';
import { z } from 'zod';
import { type DatabaseUser, firstUnreachable } from '../../../src/store/embedded/database-user.ts';
import { runningPostmaster, stopPostmaster } from '../../../src/store/embedded/postmaster.ts';
import { isAlive } from '../../../src/store/embedded/processes.ts';
import { eventually } from '../../setup/eventually.ts';
import { isFull } from '../../setup/runs.ts';

const project = join(import.meta.dirname, '..', '..', '..');

const Event = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('ready'),
    milliseconds: z.number(),
    connection: z.object({
      host: z.string(),
      port: z.number(),
      user: z.string(),
      password: z.string(),
      database: z.string(),
    }),
  }),
  z.object({ event: z.literal('failed'), code: z.string().optional(), message: z.string() }),
  z.object({ event: z.literal('log'), line: z.object({ msg: z.string() }) }),
  z.object({ event: z.literal('interrupted') }),
]);
type Event = z.infer<typeof Event>;
type Ready = Extract<Event, { event: 'ready' }>;
type Failed = Extract<Event, { event: 'failed' }>;

export type Owner = {
  child: ChildProcess;
  pid: number;
  /** The log's messages so far. */
  logged(): string[];
  interrupted(): boolean;
  ready(): Promise<Ready>;
  failed(): Promise<Failed>;
  /** SIGTERM, and waits for a clean end. */
  stop(): Promise<void>;
  kill(): Promise<void>;
};

export type Workshop = {
  /** A new data folder that does not exist yet, with characters in its path that need quoting. */
  dataFolder(name?: string): string;
  start(dataFolder: string, options?: { as?: DatabaseUser; temporary?: string }): Owner;
  /** Ends what a test left running and removes its data folders (40 MB each). */
  tidy(keep?: string): Promise<void>;
  close(): Promise<void>;
};

/** Compiles owner.ts once (a child process cannot load TypeScript on Node 20) and keeps track of what is started. */
export function createWorkshop(): Workshop {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'mislaid owner, "')));
  chmodSync(base, 0o777);
  const program = compile(join(base, 'program'));
  const owners: Owner[] = [];
  const folders: string[] = [];
  let last = 0;

  async function tidy(keep?: string): Promise<void> {
    for (const owner of owners.splice(0)) if (isAlive(owner.pid)) await owner.kill();
    for (const folder of folders.splice(0)) {
      const left = serverOf(folder);
      if (left !== undefined) await stopPostmaster(left);
      if (folder === keep) folders.push(folder);
      else rmSync(folder, { recursive: true, force: true });
    }
  }

  return {
    dataFolder: (name) => {
      last += 1;
      const folder = join(base, `${name ?? 'data'} ${last}`);
      folders.push(folder);
      return folder;
    },
    start: (dataFolder, options = {}) => {
      const owner = startOwner(program, dataFolder, options);
      owners.push(owner);
      return owner;
    },
    tidy,
    close: async () => {
      await tidy();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/** The accounts under which the tests run: this one and, in `npm run test:full` as root, an ordinary user, where it can reach Node and the project. */
export async function accounts(): Promise<{ name: string; as?: DatabaseUser }[]> {
  const own = { name: process.getuid?.() === 0 ? 'root' : 'an ordinary user' };
  if (process.getuid?.() !== 0 || !isFull) return [own];
  const id = (option: string) => Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }));
  const nobody = { name: 'nobody', uid: id('-u'), gid: id('-g') };
  for (const path of [process.execPath, project]) {
    if ((await firstUnreachable(nobody, path)) !== undefined) return [own];
  }
  return [own, { name: 'an ordinary user', as: nobody }];
}

/** One query on a connection of its own. */
export async function query(connection: Ready['connection'], sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(connection);
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query(sql);
    return rows;
  } finally {
    await client.end();
  }
}

/** The server's process. */
export function serverOf(dataFolder: string): number | undefined {
  return runningPostmaster(join(dataFolder, 'postgres', 'data'))?.pid;
}

function compile(outDir: string): string {
  const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = [
    ...['--ignoreConfig', '--noCheck', '--skipLibCheck', '--types', 'node', '--outDir', outDir, '--rootDir', project],
    ...['--module', 'nodenext', '--target', 'es2023', '--rewriteRelativeImportExtensions', '--resolveJsonModule'],
  ];
  const owner = join(import.meta.dirname, 'owner.ts');
  execFileSync(process.execPath, [tsc, ...options, owner], { cwd: project, stdio: 'pipe' });
  symlinkSync(join(project, 'node_modules'), join(outDir, 'node_modules'));
  writeFileSync(join(outDir, 'package.json'), '{"type":"module"}');
  return join(outDir, 'test', 'store', 'embedded', 'owner.js');
}

function startOwner(program: string, dataFolder: string, options: { as?: DatabaseUser; temporary?: string }): Owner {
  const { as, temporary } = options;
  const env: NodeJS.ProcessEnv = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  if (temporary !== undefined) env.TMPDIR = temporary;
  const child = spawn(process.execPath, [program, dataFolder], {
    ...(as === undefined ? {} : { uid: as.uid, gid: as.gid }),
    env,
    cwd: '/',
    // A process group of its own, so that a test can interrupt all of it as Ctrl-C does.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = child.pid ?? 0;
  const events: Event[] = [];
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  createInterface({ input: child.stdout }).on('line', (line) => events.push(Event.parse(JSON.parse(line))));
  const first = () =>
    eventually(
      () => {
        const event = events.find((e) => e.event === 'ready' || e.event === 'failed');
        if (event?.event !== 'ready' && event?.event !== 'failed') throw new Error('the owner has not started yet');
        return event;
      },
      { interval: 10 },
    );
  return {
    child,
    pid,
    logged: () => events.flatMap((event) => (event.event === 'log' ? [event.line.msg] : [])),
    interrupted: () => events.some(({ event }) => event === 'interrupted'),
    ready: async () => {
      const event = await first();
      if (event.event === 'failed') throw new Error(`the owner failed: ${event.message}`);
      return event;
    },
    failed: async () => {
      const event = await first();
      if (event.event === 'ready') throw new Error('the owner started');
      return event;
    },
    stop: async () => {
      process.kill(pid, 'SIGTERM');
      expect(await exited).toBe(0);
    },
    kill: async () => {
      process.kill(pid, 'SIGKILL');
      await exited;
    },
  };
}

/** A folder that belongs to the account the owner will run under. */
export function folderFor(path: string, as: DatabaseUser | undefined, mode = 0o755): string {
  mkdirSync(path, { recursive: true });
  if (as !== undefined) chownSync(path, as.uid, as.gid);
  chmodSync(path, mode);
  return path;
}

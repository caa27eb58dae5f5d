import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { TestProject } from 'vitest/node';
import { MislaidError } from '../../src/ground/errors.ts';
import { openDatabase } from '../../src/store/connect.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { ownerOf } from '../../src/store/embedded/lock.ts';
import { runningPostmaster, stopPostmaster } from '../../src/store/embedded/postmaster.ts';
import { migrate } from '../../src/store/migrate.ts';

export type TestServer = { host: string; port: number; user: string; password: string; database: string };

declare module 'vitest' {
  export interface ProvidedContext {
    testServer: TestServer;
  }
}

/**
 * Every run has one server of its own, whichever projects need it, so that several runs at once do not meet; what killed runs left
 * is cleared first.
 */
export default async function setup({ config, vitest }: TestProject): Promise<(() => Promise<void>) | undefined> {
  if ('testServer' in vitest.getRootProject().getProvidedContext()) return undefined;
  const inProject = join(config.root, '.mislaid-test');
  const outside = join(tmpdir(), `mislaid-test-${process.getuid?.() ?? 0}`);
  for (const parent of [inProject, outside]) await clearStale(parent);

  const { server, folder } = await start(inProject, outside);
  try {
    vitest.provide('testServer', await buildTemplate(server));
  } catch (error) {
    await server.stop();
    throw error;
  }
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

/** In the project, or under the temporary directory where the project cannot be written or the database user cannot reach it. */
async function start(inProject: string, outside: string): Promise<{ server: EmbeddedPostgres; folder: string }> {
  const inside = newFolder(inProject);
  if (inside !== undefined) {
    try {
      return { server: await startIn(inside), folder: inside };
    } catch (error) {
      rmSync(inside, { recursive: true, force: true });
      if (!(error instanceof MislaidError && error.code.startsWith('data-folder-'))) throw error;
    }
  }
  const folder = newFolder(outside);
  if (folder === undefined) throw new Error(`neither ${inProject} nor ${outside} can be written`);
  return { server: await startIn(folder), folder };
}

function newFolder(parent: string): string | undefined {
  try {
    mkdirSync(parent, { recursive: true, mode: 0o755 });
    return mkdtempSync(join(parent, `run-${process.pid}-`));
  } catch {
    return undefined;
  }
}

function startIn(dataFolder: string): Promise<EmbeddedPostgres> {
  // Nothing here outlives the run: no need to wait for the disk.
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };
  return startEmbeddedPostgres({ dataFolder, log: pino({ level: 'warn' }), settings });
}

/** The database `mislaid` becomes the template that every test file copies. */
async function buildTemplate({ connection }: EmbeddedPostgres): Promise<TestServer> {
  if ('connectionString' in connection) throw new Error('the embedded server is reached by its socket');
  const { db, close } = openDatabase(connection, { poolSize: 1 });
  await migrate(db).finally(close);
  return connection;
}

async function clearStale(parent: string): Promise<void> {
  for (const name of foldersIn(parent)) {
    const folder = join(parent, name);
    // Another user's run is his to clear; one that just ended has cleared itself.
    if (statSync(folder, { throwIfNoEntry: false })?.uid !== process.getuid?.()) continue;
    const pid = Number(/^run-(\d+)-/.exec(name)?.[1]);
    // A folder without a lock may belong to a run that is just starting: its process id stands in its name.
    if (ownerOf(folder) !== undefined || isProcess(pid)) continue;
    const left = runningPostmaster(join(folder, 'postgres', 'data'));
    if (left !== undefined) await stopPostmaster(left.pid);
    rmSync(folder, { recursive: true, force: true });
  }
}

function foldersIn(parent: string): string[] {
  try {
    return readdirSync(parent).filter((name) => name.startsWith('run-'));
  } catch {
    return [];
  }
}

function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { createClosing } from '../../ground/closing.ts';
import { hostError, type MislaidError } from '../../ground/errors.ts';
import type { DatabaseConnection } from '../connect.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { databaseRole, ensureCluster } from './cluster.ts';
import {
  createRoot,
  createSocketFolder,
  type Folders,
  prepareFolders,
  removeSocketFolder,
  socketFile,
} from './folders.ts';
import { isFull } from './free-space.ts';
import { lockDataFolder } from './lock.ts';
import {
  lastLogLines,
  namedPostmaster,
  runningPostmaster,
  runsFrom,
  spawnPostmaster,
  stopPostmaster,
} from './postmaster.ts';
import { codeOf, isAlive } from './processes.ts';
import { watch } from './watch.ts';

export type EmbeddedPostgres = {
  connection: DatabaseConnection;
  /** Stops the server and gives the data folder back; closes connections that are still open. */
  stop(): Promise<void>;
};

type SocketConnection = { host: string; port: number; user: string; password: string; database: string };

/** Crash recovery after a big load takes seconds; a minute means that something is wrong. */
const startPatienceMs = 60_000;
/** invalid_password */
const wrongPassword = '28P01';

/**
 * A PostgreSQL of our own in `dataFolder`, from npm's binaries: made on the first start, adopted when a killed bot left it running,
 * started again when it dies, reachable only through a socket in a private folder.
 * Throws MislaidError whose message is one sentence with the mend (`already-running`, `data-folder-unreachable`, …).
 * @param settings further settings of PostgreSQL, such as `{ fsync: 'off' }` for tests
 */
export async function startEmbeddedPostgres(input: {
  dataFolder: string;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  settings?: Readonly<Record<string, string>>;
}): Promise<EmbeddedPostgres> {
  const { log, settings = {} } = input;
  if (process.platform === 'win32') {
    const message = 'The built-in PostgreSQL does not run on Windows. Set DATABASE_URL to a PostgreSQL server.';
    throw hostError({ code: 'no-embedded-postgres', message });
  }
  const closing = createClosing((name, error) => log.error({ err: error }, `stopping the database: ${name} failed`));
  try {
    const root = createRoot(input.dataFolder);
    closing.add('data folder lock', await lockDataFolder(root));
    const folders = await prepareFolders(root);
    const binaries = await findBinaries({ user: folders.user, copyTo: folders.own });
    const password = await ensureCluster(folders, binaries);

    const adopted = await adopt({ folders, binaries, password, log });
    if (adopted === undefined) removeSocketFolder(folders);
    const host = adopted?.host ?? (await createSocketFolder(folders));
    closing.add('socket folder', () => removeSocketFolder(folders));
    const connection = { host, port: 5432, user: databaseRole, password, database: databaseRole };
    const start = async () => launch({ folders, binaries, connection, settings });
    const pid = adopted?.pid ?? (await start());
    closing.add('server', watch({ pid, start, isFull: () => isFull(folders), log }));
    await ensureDatabase(connection);
    return { connection, stop: () => closing.close() };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

/** Takes over the server that a killed bot left running; one that does not answer or is of another version is stopped instead. */
async function adopt(input: {
  folders: Folders;
  binaries: Binaries;
  password: string;
  log: Pick<Logger, 'info'>;
}): Promise<{ pid: number; host: string } | undefined> {
  const running = runningPostmaster(input.folders.cluster);
  if (running === undefined) return undefined;
  const { pid, socketFolder: host } = running;
  if (runsFrom(running, input.binaries) && existsSync(join(host, socketFile))) {
    const connection = { host, port: 5432, user: databaseRole, password: input.password, database: 'postgres' };
    if (await answers(connection, () => isAlive(pid), 10_000)) {
      input.log.info({ pid }, 'took over the database that an earlier process left running');
      return { pid, host };
    }
  }
  input.log.info({ pid }, 'stopping the database that an earlier process left running');
  await stopPostmaster(pid);
  return undefined;
}

async function launch(input: {
  folders: Folders;
  binaries: Binaries;
  connection: SocketConnection;
  settings: Readonly<Record<string, string>>;
}): Promise<number> {
  const { folders, binaries, connection, settings } = input;
  const deadline = Date.now() + startPatienceMs;
  for (;;) {
    const { child, logStart } = spawnPostmaster({ folders, binaries, socketFolder: connection.host, settings });
    const pid = await spawned(child);
    const lives = () => child.exitCode === null && child.signalCode === null;
    try {
      const answered = await answers({ ...connection, database: 'postgres' }, lives, deadline - Date.now());
      // Another server may have answered on this socket, when somebody removed the pid file under it.
      const named = namedPostmaster(folders.cluster);
      if (answered && named?.pid === pid && named.ready) return pid;
    } catch (error) {
      await stopPostmaster(pid);
      throw error;
    }
    if (lives()) await stopPostmaster(pid);
    const said = lastLogLines(folders, logStart);
    // After a kill -9 of the server its children hold the shared memory for a moment longer.
    const stillHeld = /pre-existing shared memory block|lock file .* already exists/.test(said);
    // A bot that was killed between starting its server and that server's pid file left one which `adopt` could not see.
    const unseen = stillHeld ? runningPostmaster(folders.cluster) : undefined;
    if (unseen !== undefined) await stopPostmaster(unseen.pid);
    if (!stillHeld && isFull(folders)) {
      throw hostError({
        code: 'database-disk-full',
        message: `The built-in PostgreSQL did not start, and the disk of ${folders.cluster} is full. Free some space there and start Mislaid again; nothing in the database is lost.`,
      });
    }
    if (!stillHeld || Date.now() > deadline) {
      throw hostError({
        code: 'postgres-did-not-start',
        message: `The built-in PostgreSQL did not start${said === '' ? '' : ` (${said})`}. Its log is ${folders.log}.`,
      });
    }
    await pause(100);
  }
}

function spawned(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      const message = `The built-in PostgreSQL cannot be run (${codeOf(cause) ?? cause.message}). Run npm ci again, or set DATABASE_URL to a PostgreSQL server.`;
      reject(hostError({ code: 'postgres-did-not-start', message, cause }));
    });
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
}

function passwordLost(cause: unknown): MislaidError {
  return hostError({
    code: 'database-password-lost',
    message:
      'The built-in PostgreSQL refuses the password kept beside it. Restore postgres/password of the data folder from a backup.',
    cause,
  });
}

/** Polls a real connection until one succeeds; false when the server died or the patience ran out. */
async function answers(connection: SocketConnection, lives: () => boolean, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  while (lives() && Date.now() < deadline) {
    const client = new pg.Client({ ...connection, connectionTimeoutMillis: 5_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return true;
    } catch (error) {
      if (codeOf(error) === wrongPassword) throw passwordLost(error);
      await pause(20);
    }
  }
  return false;
}

async function ensureDatabase(connection: SocketConnection): Promise<void> {
  const client = new pg.Client({ ...connection, database: 'postgres' });
  client.on('error', () => {});
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [connection.database]);
    if (found.rowCount === 0) await client.query(`create database "${connection.database}"`);
  } finally {
    await client.end();
  }
}

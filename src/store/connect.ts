import { setTimeout as pause } from 'node:timers/promises';
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { hostError } from '../ground/errors.ts';
import { preparingPool } from './prepared.ts';
import type { Database } from './schema.ts';

/** How to reach one PostgreSQL database; spreads into the options of a pg Pool or Client. Holds a password: never log it. */
export type DatabaseConnection =
  | { connectionString: string }
  | { host: string; port: number; user: string; password: string; database: string };

export type OpenDatabase = { db: Kysely<Database>; close(): Promise<void> };

const int8 = 20;
/** A connection whose server is gone never says that it ended. */
const closePatienceMs = 2_000;

/** Throws `bad-database-url`, which never repeats the text: it holds a password. */
export function connectionFromUrl(url: string): DatabaseConnection {
  if (!/^postgres(ql)?:\/\/.+/.test(url)) {
    throw hostError({
      code: 'bad-database-url',
      message: 'DATABASE_URL is not a PostgreSQL address. Write postgresql://user:password@host:5432/database.',
    });
  }
  return { connectionString: url };
}

/** The same connection as one URL, for other processes (`DATABASE_URL`). */
export function urlOf(connection: DatabaseConnection): string {
  if ('connectionString' in connection) return connection.connectionString;
  const { host, port, user, password, database } = connection;
  const place = host.startsWith('/') ? encodeURIComponent(host) : host;
  return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${place}:${port}/${encodeURIComponent(database)}`;
}

/**
 * Opens a pool; nothing connects before the first query. `onError` hears of idle connections that broke (the pool replaces them).
 * Counts (int8) arrive as numbers: none of ours comes near 2^53.
 */
export function openDatabase(
  connection: DatabaseConnection,
  options: {
    poolSize?: number;
    onError?: (error: Error) => void;
    /** Nobody else changes this database's tables, and no pooler stands before it: plans of statements are kept. */
    own?: boolean;
  } = {},
): OpenDatabase {
  const pool = new pg.Pool({
    ...connection,
    max: options.poolSize ?? 10,
    application_name: 'mislaid',
    // A server that is away or a pool in use must become an error that somebody hears, not a wait without end.
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types: {
      getTypeParser: (oid, format) => (oid === int8 ? Number : pg.types.getTypeParser(oid, format)),
    },
  });
  // Without a listener a broken idle connection would end the process.
  pool.on('error', (error) => {
    // The pool hangs the whole connection on it, with the values of its last statement: nothing for a log.
    Reflect.deleteProperty(error, 'client');
    options.onError?.(error);
  });
  // The pool's end does not wait for its connections' ends; a server stopped right after would still break them.
  const ends = new Set<Promise<unknown>>();
  pool.on('connect', (client) => {
    // The pool listens to idle connections only: without this, one that breaks under a transaction would end the process.
    client.on('error', () => {});
    const ended = new Promise<void>((resolve) => client.once('end', resolve)).finally(() => ends.delete(ended));
    ends.add(ended);
  });
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool: options.own === true ? preparingPool(pool) : pool }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true, underscoreBetweenUppercaseLetters: true })],
  });
  return {
    db,
    close: async () => {
      await db.destroy();
      await Promise.race([Promise.allSettled(ends), pause(closePatienceMs, undefined, { ref: false })]);
    },
  };
}

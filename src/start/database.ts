import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Closing } from '../ground/closing.ts';
import { separateAuditOwner } from '../store/audit-owner.ts';
import { awaitServer } from '../store/await-server.ts';
import { connectionFromUrl, type DatabaseConnection, openDatabase } from '../store/connect.ts';
import { startEmbeddedPostgres } from '../store/embedded/embedded-postgres.ts';
import { migrate } from '../store/migrate.ts';
import type { Database } from '../store/schema.ts';
import { refuseUnfinishedRestore } from '../store/unfinished-restore.ts';

type DatabaseInput = {
  config: Config;
  log: Logger;
  closing: Closing;
  /** To whoever started it, while it cannot go on. */
  announce?: (sentence: string) => void;
};

/** The database that DATABASE_URL names, or the embedded one in the data folder; brought to this version's tables. */
export async function openConfiguredDatabase({
  config,
  log,
  closing,
  announce,
}: DatabaseInput): Promise<{ db: Kysely<Database>; inbox: Kysely<Database>; connection: DatabaseConnection }> {
  const connection = await connect({ config, log, closing, ...(announce === undefined ? {} : { announce }) });
  // The embedded database is this process's alone.
  const own = config.DATABASE_URL === undefined;
  const { db, close } = openDatabase(connection, {
    own,
    poolSize: 20,
    onError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
  });
  closing.add('database connections', close);
  // Commands are stored before they are acknowledged: that must not wait behind what earlier ones set going.
  const inbox = openDatabase(connection, {
    own,
    // On a slow disk several inserts share one flush.
    poolSize: 8,
    onError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
  });
  closing.add('database connections of the inbox', inbox.close);
  await migrate(db);
  await refuseUnfinishedRestore(db);
  if (!own) {
    const owner = await separateAuditOwner(db);
    if (owner !== 'separate')
      log.warn({ owner }, 'the audit has no database role of its own: doctor says how to get one');
  }
  return { db, inbox: inbox.db, connection };
}

async function connect({ config, log, closing, announce }: DatabaseInput): Promise<DatabaseConnection> {
  if (config.DATABASE_URL !== undefined) {
    const connection = connectionFromUrl(config.DATABASE_URL);
    const stop = new AbortController();
    closing.add('wait for PostgreSQL', () => stop.abort());
    const tell = (sentence: string): void => {
      log.warn(sentence);
      announce?.(sentence);
    };
    await awaitServer({ connection, tell, signal: stop.signal });
    return connection;
  }
  const postgres = await startEmbeddedPostgres({ dataFolder: config.MISLAID_DATA, log });
  closing.add('embedded PostgreSQL', () => postgres.stop());
  return postgres.connection;
}

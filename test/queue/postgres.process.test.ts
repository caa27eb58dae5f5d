import { sql } from 'kysely';
import pg from 'pg';
import { inject } from 'vitest';
import { postgresBackend } from '../../src/queue/backend.ts';
import { testDatabase } from '../setup/database.ts';
import { queueContract } from './contract.ts';
import { silent } from './world.ts';

queueContract('PostgreSQL', async () => {
  const database = await testDatabase({ poolSize: 10 });
  const name = database.connection.database;

  async function asAdmin(...statements: string[]): Promise<void> {
    const client = new pg.Client({ ...inject('testServer'), database: 'postgres' });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }

  return {
    database,
    prefix: 'contract',
    backend: (timing) => postgresBackend({ connection: database.connection, log: silent, timing }),
    stealLock: async (jobId) => {
      await sql`update bullmq.job set lock_token = 'somebody else' where id = ${jobId}`.execute(database.db);
    },
    // The store is away with it, as on one machine. Each ending is waited for: one that came late would cut what comes after `back`.
    away: () =>
      asAdmin(
        `alter database ${name} allow_connections false`,
        `select pg_terminate_backend(pid, 30000) from pg_stat_activity where datname = '${name}'`,
      ),
    back: () => asAdmin(`alter database ${name} allow_connections true`),
    close: database.close,
  };
});

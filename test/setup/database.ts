import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { inject } from 'vitest';
import { openDatabase, urlOf } from '../../src/store/connect.ts';
import type { Database } from '../../src/store/schema.ts';
import type { TestServer } from './global.ts';

export type TestDatabase = {
  db: Kysely<Database>;
  /** Spreads into the options of a pg Pool; `url` is the same for `DATABASE_URL` of another process. */
  connection: TestServer;
  url: string;
  /** Drops the database, whoever is still connected. */
  close(): Promise<void>;
};

/** A fresh, migrated database of the calling test file; close it in afterAll. */
export function testDatabase(options: { poolSize?: number } = {}): Promise<TestDatabase> {
  return createDatabase(inject('testServer').database, options);
}

/** The same without any table: for what migrates it step by step. */
export function emptyDatabase(): Promise<TestDatabase> {
  return createDatabase('template0');
}

async function createDatabase(template: string, options: { poolSize?: number } = {}): Promise<TestDatabase> {
  const server = inject('testServer');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await command(server, `create database ${name} template ${template} strategy file_copy`);
  const connection = { ...server, database: name };
  const { db, close } = openDatabase(connection, { poolSize: options.poolSize ?? 5 });
  return {
    db,
    connection,
    url: urlOf(connection),
    close: async () => {
      await close();
      await command(server, `drop database ${name} with (force)`);
    },
  };
}

async function command(server: TestServer, sql: string): Promise<void> {
  const client = new pg.Client({ ...server, database: 'postgres' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

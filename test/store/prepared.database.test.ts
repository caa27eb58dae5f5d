import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenDatabase, openDatabase } from '../../src/store/connect.ts';
import type { Database } from '../../src/store/schema.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { eventually } from '../setup/eventually.ts';

let database: TestDatabase;
let own: OpenDatabase;

beforeAll(async () => {
  database = await testDatabase();
  own = openDatabase(database.connection, { own: true, poolSize: 1 });
});
afterAll(async () => {
  await own.close();
  await database.close();
});

async function prepared({ db }: OpenDatabase): Promise<string[]> {
  const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(db);
  return rows.map(({ statement }) => statement);
}

const settingOf = (db: Kysely<Database>, key: string) =>
  db.selectFrom('setting').select('value').where('key', '=', key).executeTakeFirst();

it('keeps the plan of a statement that comes again, within a transaction as well, and answers the same', async () => {
  await own.db.insertInto('setting').values({ key: 'one', value: '{"n":1}' }).execute();
  for (let time = 0; time < 2; time += 1) expect(await settingOf(own.db, 'one')).toEqual({ value: { n: 1 } });
  expect(await prepared(own)).toEqual([]);
  expect(await settingOf(own.db, 'one')).toEqual({ value: { n: 1 } });
  expect(await prepared(own)).toEqual(['select "value" from "setting" where "key" = $1']);

  await own.db.transaction().execute(async (tx) => {
    await tx.updateTable('setting').set({ value: '{"n":2}' }).where('key', '=', 'one').execute();
    expect(await settingOf(tx, 'one')).toEqual({ value: { n: 2 } });
  });
  expect(await settingOf(own.db, 'one')).toEqual({ value: { n: 2 } });
  expect(await settingOf(own.db, 'another')).toBeUndefined();
  expect(await prepared(own)).toHaveLength(1);
});

it('prepares on every connection of the pool, and again where one was lost', async () => {
  const pair = openDatabase(database.connection, { own: true, poolSize: 2 });
  try {
    for (let time = 0; time < 4; time += 1) await Promise.all([settingOf(pair.db, 'one'), settingOf(pair.db, 'one')]);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and application_name = 'mislaid'
      and query like '%"setting"%' and datname = current_database()`.execute(database.db);
    await eventually(async () => expect(await settingOf(pair.db, 'one')).toEqual({ value: { n: 2 } }));
  } finally {
    await pair.close();
  }
});

it('fills no connection with statements that differ each time', async () => {
  for (let count = 1; count <= 450; count += 1) {
    const keys = Array.from({ length: count }, (_, index) => `k${index}`);
    for (let time = 0; time < 3; time += 1)
      await own.db.selectFrom('setting').select('key').where('key', 'in', keys).execute();
  }
  expect((await prepared(own)).length).toBeLessThanOrEqual(400);
  expect(await settingOf(own.db, 'one')).toEqual({ value: { n: 2 } });
});

it('leaves a database alone that others migrate or a pooler stands before', async () => {
  const shared = openDatabase(database.connection, { poolSize: 1 });
  try {
    for (let time = 0; time < 5; time += 1) await settingOf(shared.db, 'one');
    expect(await prepared(shared)).toEqual([]);
  } finally {
    await shared.close();
  }
});

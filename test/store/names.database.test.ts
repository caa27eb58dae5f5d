import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../setup/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

test('every column is found under the name that it has in TypeScript', async () => {
  const { rows } = await sql<{ tableName: string; columnName: string }>`
    select table_name, column_name from information_schema.columns where table_schema = 'public'`.execute(database.db);
  const lost: string[] = [];
  for (const { tableName, columnName } of rows) {
    // What a row of this column would be called, read back from the database itself.
    const [name] = Object.keys(
      (await sql`select null as ${sql.raw(`"${columnName}"`)}`.execute(database.db)).rows[0] ?? {},
    );
    if (name === undefined) throw new Error(`${columnName} has no name`);
    await database.db
      .selectFrom(sql.table(tableName).as('t'))
      .select(sql.ref(`t.${name}`).as('value'))
      .limit(0)
      .execute()
      .catch(() => lost.push(`${tableName}.${columnName}`));
  }

  expect(rows.length).toBeGreaterThan(100);
  expect(lost).toEqual([]);
});

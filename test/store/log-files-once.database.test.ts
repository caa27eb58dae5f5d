/** Logs that two readers counted twice are read again after the upgrade; all others stay as they are. */
import { Migrator, sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrations } from '../../src/store/migrations/index.ts';
import { emptyDatabase, type TestDatabase } from '../setup/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await emptyDatabase();
});
afterAll(() => database.close());

const file = (server: string, kind: string, identity: string, hash: string, position: number) => sql`
  insert into log_file (organisation, server, kind, identity, path, head_hash, head_length, position, header, skipping, size, modified_at, read_at)
  values ('real', ${server}, ${kind}, ${identity}, 'a.log', ${hash}, 900, ${position}, '', false, 9, now(), now())`;
const hour = (server: string, kind: string) => sql`
  insert into log_hour (server, kind, hour) values (${server}, ${kind}, '2026-03-02T09:00:00Z')`;

it('takes what was counted twice, and gives each identity to one file', async () => {
  const { db } = database;
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  await migrator.migrateTo('0025-log-anonymous');
  for (const statement of [
    file('EX01', 'backEnd', 'one', 'same', 100),
    file('EX01', 'backEnd', 'one', 'same', 100),
    file('EX01', 'frontEnd', 'one', 'same', 100),
    file('EX02', 'backEnd', 'two', 'old', 100),
    file('EX02', 'backEnd', 'two', 'new', 50),
    hour('EX01', 'backEnd'),
    hour('EX01', 'frontEnd'),
    hour('EX02', 'backEnd'),
  ])
    await statement.execute(db);
  expect((await migrator.migrateToLatest()).error).toBeUndefined();

  const files = await db
    .selectFrom('logFile')
    .select(['server', 'kind', 'identity', 'headHash'])
    .orderBy('id')
    .execute();
  expect(files).toEqual([
    { server: 'EX01', kind: 'frontEnd', identity: 'one', headHash: 'same' },
    { server: 'EX02', kind: 'backEnd', identity: expect.stringMatching(/^two until \d+$/), headHash: 'old' },
    { server: 'EX02', kind: 'backEnd', identity: 'two', headHash: 'new' },
  ]);
  const hours = await db.selectFrom('logHour').select(['server', 'kind']).orderBy('server').execute();
  expect(hours).toEqual([
    { server: 'EX01', kind: 'frontEnd' },
    { server: 'EX02', kind: 'backEnd' },
  ]);
  await expect(file('EX02', 'backEnd', 'two', 'third', 0).execute(db)).rejects.toThrow(/log_file_identity/);
});

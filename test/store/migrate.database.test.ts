import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionFromUrl, openDatabase, urlOf } from '../../src/store/connect.ts';
import { migrate } from '../../src/store/migrate.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { eventually } from '../setup/eventually.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

describe('migrate', () => {
  it('does nothing on a database that is up to date', async () => {
    await migrate(database.db);
    const { rows } = await sql<{ n: number }>`select count(*) as n from kysely_migration`.execute(database.db);
    expect(rows[0]?.n).toBeGreaterThan(0);
  });

  it('lets one of several racing processes migrate while the others wait', async () => {
    await sql`create database race`.execute(database.db);
    const pools = [0, 1, 2].map(() => openDatabase({ ...database.connection, database: 'race' }, { poolSize: 2 }));
    try {
      await Promise.all(pools.map(({ db }) => migrate(db)));
      const people = await pools[0]?.db.selectFrom('person').selectAll().execute();
      expect(people).toEqual([]);
    } finally {
      await Promise.all(pools.map(({ close }) => close()));
      await sql`drop database race with (force)`.execute(database.db);
    }
  });

  it('names the migration of a newer version that it does not know', async () => {
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', now()::text)`.execute(database.db);
    await expect(migrate(database.db)).rejects.toMatchObject({
      code: 'database-newer',
      message: expect.stringContaining('9999-later'),
    });
    await sql`delete from kysely_migration where name = '9999-later'`.execute(database.db);
  });
});

describe('connections', () => {
  it('reaches the same database through its URL', async () => {
    const { db, close } = openDatabase(connectionFromUrl(database.url), { poolSize: 1 });
    const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(db);
    await close();
    expect(rows).toEqual([{ name: database.connection.database }]);
  });

  it('writes a URL that survives odd characters', () => {
    const url = urlOf({ host: '/a b/c', port: 5432, user: 'm', password: 'p@/:#', database: 'd' });
    expect(url).toBe('postgresql://m:p%40%2F%3A%23@%2Fa%20b%2Fc:5432/d');
  });

  it('refuses another kind of address without repeating it', () => {
    expect(() => connectionFromUrl('mysql://root:hunter2@db')).toThrow(/^DATABASE_URL is not/);
  });

  it('survives a connection that the server cuts', async () => {
    const cut: Error[] = [];
    const { db, close } = openDatabase(database.connection, { poolSize: 1, onError: (error) => cut.push(error) });
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
    await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(database.db);
    await eventually(() => expect(cut.length).toBe(1));
    await expect(sql`select 1 as one`.execute(db)).resolves.toMatchObject({ rows: [{ one: 1 }] });
    await close();
  });
});

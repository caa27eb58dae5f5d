import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendAudit, auditHash, auditIsWritable, genesisHash, loadChainEnd } from '../../src/audit/chain.ts';
import { readAudit } from '../../src/audit/read.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { testStore } from '../setup/store.ts';
import { entry, noon } from './entries.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase({ poolSize: 12 });
});
afterAll(async () => database.close());

async function append(...numbers: number[]): Promise<void> {
  await database.db.transaction().execute((tx) => appendAudit(tx, noon, numbers.map(entry)));
}

describe('appendAudit', () => {
  it('chains entries from the first one on, and reads back what was hashed', async () => {
    await append(1, 2);
    await append(3);

    const records = [];
    for await (const record of readAudit(database.db, { batch: 2 })) records.push(record);

    expect(records.map((record) => record.seq)).toEqual([1, 2, 3]);
    expect(records.map((record) => record.prevHash)).toEqual([genesisHash, records[0]?.hash, records[1]?.hash]);
    expect(records.map(auditHash)).toEqual(records.map((record) => record.hash));
    expect(records[0]).toMatchObject({ at: '2026-03-02T12:00:00.123Z', subject: 'wipe:1', data: entry(1).data });
  });

  it('keeps one chain when many append at once', async () => {
    const before = await loadChainEnd(database.db);

    await Promise.all(Array.from({ length: 40 }, (_, n) => append(n, n + 1)));

    const verdict = await verifyAudit(database.db, { batch: 7 });
    expect(verdict).toMatchObject({ ok: true, size: before.seq + 80, problems: [] });
  });

  it('survives what PostgreSQL cannot store, and numbers of every size', async () => {
    const data = {
      'k\0ey': 'a\0b',
      lone: 'x\ud800y',
      tiny: 1e-300,
      huge: 1e300,
      nothing: undefined,
      minus: -0,
      deep: [{ at: noon }],
    };

    await database.db
      .transaction()
      .execute((tx) =>
        appendAudit(tx, noon, [{ action: 'a\0b', subject: 'x:1', actor: { guid: null, identity: null }, data }]),
      );

    expect((await verifyAudit(database.db)).problems).toEqual([]);
  });

  it('refuses a transaction that would not see the newest entry', async () => {
    const appended = database.db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((tx) => appendAudit(tx, noon, [entry(1)]));

    await expect(appended).rejects.toMatchObject({ code: 'audit-wrong-isolation' });
  });

  it.each([
    ['UPDATE', sql`update audit set subject = 'wipe:9' where seq = 1`],
    ['DELETE', sql`delete from audit where seq = 1`],
    ['TRUNCATE', sql`truncate audit`],
  ])('is protected against %s by mistake', async (_name, statement) => {
    await expect(statement.execute(database.db)).rejects.toThrow('append-only');
  });
});

describe('an audit that cannot be written', () => {
  it('rolls back the change that it should have recorded', async () => {
    const fixture = await testStore({ appendAudit });
    try {
      await sql`create function disk_is_full() returns trigger language plpgsql as
        $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`.execute(
        fixture.db,
      );
      await sql`create trigger full_disk before insert on audit for each row execute function disk_is_full()`.execute(
        fixture.db,
      );

      const changed = fixture.store.change(async (change) => {
        await change.tx.insertInto('setting').values({ key: 'tried', value: '{}' }).execute();
        change.audit(entry(1));
      });

      await expect(changed).rejects.toMatchObject({ code: '53100' });
      expect(await fixture.db.selectFrom('setting').select('key').where('key', '=', 'tried').execute()).toEqual([]);
      expect(await auditIsWritable(fixture.db, noon)).toMatchObject({ ok: false, cause: { code: '53100' } });
    } finally {
      await fixture.close();
    }
  });

  it('is tried out without leaving a trace', async () => {
    const before = await loadChainEnd(database.db);

    expect(await auditIsWritable(database.db, noon)).toEqual({ ok: true });

    expect(await loadChainEnd(database.db)).toEqual(before);
  });
});

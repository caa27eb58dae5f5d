import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPeople } from '../../src/directory/find.ts';
import { lookUpPeople, refreshDirectory } from '../../src/directory/refresh.ts';
import { openLab } from '../../src/exchange/lab/index.ts';
import { setLabAvailable } from '../../src/exchange/lab/operations.ts';
import { labMailboxes } from '../../src/exchange/lab/people.ts';
import { seedLab } from '../../src/exchange/lab/seed.ts';
import type { Exchange } from '../../src/exchange/port.ts';
import { testClock } from '../setup/clock.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';

const clock = testClock();
let database: TestDatabase;
let exchange: Exchange;

beforeAll(async () => {
  database = await testDatabase();
  await seedLab({ db: database.db, clock, historyHours: 0 });
  exchange = openLab({ db: database.db, clock, requestor: '' });
});
afterAll(() => database.close());

/** Every row of the directory with the transaction that wrote it. */
async function versions(): Promise<string[]> {
  const { rows } = await sql<{ version: string }>`
    select 'person ' || guid || ' ' || xmin as version from person
    union all select 'form ' || form || ' ' || xmin from person_form order by version`.execute(database.db);
  return rows.map(({ version }) => version);
}

describe('the directory', () => {
  it('learns one person by name, with a number that is not the lost phone', async () => {
    const found = await lookUpPeople({ db: database.db, exchange, clock }, 'alice ng');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      displayName: 'Alice Ng',
      organisation: 'lab',
      phones: ['+1 555 0111'],
      managerName: 'Renée Dubois',
      mailboxType: 'user',
      accountEnabled: true,
      addresses: ['alice.ng@contoso.example', 'alice.ng@mail.contoso.example'],
    });
    expect(await findPeople(database.db, 'lab', 'alice')).toMatchObject({ kind: 'one' });
    expect(await lookUpPeople({ db: database.db, exchange, clock }, 'nobody at all')).toEqual([]);
  });

  it('reads everybody, marks who has gone, and changes nothing while Exchange is away', async () => {
    expect(await refreshDirectory({ db: database.db, exchange, clock })).toEqual({
      people: labMailboxes.length,
      written: labMailboxes.length - 1,
      gone: 0,
    });
    expect(await findPeople(database.db, 'lab', 'sales desk')).toMatchObject({
      kind: 'one',
      person: { mailboxType: 'shared', accountEnabled: false },
    });

    clock.advance(3_600_000);
    await setLabAvailable(database.db, false);
    await expect(refreshDirectory({ db: database.db, exchange, clock })).rejects.toMatchObject({
      code: 'exchange-away',
    });
    await setLabAvailable(database.db, true);
    expect(await findPeople(database.db, 'lab', 'noor')).toMatchObject({ kind: 'one' });

    await database.db.deleteFrom('labMailbox').where('alias', '=', 'noor').execute();
    expect(await refreshDirectory({ db: database.db, exchange, clock })).toMatchObject({ gone: 0 });
    expect(await findPeople(database.db, 'lab', 'noor')).toMatchObject({ kind: 'one' });
    clock.advance(2 * 3_600_000);
    expect(await refreshDirectory({ db: database.db, exchange, clock })).toMatchObject({ gone: 1 });
    expect(await findPeople(database.db, 'lab', 'noor')).toMatchObject({ kind: 'none' });
  });

  it('keeps what is known of people whose user, or whose row, cannot be read this time', async () => {
    await refreshDirectory({ db: database.db, exchange, clock });
    const before = await findPeople(database.db, 'lab', 'alice.ng');
    const odd = openLab({
      db: database.db,
      clock,
      requestor: 'mislaid@contoso.example',
      onRead: (cmdlet, rows) => (cmdlet === 'list-users' ? [{ ...(rows[0] as object), Guid: null }] : rows),
    });
    clock.advance(1_000);
    await refreshDirectory({ db: database.db, exchange: odd, clock });

    expect(await findPeople(database.db, 'lab', 'alice.ng')).toEqual(before);
  });

  it('writes nobody whom it found as they are known, and only whom it did not', async () => {
    const renamed = openLab({
      db: database.db,
      clock,
      requestor: '',
      onRead: (cmdlet, rows) =>
        rows.map((row, index) =>
          cmdlet === 'list-mailboxes' && index === 0 ? { ...(row as object), DisplayName: 'Zora Quist' } : row,
        ),
    });
    await refreshDirectory({ db: database.db, exchange, clock });
    const before = await versions();
    clock.advance(3_600_000);
    expect(await refreshDirectory({ db: database.db, exchange, clock })).toMatchObject({ written: 0 });
    expect(await versions()).toEqual(before);

    expect(await refreshDirectory({ db: database.db, exchange: renamed, clock })).toMatchObject({ written: 1 });
    expect(
      (await versions()).filter((version) => version.startsWith('person ') && !before.includes(version)),
    ).toHaveLength(1);
    expect(await findPeople(database.db, 'lab', 'zora quist')).toMatchObject({ kind: 'one' });
    expect(await refreshDirectory({ db: database.db, exchange, clock })).toMatchObject({ written: 1 });
    expect(await findPeople(database.db, 'lab', 'zora quist')).toMatchObject({ kind: 'none' });
  });

  it.each([
    ['absent', null],
    ['of another kind', [{ Address: { Local: 'alice' } }]],
    ['empty', ''],
  ])('keeps by what roles and VIPs are known where it is %s, asked as a whole or by name', async (_what, value) => {
    await refreshDirectory({ db: database.db, exchange, clock });
    const before = await findPeople(database.db, 'lab', 'alice.ng@mail.contoso.example');
    expect(before.kind).toBe('one');
    const names = ['DisplayName', 'Alias', 'UserPrincipalName', 'PrimarySmtpAddress', 'EmailAddresses'];
    const told = [...names, 'RecipientTypeDetails', 'AccountDisabled'];
    const odd = openLab({
      db: database.db,
      clock,
      requestor: '',
      onRead: (_cmdlet, rows) =>
        rows.map((row) => ({
          ...(row as object),
          ...Object.fromEntries(told.filter((name) => name in (row as object)).map((name) => [name, value])),
        })),
    });
    await refreshDirectory({ db: database.db, exchange: odd, clock });
    expect(await findPeople(database.db, 'lab', 'alice.ng@mail.contoso.example')).toEqual(before);
    await lookUpPeople({ db: database.db, exchange: odd, clock }, 'alice ng');
    expect(await findPeople(database.db, 'lab', 'alice.ng@mail.contoso.example')).toEqual(before);
  });

  it('forgets an address that a mailbox no longer has', async () => {
    const without = openLab({
      db: database.db,
      clock,
      requestor: '',
      onRead: (cmdlet, rows) =>
        cmdlet === 'list-mailboxes'
          ? rows.map((row) => ({
              ...(row as object),
              EmailAddresses: [`SMTP:${(row as { PrimarySmtpAddress: string }).PrimarySmtpAddress}`],
            }))
          : rows,
    });
    await refreshDirectory({ db: database.db, exchange: without, clock });
    expect(await findPeople(database.db, 'lab', 'alice.ng@mail.contoso.example')).toMatchObject({ kind: 'none' });
    await refreshDirectory({ db: database.db, exchange, clock });
  });
});

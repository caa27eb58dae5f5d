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
    expect(await refreshDirectory({ db: database.db, exchange, clock })).toMatchObject({ gone: 1 });
    expect(await findPeople(database.db, 'lab', 'noor')).toMatchObject({ kind: 'none' });
  });
});

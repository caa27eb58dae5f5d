import { type LabInput, openLab } from '../../../src/exchange/lab/index.ts';
import { seededRandom } from '../../../src/exchange/lab/random.ts';
import { seedLab } from '../../../src/exchange/lab/seed.ts';
import { tickLab } from '../../../src/exchange/lab/tick.ts';
import type { Exchange } from '../../../src/exchange/port.ts';
import { countingIds, type TestClock, testClock } from '../../setup/clock.ts';
import { type TestDatabase, testDatabase } from '../../setup/database.ts';

export type OpenLab = {
  database: TestDatabase;
  clock: TestClock;
  exchange: Exchange;
  /** Moves the clock and lets the phones live through it; answers the number of contacts. */
  advance(milliseconds: number): Promise<number>;
  /** GUID of a phone's partnership, by its owner's alias and its friendly name: the first where there are two. */
  phone(alias: string, friendlyName: string): Promise<string>;
};

export const requestor = 'mislaid@contoso.example';

/** A seeded lab on a database of its own, at life's pace unless `speed` says otherwise. */
export async function openTestLab(
  input: Partial<LabInput> & { speed?: number; historyHours?: number } = {},
): Promise<OpenLab> {
  const { speed = 1, historyHours = 0, ...rest } = input;
  const database = await testDatabase();
  const clock = testClock();
  const { db } = database;
  const random = seededRandom('test');
  const ids = countingIds();
  await seedLab({ db, clock, historyHours });
  return {
    database,
    clock,
    exchange: openLab({ db, clock, requestor, ...rest }),
    advance: async (milliseconds) => {
      clock.advance(milliseconds);
      return (await tickLab({ db, clock, speed, random, ids })) ?? 0;
    },
    phone: async (alias, friendlyName) => {
      const row = await db
        .selectFrom('labDevice')
        .innerJoin('labMailbox', 'exchangeGuid', 'mailboxGuid')
        .select('guid')
        .where('alias', '=', alias)
        .where('friendlyName', '=', friendlyName)
        .orderBy('labDevice.id')
        .executeTakeFirstOrThrow();
      return row.guid;
    },
  };
}

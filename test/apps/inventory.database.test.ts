import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Inventory, storeInventory } from '../../src/apps/inventory.ts';
import { loadPhones } from '../../src/apps/phones.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { device } from './phones.ts';

const first = new Date('2026-03-02T09:00:00Z');
const second = new Date('2026-03-02T09:10:00Z');
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());
beforeEach(() => database.db.deleteFrom('mobileDevice').execute());

function inventory(readAt: Date, devices: readonly ReturnType<typeof device>[], whole = true): Inventory {
  return {
    readAt,
    whole: { devices: whole, rules: true },
    defaultAccessLevel: 'Allow',
    rules: [],
    devices: devices.map((one) => ({ ...one, firstSeenAt: readAt, readAt, gone: false })),
  };
}

async function versions(): Promise<string[]> {
  const { rows } = await sql<{
    version: string;
  }>`select guid || ' ' || xmin as version from mobile_device order by 1`.execute(database.db);
  return rows.map(({ version }) => version);
}

async function living(): Promise<string[]> {
  const rows = await database.db
    .selectFrom('mobileDevice')
    .selectAll()
    .where('gone', '=', false)
    .orderBy('guid')
    .execute();
  return rows.map(({ guid, deviceModel, firstSeenAt, readAt }) =>
    [guid, deviceModel, firstSeenAt.toISOString(), readAt.toISOString()].join(' '),
  );
}

describe('the inventory', () => {
  const one = device('one', { deviceModel: 'Model 1', clientVersion: null, firstSync: null });
  const two = device('two', { deviceModel: 'Model 2' });

  it('writes no device that it finds as it is known, and only those that it does not', async () => {
    const { db } = database;
    expect(await storeInventory(db, 'lab', inventory(first, [one, two]))).toMatchObject({ written: 2 });
    const before = await versions();
    expect(await storeInventory(db, 'lab', inventory(second, [one, two]))).toMatchObject({ written: 0 });
    expect(await versions()).toEqual(before);

    const changed = { ...two, deviceModel: 'Model 3' };
    expect(await storeInventory(db, 'lab', inventory(second, [one, changed]))).toMatchObject({ written: 1 });
    expect(await living()).toEqual([
      `one Model 1 ${first.toISOString()} ${first.toISOString()}`,
      `two Model 3 ${first.toISOString()} ${second.toISOString()}`,
    ]);
  });

  it('marks as gone what a whole reading lacks, and knows it again', async () => {
    const { db } = database;
    await storeInventory(db, 'lab', inventory(first, [one, two]));
    expect(await storeInventory(db, 'lab', inventory(second, [one], false))).toMatchObject({ written: 0 });
    expect(await living()).toHaveLength(2);
    expect(await storeInventory(db, 'lab', inventory(second, [one]))).toMatchObject({ written: 1 });
    expect(await living()).toHaveLength(1);
    expect(await storeInventory(db, 'lab', inventory(second, [one, two]))).toMatchObject({ written: 1 });
    expect(await living()).toHaveLength(2);
  });

  it('takes a name with half a character for what it is, and no other device is hurt', async () => {
    const half = device('half', { friendlyName: 'Phone \ud83d' });
    expect(await storeInventory(database.db, 'lab', inventory(first, [one, half]))).toMatchObject({ written: 2 });
    expect(await storeInventory(database.db, 'lab', inventory(second, [one, half]))).toMatchObject({ written: 0 });
  });

  it('is read page after page, and is whole', async () => {
    const many = Array.from({ length: 2500 }, (_, index) =>
      device(String(index).padStart(4, '0'), { deviceType: index % 2 === 0 ? 'iPhone' : 'CloudMagic' }),
    );
    await storeInventory(database.db, 'lab', inventory(first, many));
    const phones = await loadPhones(database.db, { organisation: 'lab', since: first });
    expect(phones.map(({ device: listed }) => listed?.guid)).toEqual(many.map(({ guid }) => guid));
    expect(phones.filter(({ app }) => app.key === 'cloudmagic')).toHaveLength(1250);
  });
});

/** What PostgreSQL counts of all phones is what they are, put together one by one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBlocked } from '../../src/apps/blocked.ts';
import { countTypes, countUses, listNewPhones } from '../../src/apps/counts.ts';
import { storeInventory } from '../../src/apps/inventory.ts';
import { dimensions, usesOf } from '../../src/apps/overview.ts';
import { loadPhonesNamedLike, loadPhonesOf, sumPhones } from '../../src/apps/phone-sums.ts';
import { loadPhones } from '../../src/apps/phones.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { device } from './phones.ts';

const now = new Date('2026-03-02T09:00:00Z');
const since = new Date('2026-02-23T09:00:00Z');
const organisation = 'lab' as const;
let database: TestDatabase;

const kept = { accessState: 'Blocked', accessReason: 'DeviceRule' };
const devices = [
  device('one', { deviceType: 'iPhone', deviceModel: 'iPhone15C2', personGuid: 'alice' }),
  device('two', { deviceType: 'iPhone', deviceModel: 'iPhone14C7', personGuid: 'alice' }),
  device('three', { deviceType: 'CloudMagic', userAgent: 'CloudMagic/1', personGuid: 'alice', ...kept }),
  device('four', { deviceType: 'cloudmagic', userAgent: 'CloudMagic/2', ...kept }),
  device('five', { deviceType: 'Andriod', accessState: 'Quarantined', accessReason: 'CommandFrequency' }),
  // No two phones for want of an id.
  device('six', { deviceType: 'Android', deviceId: '' }),
];

async function told(some: readonly ReturnType<typeof device>[]): Promise<void> {
  await storeInventory(database.db, organisation, {
    readAt: now,
    whole: { devices: true, rules: true },
    defaultAccessLevel: 'Allow',
    rules: [],
    devices: some.map((one) => ({ ...one, firstSeenAt: now, readAt: now, gone: false })),
  });
  await sumPhones(database.db, organisation, now);
}

const rule = (queryString: string) => ({
  organisation,
  guid: queryString,
  name: `${queryString}(DeviceType)`,
  characteristic: 'DeviceType',
  queryString,
  accessLevel: 'Block',
  firstSeenAt: now,
  readAt: now,
  goneAt: null,
});

beforeAll(async () => {
  database = await testDatabase();
  await database.db
    .insertInto('person')
    .values({
      guid: 'alice',
      organisation,
      displayName: 'Alice Ng',
      alias: 'alice',
      upn: 'alice@contoso.example',
      primarySmtp: 'alice@contoso.example',
      addresses: '[]',
      department: '',
      phones: '[]',
      managerName: '',
      mailboxType: 'user',
      refreshedAt: now,
      gone: false,
    })
    .execute();
  await told(devices);
});
afterAll(() => database.close());

describe('all phones', () => {
  it.each(dimensions)('by %s', async (by) => {
    const phones = await loadPhones(database.db, { organisation, since });
    const expected = usesOf(phones, by).map(({ phones: own, app, ...use }) => ({
      ...use,
      app: app && { key: app.key, kind: app.kind },
      phones: own.length,
    }));
    expect(await countUses(database.db, organisation, by)).toEqual(expected);
  });

  it('by what they call themselves, and whose new ones are of which app', async () => {
    expect(await countTypes(database.db, organisation)).toContainEqual({ type: 'Andriod', phones: 1 });
    const found = await listNewPhones(database.db, organisation, since);
    expect(found.find(({ app }) => app === 'cloudmagic')?.people).toEqual(['Alice Ng', 'an account that is not known']);
    expect(await listNewPhones(database.db, organisation, new Date(now.getTime() + 1))).toEqual([]);
  });

  it('of one app, and of its names', async () => {
    const { db } = database;
    const phones = await loadPhonesOf(db, { organisation, since, app: 'cloudmagic' });
    expect(phones.map(({ device: listed }) => listed?.guid).sort()).toEqual(['four', 'three']);
    const one = (await loadPhones(db, { organisation, since })).filter(({ device: listed }) => listed?.guid === 'one');
    const alike = await loadPhonesNamedLike(db, { organisation, since }, one);
    expect(alike.map(({ device: listed }) => listed?.guid)).toEqual(['one', 'two']);
  });

  it('kept out, by rule and by reason', async () => {
    const { db } = database;
    await db.updateTable('appPhone').set({ refused: 7, refusedAt: now }).where('deviceGuid', '=', 'four').execute();
    const found = await loadBlocked(db, organisation, [rule('CloudMagic'), rule('Cloudmagik')]);
    expect(found.rules.map(({ caught, denied, lastDenied }) => [caught, denied, lastDenied])).toEqual([[2, 7, now]]);
    expect(found.idle.map(({ rule: { name } }) => name)).toEqual(['Cloudmagik(DeviceType)']);
    expect(found.reasons.map(({ state, words, phones, people }) => [`${state} ${words}`, phones, people])).toEqual([
      ['blocked by a device access rule', 2, 2],
      ['quarantined automatically: too many commands; clears by itself', 1, 1],
    ]);
    expect(found.reasons[0]?.names).toEqual(['Alice Ng', 'an account that is not known']);
  });

  it('as they change, come and go', async () => {
    const [one, , ...others] = devices;
    await told(one === undefined ? others : [{ ...one, personGuid: null }, ...others]);
    const uses = await countUses(database.db, organisation, 'type');
    expect(uses.find(({ name }) => name === 'iPhone')).toMatchObject({ phones: 1, people: 1 });
    await told([]);
    expect(await countUses(database.db, organisation, 'type')).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clearMobileDevice } from '../../../src/exchange/cmdlets/clear-mobile-device.ts';
import { getMobileDeviceStatistics } from '../../../src/exchange/cmdlets/get-mobile-device-statistics.ts';
import { removeMobileDevice } from '../../../src/exchange/cmdlets/remove-mobile-device.ts';
import { setCasMailbox } from '../../../src/exchange/cmdlets/set-cas-mailbox.ts';
import { advanceLab, createLabClock } from '../../../src/exchange/lab/clock.ts';
import {
  changeLabPassword,
  labLedger,
  labPhonesNow,
  returnLabPhone,
  setLabEdge,
} from '../../../src/exchange/lab/operations.ts';
import { labMailboxes } from '../../../src/exchange/lab/people.ts';
import { labPhones } from '../../../src/exchange/lab/phones.ts';
import { seededRandom } from '../../../src/exchange/lab/random.ts';
import { labMailboxGuid, seedLab } from '../../../src/exchange/lab/seed.ts';
import { tickLab } from '../../../src/exchange/lab/tick.ts';
import { startLabTicker } from '../../../src/exchange/lab/ticker.ts';
import { countingIds } from '../../setup/clock.ts';
import { eventually } from '../../setup/eventually.ts';
import { type OpenLab, openTestLab } from './open.ts';

const hour = 3_600_000;
let lab: OpenLab;

beforeAll(async () => {
  lab = await openTestLab();
});
afterAll(() => lab.database.close());

async function statistics(Identity: string) {
  const [row] = await lab.exchange.run(getMobileDeviceStatistics, { Identity });
  if (row === undefined) throw new Error('no such device');
  return row;
}

async function lastContact(deviceId: string) {
  return lab.database.db
    .selectFrom('labContact')
    .selectAll()
    .where('deviceId', '=', deviceId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
}

describe('the lab', () => {
  it('is seeded once, with everybody the issue names', async () => {
    expect(await seedLab({ db: lab.database.db, clock: lab.clock })).toBe(false);
    expect(labMailboxes.length).toBeGreaterThanOrEqual(14);
    expect(labPhones.length).toBeGreaterThanOrEqual(25);
    expect(labMailboxes.filter(({ displayName }) => displayName.startsWith('Alice'))).toHaveLength(2);
    const phones = await labPhonesNow(lab.database.db);
    expect(new Set(phones.map((phone) => phone.guid)).size).toBe(labPhones.length);
    expect(phones.filter((phone) => phone.owner === 'Noor Haddad')).toEqual([]);
  });

  it('is the same for the same seed, and another for another', () => {
    const draw = (seed: string) => Array.from({ length: 5 }, seededRandom(seed));
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
    expect(draw('a').every((number) => number >= 0 && number < 1)).toBe(true);
  });

  it('keeps a wipe that the phone refuses pending, however often it is told', async () => {
    const guid = await lab.phone('mei', 'Galaxy S21');
    await lab.exchange.run(clearMobileDevice, { Identity: guid });
    await lab.advance(2 * hour);
    const after = await statistics(guid);
    expect(after).toMatchObject({ status: 'DeviceWipePending', wipeAckTime: null });
    expect(after.wipeSentTime).toBeInstanceOf(Date);
    expect(await lastContact(after.deviceId)).toMatchObject({ command: 'Provision', easStatus: 2 });
  });

  it('tells a phone of nothing before that was asked, where its clock was moved on in between', async () => {
    const other = await openTestLab();
    const guid = await other.phone('victoria', 'iPhone 15 Pro Max');
    // Its contacts of these hours fell due before the request, and are caught up with after it.
    other.clock.advance(3 * hour);
    await other.exchange.run(clearMobileDevice, { Identity: guid });
    const asked = other.clock.now().getTime();
    await other.advance(1_000);
    await other.advance(2 * hour);
    const [row] = await other.exchange.run(getMobileDeviceStatistics, { Identity: guid });
    await other.database.close();

    expect(row?.wipeSentTime?.getTime()).toBeGreaterThanOrEqual(asked);
    expect(row?.wipeAckTime?.getTime()).toBeGreaterThanOrEqual(asked);
  });

  it('leaves a wipe pending for ever where the phone does not report it', async () => {
    const guid = await lab.phone('tom', 'Pixel 6');
    await lab.exchange.run(clearMobileDevice, { Identity: guid });
    await lab.advance(2 * hour);
    expect(await statistics(guid)).toMatchObject({
      status: 'DeviceWipePending',
      wipeSentTime: null,
      wipeAckTime: null,
    });
    expect((await labPhonesNow(lab.database.db)).find((phone) => phone.guid === guid)?.erasedAt).not.toBeNull();
  });

  it('tells no wipe to a phone whose password was changed, which gets 401', async () => {
    const guid = await lab.phone('alice.moreau', 'iPhone 13');
    const { deviceId } = await statistics(guid);
    expect(await changeLabPassword(lab.database.db, lab.clock, labMailboxGuid('alice.moreau'))).toBe(true);
    await lab.exchange.run(clearMobileDevice, { Identity: guid });
    await lab.advance(3 * hour);
    expect(await statistics(guid)).toMatchObject({ status: 'DeviceWipePending', wipeSentTime: null });
    expect(await lastContact(deviceId)).toMatchObject({ httpStatus: 401, easStatus: null });
  });

  it('tells no wipe to a blocked phone, which gets 403', async () => {
    const guid = await lab.phone('ines', 'Galaxy A54');
    const { deviceId } = await statistics(guid);
    await lab.exchange.run(setCasMailbox, {
      Identity: labMailboxGuid('ines'),
      ActiveSyncBlockedDeviceIDs: { Add: [deviceId] },
    });
    await lab.exchange.run(clearMobileDevice, { Identity: guid });
    await lab.advance(3 * hour);
    expect(await statistics(guid)).toMatchObject({ status: 'DeviceWipePending', wipeSentTime: null });
    expect(await lastContact(deviceId)).toMatchObject({ httpStatus: 403, easStatus: 129, access: 'BlockedI' });
  });

  it('only blocks a phone that supports no wipe', async () => {
    const guid = await lab.phone('gita', 'Nokia E63');
    await lab.exchange.run(clearMobileDevice, { Identity: guid });
    await lab.advance(2 * hour);
    expect(await statistics(guid)).toMatchObject({ status: 'DeviceBlocked', wipeSentTime: null, wipeSupported: false });
  });

  it('wipes a phone again that comes back before its partnership was removed, and lets it in after', async () => {
    const guid = await lab.phone('renee', 'iPhone');
    const { deviceId } = await statistics(guid);
    await lab.exchange.run(clearMobileDevice, { Identity: guid });
    await lab.advance(2 * hour);
    const first = (await statistics(guid)).wipeAckTime;
    expect(first).toBeInstanceOf(Date);

    await lab.advance(hour);
    expect((await statistics(guid)).wipeAckTime).toEqual(first);
    await returnLabPhone(lab.database.db, lab.clock, guid);
    await lab.advance(hour);
    const second = (await statistics(guid)).wipeAckTime;
    expect(second?.getTime()).toBeGreaterThan(first?.getTime() ?? Number.NaN);

    await lab.exchange.run(removeMobileDevice, { Identity: guid });
    await lab.advance(hour);
    expect(await lab.exchange.run(getMobileDeviceStatistics, { Identity: guid })).toEqual([]);
    await returnLabPhone(lab.database.db, lab.clock, guid);
    await lab.advance(hour);
    const mine = await lab.exchange.run(getMobileDeviceStatistics, { Mailbox: labMailboxGuid('renee') });
    expect(mine.find((device) => device.deviceId === deviceId)).toMatchObject({ status: 'DeviceOk' });
  });

  it('never hears of a phone that does not come back', async () => {
    const guid = await lab.phone('karl', 'iPhone SE');
    await lab.exchange.run(clearMobileDevice, { Identity: guid });
    await lab.advance(20 * hour);
    expect(await statistics(guid)).toMatchObject({ status: 'DeviceWipePending', wipeSentTime: null });
  });

  it('cuts waits at the edge, and phones find the longer wait when the edge is mended', async () => {
    const guid = await lab.phone('bob', 'Galaxy S23');
    await lab.advance(6 * hour);
    expect((await statistics(guid)).lastPingHeartbeat).toBeLessThanOrEqual(307);
    const { deviceId } = await statistics(guid);
    const cut = await lab.database.db
      .selectFrom('labContact')
      .select(['durationMs', 'edge'])
      .where('deviceId', '=', deviceId)
      .where('win32Status', '=', 64)
      .execute();
    expect(cut.length).toBeGreaterThan(0);
    for (const { durationMs, edge } of cut) {
      expect(edge).toBe('LB1');
      expect(Math.round(durationMs / 1000)).toBe(300);
    }
    expect(await setLabEdge(lab.database.db, 'lb1', 3600)).toBe(true);
    expect(await setLabEdge(lab.database.db, 'LB9', 3600)).toBe(false);
    await lab.advance(24 * hour);
    expect((await statistics(guid)).lastPingHeartbeat).toBeGreaterThan(1000);
  });

  it('is ticked by one process at a time', async () => {
    lab.clock.advance(hour);
    const tick = { db: lab.database.db, clock: lab.clock, speed: 1, random: seededRandom('other'), ids: countingIds() };
    const contacts = await Promise.all([tickLab(tick), tickLab(tick)]);
    expect(contacts.filter((count) => count !== undefined && count > 0)).toHaveLength(1);
  });
});

describe('the clock of the lab', () => {
  it('moves for every process when it is advanced, and never back', async () => {
    const input = { db: lab.database.db, base: { now: () => new Date('2026-03-02T09:00:00Z') }, pollMs: 20 };
    const [one, other] = [await createLabClock(input), await createLabClock(input)];
    try {
      const before = one.now();
      await advanceLab(lab.database.db, 20 * 60_000);
      await one.refresh();
      expect(one.now().getTime() - before.getTime()).toBe(20 * 60_000);
      await eventually(() => expect(other.now()).toEqual(one.now()));
      await expect(advanceLab(lab.database.db, -1)).rejects.toThrow('only moves forward');
    } finally {
      one.stop();
      other.stop();
    }
  });
});

describe('a lab at the pace of a demonstration', () => {
  it('has the iPhone of Alice Ng acknowledge its wipe within a minute', async () => {
    const demo = await openTestLab({ speed: 30, historyHours: 1 });
    try {
      const guid = await demo.phone('alice.ng', 'iPhone 15');
      await demo.advance(1000);
      await demo.exchange.run(clearMobileDevice, { Identity: guid, AccountOnly: true });
      let seconds = 0;
      for (; seconds < 60; seconds += 1) {
        await demo.advance(1000);
        const [row] = await demo.exchange.run(getMobileDeviceStatistics, { Identity: guid });
        if (row?.accountWipeAckTime !== null) break;
      }
      expect(seconds).toBeLessThan(60);
    } finally {
      await demo.database.close();
    }
  });

  it('lives through a long sleep at a bearable pace, and goes on at its own', async () => {
    const demo = await openTestLab({ speed: 60 });
    try {
      const contacts = await demo.advance(12 * hour);
      // Two days of life, not thirty: about a contact every ten minutes and phone.
      expect(contacts).toBeGreaterThan(5_000);
      expect(contacts).toBeLessThan(40_000);
      await demo.advance(1000);
      const latest = demo.clock.now().getTime() + hour / 60;
      for (const { nextContactAt } of await labPhonesNow(demo.database.db)) {
        expect(nextContactAt?.getTime() ?? 0).toBeLessThanOrEqual(latest);
      }
    } finally {
      await demo.database.close();
    }
  });

  it('ticks by itself until it is stopped', async () => {
    const errors: unknown[] = [];
    const before = (await labPhonesNow(lab.database.db)).map((phone) => phone.nextContactAt);
    lab.clock.advance(hour);
    const ticker = startLabTicker({
      db: lab.database.db,
      clock: lab.clock,
      speed: 1,
      random: seededRandom('ticker'),
      ids: countingIds(),
      everyMs: 5,
      onError: (error) => errors.push(error),
    });
    await eventually(async () => {
      expect((await labPhonesNow(lab.database.db)).map((phone) => phone.nextContactAt)).not.toEqual(before);
    });
    await ticker.stop();
    expect(errors).toEqual([]);
  });
});

describe('what was asked of the lab', () => {
  it('stands in the ledger with its effect, or not at all', async () => {
    const seen: string[] = [];
    const broken = await openTestLab({
      onChange: async (_cmdlet, moment) => {
        seen.push(moment);
        if (moment === 'inside') throw new Error('killed');
      },
    });
    try {
      const guid = await broken.phone('hana', 'iPhone 14');
      await expect(broken.exchange.run(clearMobileDevice, { Identity: guid })).rejects.toMatchObject({
        code: 'exchange-away',
        reached: 'perhaps',
      });
      expect(seen).toEqual(['before', 'inside']);
      expect(await labLedger(broken.database.db)).toEqual([]);
      expect(await broken.exchange.run(getMobileDeviceStatistics, { Identity: guid })).toMatchObject([
        { wipeRequestTime: null },
      ]);
    } finally {
      await broken.database.close();
    }
  });
});

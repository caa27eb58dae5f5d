import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cancelMobileDeviceWipe } from '../../src/exchange/cmdlets/cancel-mobile-device-wipe.ts';
import { clearMobileDevice } from '../../src/exchange/cmdlets/clear-mobile-device.ts';
import { getCasMailbox } from '../../src/exchange/cmdlets/get-cas-mailbox.ts';
import { getMailbox } from '../../src/exchange/cmdlets/get-mailbox.ts';
import { getMobileDevice } from '../../src/exchange/cmdlets/get-mobile-device.ts';
import { getMobileDeviceStatistics } from '../../src/exchange/cmdlets/get-mobile-device-statistics.ts';
import { getRecipient } from '../../src/exchange/cmdlets/get-recipient.ts';
import { getUser } from '../../src/exchange/cmdlets/get-user.ts';
import { listMailboxes } from '../../src/exchange/cmdlets/list-mailboxes.ts';
import { listUsers } from '../../src/exchange/cmdlets/list-users.ts';
import { removeMobileDevice } from '../../src/exchange/cmdlets/remove-mobile-device.ts';
import { setCasMailbox } from '../../src/exchange/cmdlets/set-cas-mailbox.ts';
import type { Exchange } from '../../src/exchange/port.ts';

/** What the suite must know of the organisation it is run on. Every device is another one; GUIDs in lower case. */
export type ExchangeSeed = {
  mailbox: { guid: string; address: string; displayName: string };
  /** EAS 16.1, makes contact soon: will be wiped, wiped account-only, have its wipe cancelled, be removed. */
  wiped: string;
  accountWiped: string;
  cancelled: string;
  removed: string;
  /** EAS 14.1: knows no account-only wipe. */
  legacy: string;
  /** What Exchange records as the requestor of a wipe. */
  requestor: string;
};

export type ExchangeSubject = {
  exchange: Exchange;
  /** Every change that was asked of Exchange, in order. */
  ledger(): Promise<readonly { cmdlet: string; target: string; arguments: Record<string, unknown>; outcome: string }[]>;
  /** Time passes, and the phones live through it. */
  advance(milliseconds: number): Promise<void>;
  seedInfo: ExchangeSeed;
  close(): Promise<void>;
};

const nowhere = '99999999-9999-4999-8999-999999999999';
const hour = 3_600_000;

/** What every Exchange behind the port does, whatever is below it. */
export function exchangeContract(name: string, open: () => Promise<ExchangeSubject>): void {
  describe(`Exchange: ${name}`, () => {
    let subject: ExchangeSubject;
    let exchange: Exchange;
    let seed: ExchangeSeed;

    beforeAll(async () => {
      subject = await open();
      exchange = subject.exchange;
      seed = subject.seedInfo;
    });
    afterAll(() => subject?.close());

    async function statisticsOf(Identity: string) {
      const [row] = await exchange.run(getMobileDeviceStatistics, { Identity });
      if (row === undefined) throw new Error(`no statistics of ${Identity}`);
      return row;
    }

    it('finds a mailbox by GUID and by address, and its user by the same object', async () => {
      const [byAddress] = await exchange.run(getMailbox, { Identity: seed.mailbox.address });
      const [byGuid] = await exchange.run(getMailbox, { Identity: seed.mailbox.guid });
      expect(byAddress).toEqual(byGuid);
      expect(byGuid).toMatchObject({ guid: seed.mailbox.guid, displayName: seed.mailbox.displayName });
      expect(byGuid?.addresses).toContain(seed.mailbox.address);
      const [user] = await exchange.run(getUser, { Identity: seed.mailbox.guid });
      expect(user).toMatchObject({ objectGuid: byGuid?.objectGuid, displayName: seed.mailbox.displayName });
    });

    it('says so when there is no such mailbox', async () => {
      await expect(exchange.run(getMailbox, { Identity: nowhere })).rejects.toMatchObject({
        code: 'exchange-not-found',
        reached: 'no',
      });
      await expect(exchange.run(getMobileDevice, { Mailbox: nowhere })).rejects.toMatchObject({
        code: 'exchange-not-found',
      });
      expect(await exchange.run(getRecipient, { Anr: 'zzz nobody' })).toEqual([]);
    });

    it('lists everybody, each with his user', async () => {
      const mailboxes = await exchange.run(listMailboxes, {});
      const users = new Set((await exchange.run(listUsers, {})).map((user) => user.objectGuid));
      expect(mailboxes.map((mailbox) => mailbox.guid)).toContain(seed.mailbox.guid);
      expect(mailboxes.every((mailbox) => users.has(mailbox.objectGuid))).toBe(true);
      const [recipient] = await exchange.run(getRecipient, { Anr: seed.mailbox.displayName });
      expect(recipient).toMatchObject({ mailboxGuid: seed.mailbox.guid });
    });

    it('prints a device in the directory and in the mailbox under one GUID', async () => {
      const [device] = await exchange.run(getMobileDevice, { Identity: seed.legacy });
      const statistics = await statisticsOf(seed.legacy);
      expect(device).toMatchObject({
        guid: seed.legacy,
        clientVersion: 141,
        clientType: 'EAS',
        accessState: 'Allowed',
      });
      expect(device?.name).toBe(`${device?.deviceType}§${device?.deviceId}`);
      expect(device?.identity).toContain('/ExchangeActiveSyncDevices/');
      expect(device?.firstSyncTime).toBeInstanceOf(Date);
      expect(statistics).toMatchObject({
        guid: seed.legacy,
        deviceId: device?.deviceId,
        friendlyName: device?.friendlyName,
        status: 'DeviceOk',
        wipeRequestTime: null,
      });
      expect(statistics.lastSuccessSync).toBeInstanceOf(Date);
      expect(statistics.firstSyncTime).toEqual(device?.firstSyncTime);
    });

    it('never takes an unknown device for all devices', async () => {
      expect(await exchange.run(getMobileDevice, { Identity: nowhere })).toEqual([]);
      expect(await exchange.run(getMobileDeviceStatistics, { Identity: nowhere })).toEqual([]);
    });

    it.each([
      ['an empty mailbox', (on: Exchange) => on.run(getMobileDevice, { Mailbox: '' })],
      ['a blank mailbox', (on: Exchange) => on.run(getMobileDeviceStatistics, { Mailbox: '  ' })],
      ['neither mailbox nor device', (on: Exchange) => on.run(getMobileDevice, {})],
      ['mailbox and device', (on: Exchange) => on.run(getMobileDevice, { Mailbox: 'a', Identity: nowhere })],
      ['a wildcard', (on: Exchange) => on.run(getMailbox, { Identity: '*' })],
      ['an empty device', (on: Exchange) => on.run(clearMobileDevice, { Identity: '' })],
      ['a device by its name', (on: Exchange) => on.run(clearMobileDevice, { Identity: 'iPhone§ABC' })],
      [
        'an empty address',
        (on: Exchange) => on.run(clearMobileDevice, { Identity: nowhere, NotificationEmailAddresses: [''] }),
      ],
      ['no device to remove', (on: Exchange) => on.run(removeMobileDevice, { Identity: '' })],
      ['a change of nothing', (on: Exchange) => on.run(setCasMailbox, { Identity: nowhere })],
      [
        'an empty list',
        (on: Exchange) => on.run(setCasMailbox, { Identity: nowhere, ActiveSyncBlockedDeviceIDs: { Add: [] } }),
      ],
    ])('refuses %s unsent', async (_what, call) => {
      const before = await subject.ledger();
      await expect(call(exchange)).rejects.toMatchObject({ code: 'exchange-refused-unsent', reached: 'no' });
      expect(await subject.ledger()).toEqual(before);
    });

    it('says so when there is no such device to wipe or remove', async () => {
      for (const cmdlet of [clearMobileDevice, cancelMobileDeviceWipe, removeMobileDevice]) {
        await expect(exchange.run(cmdlet, { Identity: nowhere })).rejects.toMatchObject({
          code: expect.stringMatching(/^exchange-(not-found|device-not-in-mailbox)$/),
          reached: 'refused',
        });
      }
    });

    it('refuses an account-only wipe of a client that knows none, and asks for nothing', async () => {
      await expect(exchange.run(clearMobileDevice, { Identity: seed.legacy, AccountOnly: true })).rejects.toMatchObject(
        { code: 'exchange-refused' },
      );
      expect(await statisticsOf(seed.legacy)).toMatchObject({
        status: 'DeviceOk',
        wipeRequestTime: null,
        accountWipeRequestTime: null,
      });
    });

    it('takes a wipe from asked to acknowledged, and cannot take it back then', async () => {
      const asked = (await subject.ledger()).length;
      expect(
        await exchange.run(clearMobileDevice, {
          Identity: seed.wiped,
          NotificationEmailAddresses: [seed.mailbox.address],
        }),
      ).toEqual([]);
      const pending = await statisticsOf(seed.wiped);
      expect(pending).toMatchObject({ status: 'DeviceWipePending', wipeSentTime: null, wipeAckTime: null });
      expect(pending.wipeRequestor).toBe(seed.requestor);
      expect(pending.wipeRequestTime).toBeInstanceOf(Date);
      expect(pending.accountWipeRequestTime).toBeNull();
      expect((await subject.ledger()).slice(asked)).toMatchObject([
        { cmdlet: 'clear-mobile-device', target: seed.wiped, outcome: 'done' },
      ]);

      await subject.advance(hour);
      const done = await statisticsOf(seed.wiped);
      expect(done.status).toBe('DeviceWipeSucceeded');
      expect(done.wipeRequestTime).toEqual(pending.wipeRequestTime);
      expect(done.wipeSentTime?.getTime()).toBeGreaterThanOrEqual(pending.wipeRequestTime?.getTime() ?? Number.NaN);
      expect(done.wipeAckTime?.getTime()).toBeGreaterThan(done.wipeSentTime?.getTime() ?? Number.NaN);

      // Too late is no error: only reading again tells.
      expect(await exchange.run(cancelMobileDeviceWipe, { Identity: seed.wiped })).toEqual([]);
      expect((await statisticsOf(seed.wiped)).wipeRequestTime).toEqual(pending.wipeRequestTime);
    });

    it('takes an account-only wipe by its own times', async () => {
      await exchange.run(clearMobileDevice, { Identity: seed.accountWiped, AccountOnly: true });
      expect(await statisticsOf(seed.accountWiped)).toMatchObject({
        status: 'AccountOnlyDeviceWipePending',
        wipeRequestTime: null,
        accountWipeRequestTime: expect.any(Date),
        accountWipeRequestor: seed.requestor,
      });
      await subject.advance(hour);
      expect(await statisticsOf(seed.accountWiped)).toMatchObject({
        status: 'AccountOnlyDeviceWipeSucceeded',
        wipeRequestTime: null,
        wipeAckTime: null,
        accountWipeAckTime: expect.any(Date),
      });
    });

    it('takes a wipe back while the phone has not heard of it', async () => {
      await exchange.run(clearMobileDevice, { Identity: seed.cancelled });
      await exchange.run(cancelMobileDeviceWipe, { Identity: seed.cancelled });
      expect(await statisticsOf(seed.cancelled)).toMatchObject({ status: 'DeviceOk', wipeRequestTime: null });
      await subject.advance(hour);
      expect(await statisticsOf(seed.cancelled)).toMatchObject({ status: 'DeviceOk', wipeSentTime: null });
    });

    it('forgets a pending wipe with the partnership, which a living phone creates anew', async () => {
      const [before] = await exchange.run(getMobileDevice, { Identity: seed.removed });
      const [owner] = (await exchange.run(listMailboxes, {})).filter((mailbox) =>
        before?.userDisplayName.endsWith(mailbox.displayName),
      );
      await exchange.run(clearMobileDevice, { Identity: seed.removed });
      await exchange.run(removeMobileDevice, { Identity: seed.removed });
      expect(await exchange.run(getMobileDevice, { Identity: seed.removed })).toEqual([]);

      await subject.advance(2 * hour);
      const devices = await exchange.run(getMobileDeviceStatistics, { Mailbox: owner?.guid ?? '' });
      const again = devices.find((device) => device.deviceId === before?.deviceId);
      expect(again).toMatchObject({ status: 'DeviceOk', wipeRequestTime: null });
      expect(again?.guid).not.toBe(seed.removed);
      expect(again?.firstSyncTime?.getTime()).toBeGreaterThan(before?.firstSyncTime?.getTime() ?? Number.NaN);
    });

    it('blocks and unblocks one device without touching the rest of the list', async () => {
      const Identity = seed.mailbox.guid;
      const lists = async () => (await exchange.run(getCasMailbox, { Identity }))[0]?.blockedDeviceIds;
      const before = await lists();
      await exchange.run(setCasMailbox, { Identity, ActiveSyncBlockedDeviceIDs: { Add: ['FIRST0001'] } });
      await exchange.run(setCasMailbox, { Identity, ActiveSyncBlockedDeviceIDs: { Add: ['SECOND002'] } });
      expect(await lists()).toEqual([...(before ?? []), 'FIRST0001', 'SECOND002']);
      await exchange.run(setCasMailbox, { Identity, ActiveSyncBlockedDeviceIDs: { Remove: ['FIRST0001'] } });
      expect(await lists()).toEqual([...(before ?? []), 'SECOND002']);
    });

    it('blocks a device by its id, with the reason', async () => {
      const [device] = await exchange.run(getMobileDevice, { Identity: seed.accountWiped });
      const Identity = device?.userDisplayName.split('/').at(-1) ?? '';
      const [owner] = await exchange.run(getMailbox, { Identity });
      await exchange.run(setCasMailbox, {
        Identity: owner?.guid ?? '',
        ActiveSyncBlockedDeviceIDs: { Add: [device?.deviceId ?? ''] },
      });
      const [blocked] = await exchange.run(getMobileDevice, { Identity: seed.accountWiped });
      expect(blocked).toMatchObject({ accessState: 'Blocked', accessReason: 'Individual' });
    });
  });
}

/** Two lists of Exchange, each row as it comes: what they agree on, what only one knows, what contradicts. */
import { describe, expect, it } from 'vitest';
import { mobileDeviceRow } from '../../../src/exchange/cmdlets/get-mobile-device.ts';
import { mobileDeviceStatisticsRow } from '../../../src/exchange/cmdlets/get-mobile-device-statistics.ts';
import { clientKnown, wipeTimesKnown } from '../../../src/incidents/devices/device.ts';
import { wipeRequests } from '../../../src/incidents/devices/held-requests.ts';
import { factsOf } from '../../../src/incidents/devices/read-facts.ts';
import { scopeFor } from '../../../src/incidents/wipe/scope.ts';

const guid = '0b6a4a2e-6f1a-4f0e-9f6d-2d5a1f6c0001';
const common = {
  Guid: guid,
  DeviceType: 'iPhone',
  DeviceModel: 'iPhone16C2',
  ClientType: 'EAS',
  ClientVersion: '16.1',
  DeviceAccessState: 'Allowed',
};

const directory = (more: Record<string, unknown> = {}) =>
  mobileDeviceRow.row.parse({ ...common, DeviceId: 'APPL1', FriendlyName: 'iPhone 15', ...more });
const statistics = (more: Record<string, unknown> = {}) =>
  mobileDeviceStatisticsRow.row.parse({
    ...common,
    DeviceID: 'APPL1',
    DeviceFriendlyName: 'iPhone 15',
    IsRemoteWipeSupported: true,
    LastSuccessSync: '2026-03-02T09:12:00Z',
    DeviceWipeRequestTime: null,
    DeviceWipeSentTime: null,
    DeviceWipeAckTime: null,
    ...more,
  });

function allowed(facts: Parameters<typeof scopeFor>[0] | undefined): string[] {
  if (facts === undefined) throw new Error('no facts');
  return scopeFor(facts, { accountOnly: true })
    .choices.filter((choice) => choice.allowed)
    .map(({ scope }) => scope);
}

describe('a device', () => {
  it('that both lists know is known whole', () => {
    const facts = factsOf([directory()], [statistics()]);

    expect(facts).toMatchObject({ knownTo: 'both', unreadable: [], contradicted: false });
    expect(facts && [wipeTimesKnown(facts), clientKnown(facts)]).toEqual([true, true]);
    expect(allowed(facts)).toEqual(['account-only', 'full']);
  });

  it('that only the mailbox knows is listed, with its wipes', () => {
    const facts = factsOf([], [statistics({ DeviceWipeRequestTime: '2026-03-02T09:00:00Z' })]);

    expect(facts).toMatchObject({ guid, name: 'iPhone 15', knownTo: 'mailbox', accessState: 'Allowed' });
    expect(facts?.wipe.full.requested).toBe('2026-03-02T09:00:00.000Z');
    expect(facts && wipeTimesKnown(facts)).toBe(true);
  });

  it('that only the directory knows has wipe times that are not known, and nothing is decided on it', () => {
    const facts = factsOf([directory()], []);

    expect(facts?.knownTo).toBe('directory');
    expect(facts && wipeTimesKnown(facts)).toBe(false);
    expect(allowed(facts)).toEqual([]);
  });

  it.each([
    ['DeviceType', 'Outlook'],
    ['ClientType', 'Outlook'],
    ['ClientVersion', '14.1'],
  ])('of which the lists tell another %s is promised nothing milder than a factory reset', (property, value) => {
    const facts = factsOf([directory()], [statistics({ [property]: value })]);

    expect(facts).toMatchObject({ disagreeing: [property], contradicted: false });
    expect(allowed(facts)).toEqual(['full']);
  });

  it('of which neither list tells the type is promised nothing milder either', () => {
    const facts = factsOf([directory({ DeviceType: '' })], [statistics({ DeviceType: null })]);

    expect(allowed(facts)).toEqual(['full']);
  });

  it('of which one list leaves something empty is known by the other', () => {
    const empty = { DeviceType: null, ClientType: '', ClientVersion: null, DeviceId: null };
    const facts = factsOf([directory(empty)], [statistics()]);

    expect(facts).toMatchObject({
      type: 'iPhone',
      client: 'eas',
      clientVersion: 161,
      deviceId: 'APPL1',
      disagreeing: [],
    });
    expect(allowed(facts)).toEqual(['account-only', 'full']);
  });

  it('whose wipe times are not among the properties has some that are not known', () => {
    const { DeviceWipeAckTime: _gone, ...row } = {
      ...common,
      DeviceWipeRequestTime: null,
      DeviceWipeSentTime: null,
      DeviceWipeAckTime: null,
    };
    const facts = factsOf([directory()], [mobileDeviceStatisticsRow.row.parse(row)]);

    expect(facts && wipeTimesKnown(facts)).toBe(false);
  });

  it.each([
    [30, false],
    [90, true],
  ])('that synced %d seconds after its acknowledgement came back: %s', (seconds, back) => {
    const acknowledged = Date.parse('2026-03-02T09:10:00Z');
    const facts = factsOf(
      [directory()],
      [
        statistics({
          DeviceWipeRequestTime: '2026-03-02T09:00:00Z',
          DeviceWipeAckTime: new Date(acknowledged).toISOString(),
          LastSuccessSync: new Date(acknowledged + seconds * 1_000).toISOString(),
        }),
      ],
    );

    expect(facts && wipeRequests(facts)).toMatchObject([{ syncedSince: back }]);
  });

  it('in two rows that say the same is one', () => {
    const facts = factsOf([directory(), directory()], [statistics(), statistics({ NumberOfFoldersSynced: 3 })]);

    expect(facts?.contradicted).toBe(false);
  });

  it.each([
    ['wipes', [statistics(), statistics({ DeviceWipeRequestTime: '2026-03-02T09:00:00Z' })]],
    ['identity', [statistics(), statistics({ DeviceID: 'APPL2' })]],
  ])('in two rows that disagree about its %s is contradicted, and nothing is decided on it', (_, rows) => {
    const facts = factsOf([directory()], rows);

    expect(facts?.contradicted).toBe(true);
    expect(allowed(facts)).toEqual([]);
  });

  it.each(['ClientVersion', 'ClientType', 'DeviceType', 'IsRemoteWipeSupported'])(
    'whose %s cannot be read is promised nothing milder than a factory reset',
    (property) => {
      const facts = factsOf([directory()], [statistics({ [property]: ['odd'] })]);

      expect(facts?.unreadable).toEqual([property]);
      expect(allowed(facts)).toEqual(['full']);
    },
  );

  it('whose wipe times cannot be read is shown, and nothing is decided on it', () => {
    const facts = factsOf([directory()], [statistics({ DeviceWipeAckTime: '2026-03-02 09:00' })]);

    expect(facts?.wipe.full.acknowledged).toBeNull();
    expect(facts && wipeTimesKnown(facts)).toBe(false);
    expect(allowed(facts)).toEqual([]);
  });
});

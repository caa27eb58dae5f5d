import { describe, expect, it } from 'vitest';
import { changedSince, type FreezeInput, Frozen, freeze, tellsEnough } from '../../../src/incidents/wipe/frozen.ts';
import { device, noTimes, noWipe } from '../facts.ts';

const proposal: FreezeInput = {
  mailboxGuid: 'mailbox-1',
  device: device(),
  scope: 'account-only',
  approvalsHash: 'hash-1',
};

function changed(now: Partial<FreezeInput>): string[] {
  const stored = Frozen.parse(JSON.parse(JSON.stringify(freeze(proposal))));
  return changedSince(stored, { ...proposal, ...now });
}

describe('changedSince', () => {
  it('finds nothing when nothing changed, after storage too', () => {
    expect(changed({})).toEqual([]);
  });

  it.each([
    ['last sync', device({ lastSync: '2026-03-02T09:40:00.000Z' })],
    ['last attempt', device({ lastAttempt: '2026-03-02T09:40:00.000Z' })],
    ['heartbeat', device({ lastHeartbeatSeconds: 470 })],
    ['name', device({ name: 'Another name' })],
    ['access state in other case', device({ accessState: 'allowed' })],
    ['spelling of an instant', device({ firstSync: '2025-01-07T08:00:00Z' })],
    ['first sync that is not told', device({ firstSync: null })],
    ['client version that is not told', device({ clientVersion: null })],
    ['client type that cannot be read', device({ client: 'other', unreadable: ['ClientType'] })],
    ['client type of no name', device({ client: 'other' })],
    ['access state that is not told', device({ accessState: '' })],
    ['wipe request that is not told', device({ knownTo: 'directory' })],
  ])('is not void by another %s', (_what, now) => {
    expect(changed({ device: now })).toEqual([]);
  });

  it.each<[string, Partial<FreezeInput>, RegExp]>([
    ['mailbox', { mailboxGuid: 'mailbox-2' }, /another mailbox/],
    ['device GUID', { device: device({ guid: '0b6a4a2e-6f1a-4f0e-9f6d-2d5a1f6c0002' }) }, /another partnership/],
    ['first sync', { device: device({ firstSync: '2026-03-02T09:31:00.000Z' }) }, /new partnership/],
    ['scope', { scope: 'full' }, /full now, not account-only/],
    ['client type', { device: device({ client: 'outlook' }) }, /connects as outlook/],
    ['client version', { device: device({ clientVersion: 141 }) }, /14\.1 now, not as eas 16\.1/],
    ['access state', { device: device({ accessState: 'Blocked' }) }, /Blocked now, not Allowed/],
    [
      'wipe request',
      { device: device({ wipe: { ...noWipe, full: { ...noTimes, requested: '2026-03-02T09:31:00.000Z' } } }) },
      /another wipe/,
    ],
    [
      'account-only wipe request',
      { device: device({ wipe: { ...noWipe, accountOnly: { ...noTimes, requested: '2026-03-02T09:31:00.000Z' } } }) },
      /account-only wipe/,
    ],
    [
      'requestor',
      { device: device({ wipe: { ...noWipe, full: { ...noTimes, requestor: 'otto@contoso.example' } } }) },
      /another requestor/,
    ],
    ['roles or approvals of the policy', { approvalsHash: 'hash-2' }, /policy changed/],
  ])('is void by another %s', (_what, now, sentence) => {
    const changes = changed(now);

    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatch(sentence);
  });
});

describe('tellsEnough', () => {
  it.each<[string, ReturnType<typeof device>, boolean, boolean]>([
    ['everything', device(), true, true],
    ['no access state', device({ accessState: '' }), true, true],
    ['no first sync', device({ firstSync: null }), false, false],
    ['one list only', device({ knownTo: 'directory' }), false, false],
    ['rows that contradict each other', device({ contradicted: true }), false, false],
    ['a wipe time that cannot be read', device({ unreadable: ['DeviceWipeAckTime'] }), false, false],
    ['no client version', device({ clientVersion: null }), true, false],
    ['a client type that cannot be read', device({ client: 'other', unreadable: ['ClientType'] }), true, false],
    ['a client type of no name', device({ client: 'other' }), true, false],
    ['no word on wipe support', device({ unreadable: ['IsRemoteWipeSupported'] }), true, false],
  ])('of a reading with %s', (_what, now, full, accountOnly) => {
    expect(tellsEnough(freeze({ ...proposal, scope: 'full' }), now)).toBe(full);
    expect(tellsEnough(freeze(proposal), now)).toBe(accountOnly);
  });

  it('of an Outlook app only a reading that it is still one', () => {
    const outlook = freeze({
      ...proposal,
      scope: 'outlook-app',
      device: device({ client: 'outlook', type: 'Outlook' }),
    });

    expect(tellsEnough(outlook, device({ client: 'rest', type: 'Outlook' }))).toBe(true);
    expect(tellsEnough(outlook, device({ client: 'other', type: '' }))).toBe(false);
  });
});

/** What is said of a device, from one function, wherever it is shown. */
import { describe, expect, it } from 'vitest';
import type { DeviceFacts } from '../../../src/incidents/devices/device.ts';
import { type DeviceStatusInput, deviceStatus } from '../../../src/incidents/devices/device-status.ts';
import { contradictedBy } from '../../../src/incidents/devices/held-requests.ts';
import { scopeFor } from '../../../src/incidents/wipe/scope.ts';
import type { Span } from '../../../src/message/model.ts';
import { device, noTimes } from '../facts.ts';

const readAt = new Date('2026-03-02T09:24:00.000Z');
const words = (spans: readonly (string | Span)[]) =>
  spans
    .map((span) =>
      typeof span === 'string' ? span : 'text' in span ? span.text : 'instant' in span ? span.instant : '',
    )
    .join('');

function status(input: Partial<DeviceStatusInput> = {}) {
  const { line, remarks, reach } = deviceStatus({ device: device(), readAt, ...input });
  return { line: words(line), remarks: remarks.map(words), reach: reach.summary, likelihood: reach.likelihood };
}

const asked = {
  requested: '2026-03-02T08:00:00.000Z',
  sent: null,
  acknowledged: null,
  requestor: 'it@contoso.example',
};
const full = (more: object = {}) => ({ wipe: { full: { ...asked, ...more }, accountOnly: noTimes } });
const accountOnly = (more: object = {}) => ({ wipe: { full: noTimes, accountOnly: { ...asked, ...more } } });
const outlook = { client: 'outlook', type: 'Outlook', lastSync: null, lastAttempt: null, firstSync: null } as const;

describe('the line of a device', () => {
  it.each([
    ['a phone that syncs', {}, / — last sync 2026-03-02T09:12:00.000Z · allowed$/],
    ['one that never did', { lastSync: null, lastAttempt: null }, / — never synced · allowed$/],
    ['one that only the directory knows', { lastSync: null, knownTo: 'directory' }, /last sync not known/],
    ['one whose time cannot be read', { lastSync: null, unreadable: ['LastSuccessSync'] }, /last sync not known/],
    ['one that is blocked', { accessState: 'Blocked', accessReason: 'Individual' }, /· blocked for this person$/],
    ['one that a rule blocks', { accessState: 'Blocked', accessReason: 'DeviceRule' }, /by a device access rule$/],
    ['one with a reason of a newer Exchange', { accessState: 'Blocked', accessReason: 'Moon' }, /· blocked \(Moon\)$/],
    ['one whose access is not told', { accessState: '' }, /access not known$/],
  ] as const)('of %s', (_, facts, line) => {
    expect(status({ device: device(facts as object) }).line).toMatch(line);
  });

  it('never says "never" of Outlook on Exchange Online, which does not report it', () => {
    const online = status({ device: device(outlook), online: true });

    expect(online.line).toContain('Exchange does not report when Outlook last synced');
    expect(online.likelihood).toBe('not-known');
    expect(status({ device: device(outlook), online: false }).line).toContain('never synced');
    expect(status({ device: device(outlook) }).line).toContain('last sync not known');
  });
});

describe('ActiveSync below 16.1 on Exchange Online', () => {
  const old = { clientVersion: 141, lastSync: '2026-02-20T09:00:00.000Z', lastAttempt: '2026-02-20T09:00:00.000Z' };

  it('cannot hear of a wipe there', () => {
    expect(status({ device: device(old), online: true })).toMatchObject({
      likelihood: 'no',
      reach: expect.stringContaining('refused ActiveSync below 16.1 since 1 March 2026'),
    });
  });

  it('is not concluded on premises, for 16.1, or where the version is not known', () => {
    expect(status({ device: device(old) }).reach).not.toContain('16.1');
    expect(status({ device: device({ ...old, clientVersion: 161 }), online: true }).reach).not.toContain('refused');
    expect(status({ device: device({ ...old, clientVersion: null }), online: true }).reach).not.toContain('refused');
  });

  it('that has connected since is said with both', () => {
    const both = status({ device: device({ clientVersion: 141 }), online: true });

    expect(both.reach).toContain('both cannot be right');
    expect(both.likelihood).toBe('unlikely');
  });
});

describe('what Exchange holds', () => {
  it.each([
    ['a full wipe', full(), /holds a full wipe, asked for by it@contoso.example, not by Mislaid.*not been handed/],
    ['one handed over', full({ sent: '2026-03-02T08:10:00.000Z' }), /handed to the phone.*not acknowledged/],
    ['an account-only wipe', accountOnly(), /holds an account-only wipe/],
    ['one of an account without a mailbox', full({ requestor: null }), /by an account without a mailbox/],
    [
      'one acknowledged, and a sync since',
      full({ acknowledged: '2026-03-02T08:20:00.000Z' }),
      /acknowledged a full wipe.*has synced since.*repeats the wipe until the partnership is removed/,
    ],
  ] as const)('%s is said', (_, facts, sentence) => {
    expect(status({ device: device(facts) }).remarks.join()).toMatch(sentence);
  });

  it('says of our own request that it is ours, and leaves out what stands beside it as steps', () => {
    const input = { device: device(full()), own: [asked.requested] };

    expect(status(input).remarks.join()).toContain('asked for by Mislaid');
    expect(status({ ...input, shown: [asked.requested] }).remarks).toEqual([]);
  });

  it('is nothing where it is not known', () => {
    const doubts: Partial<DeviceFacts>[] = [
      { knownTo: 'directory' },
      { contradicted: true },
      { unreadable: ['DeviceWipeSentTime'] },
    ];
    for (const doubt of doubts) {
      const { remarks } = status({ device: device({ ...full(), ...doubt }) });
      expect(remarks).toHaveLength(1);
      expect(remarks[0]).not.toContain('holds');
    }
  });
});

describe('a proposal', () => {
  const choose = (facts: object) =>
    scopeFor(device(facts), { accountOnly: true })
      .choices.filter(({ allowed }) => allowed)
      .map(({ scope }) => scope);

  it.each([
    ['nothing', {}, ['account-only', 'full']],
    ['a full wipe', full(), []],
    ['an account-only wipe', accountOnly(), ['full']],
    ['a full wipe that was acknowledged', full({ acknowledged: '2026-03-02T10:00:00.000Z' }), ['account-only', 'full']],
    ['one acknowledged before the last sync', full({ acknowledged: '2026-03-02T08:20:00.000Z' }), ['full']],
  ])('beside %s', (_, facts, scopes) => {
    expect(choose(facts)).toEqual(scopes);
  });

  it('says who asked for what contradicts it', () => {
    expect(contradictedBy('account-only', device(full()))).toContain('it@contoso.example');
  });
});

describe('an account', () => {
  it('that is disabled, or whose password was changed, says why no wipe is heard of', () => {
    expect(status({ accountEnabled: false }).reach).toContain('the account is disabled');
    expect(status({ passwordChangedAt: new Date('2026-03-02T09:20:00Z') }).reach).toContain('the password was changed');
  });
});

describe('age', () => {
  it('is counted to the reading, so that a card that waits concludes nothing from its own age', () => {
    const { reach } = status({ device: device({ lastHeartbeatSeconds: 900 }) });
    expect(reach).toContain('holds a connection');
  });
});

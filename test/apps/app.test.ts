import { describe, expect, it } from 'vitest';
import { appOf } from '../../src/apps/app.ts';
import { appsMessage } from '../../src/apps/cards/apps.ts';
import { lastSeenMessage } from '../../src/apps/cards/last-seen.ts';
import { mailboxOwners } from '../../src/apps/inventory.ts';
import { knownApps } from '../../src/apps/known-apps.ts';
import { seenPhones } from '../../src/apps/last-seen.ts';
import { misspeltType } from '../../src/apps/misspelt.ts';
import { networksOf } from '../../src/apps/networks.ts';
import { findApp, usesOf } from '../../src/apps/overview.ts';
import { phone } from './phones.ts';

const names = { deviceType: '', deviceModel: '', userAgent: '', stray: '' };

describe('apps by the names they give themselves', () => {
  it.each([
    [{ deviceType: 'CloudMagic' }, 'CloudMagic', 'third-party'],
    [{ deviceType: 'iPhone', stray: 'Cm=CloudMagic' }, 'CloudMagic', 'third-party'],
    [{ deviceType: 'Android', userAgent: 'BlueMail/1.9' }, 'BlueMail', 'third-party'],
    [{ deviceType: 'iPhone', userAgent: 'Apple-iPhone15C4/2202.83' }, 'Apple Mail', 'native'],
    [{ deviceType: 'Outlook', userAgent: 'Outlook-Android/2.0' }, 'Outlook mobile', 'outlook'],
    [{ deviceType: 'SamsungDevice' }, 'Samsung Email', 'native'],
    [{ deviceType: 'NokiaE63' }, 'NokiaE63', 'unknown'],
    [{ userAgent: 'Foo/1.2 (x)' }, 'Foo', 'unknown'],
    [{ deviceType: '\u202eevil\u0000' }, 'evil', 'unknown'],
    [{}, 'Unnamed client', 'unknown'],
  ] as const)('%o is %s', (parts, name, kind) => {
    expect(appOf({ ...names, ...parts })).toMatchObject({ name, kind });
  });

  it('claims nothing without a source', () => {
    for (const { claims = [] } of knownApps)
      for (const { source } of claims) expect(new URL(source).protocol).toBe('https:');
  });

  it('counts people once, and finds an app by its name or by a string that only it has', () => {
    const phones = [
      phone('a', { deviceType: 'CloudMagic', deviceModel: 'CloudMagic Mail' }),
      phone('b', { deviceType: 'CloudMagic', deviceModel: 'CloudMagic' }),
      phone('c', { deviceType: 'iPhone' }),
    ];
    expect(usesOf(phones, 'app').map(({ name, people, phones: of }) => [name, people, of.length])).toEqual([
      ['CloudMagic', 2, 2],
      ['Apple Mail', 1, 1],
    ]);
    expect(findApp(phones, 'cloudmagic mail')).toMatchObject({ app: { name: 'CloudMagic' } });
    expect(findApp(phones, 'cloudmagik')).toEqual({ near: ['CloudMagic'] });
  });
});

describe('whose and from where', () => {
  it('finds the owner by either spelling of the path, and nobody by a name alone', async () => {
    const { note, ownerOf } = mailboxOwners();
    note([
      {
        unreadable: [],
        guid: 'g1',
        identity: 'contoso.example/Users/Alice Ng',
        distinguishedName: 'CN=Alice Ng,OU=Users,DC=contoso',
      },
    ]);
    expect(
      ownerOf({ identity: 'contoso.example/Users/Alice Ng/ExchangeActiveSyncDevices/iPhone§X', distinguishedName: '' }),
    ).toBe('g1');
    expect(
      ownerOf({
        identity: '',
        distinguishedName: 'CN=iPhone§X,CN=ExchangeActiveSyncDevices,CN=Alice Ng,OU=Users,DC=contoso',
      }),
    ).toBe('g1');
    expect(ownerOf({ identity: 'Alice Ng', distinguishedName: '' })).toBeUndefined();
  });

  it('finds nobody by a name that two mailboxes share, in whichever order they come', () => {
    const { note, ownerOf } = mailboxOwners();
    const named = (guid: string, distinguishedName: string) => ({
      unreadable: [],
      guid,
      identity: 'Alice Ng',
      distinguishedName,
    });
    note([
      named('g1', 'CN=Alice Ng,OU=Users'),
      named('g2', 'CN=Alice Ng,OU=Sales'),
      named('g1', 'CN=Alice Ng,OU=Users'),
    ]);
    const phone = 'CN=iPhone§X,CN=ExchangeActiveSyncDevices,CN=Alice Ng';
    const identity = 'Alice Ng/ExchangeActiveSyncDevices/iPhone§X';
    expect(ownerOf({ identity, distinguishedName: '' })).toBeUndefined();
    expect(ownerOf({ identity, distinguishedName: `${phone},OU=Sales` })).toBe('g2');
  });

  it('names networks of the policy, and groups the others by range', () => {
    const found = networksOf(
      ['192.0.2.7', '198.51.100.4', '198.51.100.9', '2001:db8:1:2::5', 'not an address'],
      [{ name: 'Office', ranges: ['192.0.2.0/24'] }],
    );
    expect(found).toEqual([
      { name: '198.51.100.0/24', addresses: 2 },
      { name: 'Office', addresses: 1 },
      { name: '2001:db8:1::/48', addresses: 1 },
    ]);
  });

  it('says that a phone which only the logs know is not in Exchange, and that logs lag', () => {
    const one = phone('a', { deviceType: 'CloudMagic' }, [{ at: '2026-03-02T08:00:00Z', http: 200, status: 1 }]);
    const seen = seenPhones([], [one], new Date('2026-03-02T09:00:00Z'));
    const message = lastSeenMessage({
      person: {
        guid: 'p',
        organisation: 'lab',
        displayName: 'Alice Ng',
        alias: 'alice',
        upn: '',
        primarySmtp: '',
        addresses: [],
        department: '',
        phones: [],
        managerName: '',
        mailboxType: 'user',
      },
      phones: seen,
      chart: undefined,
      freshness: { servers: 1, problems: ['EX03 could not be read.'], stillReading: false, progress: [] },
      exchangeAway: undefined,
    });
    const text = JSON.stringify(message);
    expect(text).toContain('Exchange lists no such device');
    expect(text).toContain('59 minutes');
    expect(text).toContain('EX03 could not be read.');
  });
});

it('names the type that a misspelt one probably means, and leaves apps their own names', () => {
  expect(['Andriod', 'iPhnoe', 'Android', 'CloudMagic', 'SamsungDevcie', 'NokiaE63'].map(misspeltType)).toEqual([
    'Android',
    'iPhone',
    undefined,
    undefined,
    'SamsungDevice',
    undefined,
  ]);
});

it('shows what is signed or spelt oddly, and counts it', () => {
  const phones = [
    phone('a', { deviceType: 'Andriod', deviceModel: '', userAgent: '' }, [{ at: '2026-03-02T08:00:00Z', http: 200 }]),
  ];
  const message = appsMessage({
    uses: usesOf(phones, 'app').map((use) => ({ ...use, phones: use.phones.length })),
    types: [{ type: 'Andriod', phones: 1 }],
    by: 'app',
    newSince: new Date('2026-03-01T00:00:00Z'),
    oddities: [
      { odd: 'stray-parameter', text: 'Cm=CloudMagic', requests: 3 },
      { odd: 'misspelt-stem', text: 'default.eas without ?', requests: 1 },
      { odd: 'probe', text: '', requests: 9 },
    ],
    chart: undefined,
    inventory: { readAt: null, problem: null, defaultAccessLevel: 'Allow' },
    freshness: { servers: 1, problems: [], stillReading: false, progress: [] },
  });
  const text = JSON.stringify(message);
  expect(text).toContain('perhaps Android, misspelt');
  expect(text).toContain('Cm=CloudMagic');
  expect(text).toContain(': 3 requests.');
  expect(text).toContain(': 1 request.');
  expect(text).not.toContain('9 requests');
});

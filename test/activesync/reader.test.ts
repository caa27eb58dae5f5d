import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { accountOwners, bareAccount } from '../../src/activesync/account.ts';
import { cutLines } from '../../src/activesync/reader/cut-lines.ts';
import { parseEasQuery } from '../../src/activesync/reader/query.ts';
import {
  type Dialect,
  headOf,
  lineOf,
  otherLine,
  type Request,
  requests,
  seeded,
  W3C_FRONT_END,
} from '../fixtures/activesync-logs.ts';
import { pieces, rolled, rows } from './roll.ts';

const samples = resolve(import.meta.dirname, '../../../shared/domain/samples');

function sample(name: string): string {
  const path = resolve(samples, name);
  if (!existsSync(path))
    throw new Error(
      `The sample ${name} is not at ../shared/domain/samples beside the project: this test reads it there.`,
    );
  return readFileSync(path, 'utf8');
}

const stamp = '2026-03-02 09:12:00';
const front = (
  query: string,
  rest = '443 CONTOSO\\alice 10.1.1.1 Apple-iPhone15C2/2205.0 - 200 0 0 600000',
  stem = '/Microsoft-Server-ActiveSync/default.eas',
) => `${stamp} 10.0.0.5 POST ${stem} ${query} ${rest}\r\n`;

describe('W3C lines', () => {
  test('the real Ping line of a back end gives its client, heartbeat, version and first forwarded address', async () => {
    const line = sample('iis-backend-ping-e2016.log').trim();
    const fields =
      '#Fields: date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status time-taken X-Forwarded-For';
    const batch = await rolled('backEnd', `${fields}\n${line}\n`);
    expect(rows(batch)).toMatchObject([
      {
        account: 'domain\\user',
        deviceId: '00000000000000000000000001',
        deviceType: 'iPhone',
        userAgent: 'Apple-iPhone11C6/1905.258',
        command: 'Ping',
        http: 200,
        status: 1,
        easVersion: 161,
        requests: 1,
        lastEnd: '2022-07-20T07:03:38.000Z',
        lastStart: '2022-07-20T06:53:38.000Z',
        lastAddress: '9.9.5.1',
      },
    ]);
    expect(batch.heartbeats).toMatchObject([
      { asked: 600, ended: 'heartbeat', requests: 1, longest: 600_013, win32: 0 },
    ]);
    expect(batch.samples).toMatchObject([{ asked: 600, command: 'Ping' }]);
  });

  test('the published lines of 2013 and 2016 give status, error, access state and system in both dialects', async () => {
    const [meeting = '', refresh = ''] = sample('iis-backend-eas-supportarticles.log').trim().split('\n');
    const fields = '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query sc-status s-port';
    const batch = await rolled(
      'backEnd',
      `${fields}\n${meeting.trim()} 200 444\n${stamp} 10.0.0.1 POST /Microsoft-Server-ActiveSync/Proxy/default.eas ${refresh.trim()} 200 444\n`,
    );
    expect(rows(batch)).toMatchObject([
      {
        account: 'jmartin@contoso.com',
        command: 'MeetingResponse',
        os: 'iOS 9.2 13C71',
        access: 'AllowedG',
        easVersion: 160,
        error: '',
      },
      {
        account: 'contoso\\e15',
        command: 'Sync',
        os: 'Android 4.1.2',
        status: 143,
        error: 'PolicyRefresh',
        easVersion: 141,
      },
    ]);
  });

  test('fields go by the header in force, wherever it re-appears', async () => {
    const moved = '#Fields: time date sc-status cs-uri-query cs-uri-stem c-ip cs(User-Agent)';
    const batch = await rolled(
      'frontEnd',
      `${W3C_FRONT_END}\r\n${front('Cmd=Sync&User=alice&DeviceId=A1&DeviceType=iPhone')}${moved}\r\n10:00:00 2026-03-02 401 Cmd=Sync&User=alice&DeviceId=A1&DeviceType=iPhone /Microsoft-Server-ActiveSync 10.9.9.9 Agent+Two\r\n`,
    );
    expect(rows(batch)).toMatchObject([
      { account: 'contoso\\alice', http: 200, lastAddress: '10.1.1.1', lastStart: '2026-03-02T09:02:00.000Z' },
      {
        account: 'alice',
        http: 401,
        lastAddress: '10.9.9.9',
        anonymous: true,
        userAgent: '',
        lastEnd: '2026-03-02T10:00:00.000Z',
      },
    ]);
  });

  test('without a header nothing is guessed, and the lines are counted', async () => {
    const batch = await rolled('frontEnd', front('Cmd=Sync&User=alice&DeviceId=A1&DeviceType=iPhone'));
    expect(batch.requests).toBe(0);
    expect(batch.odd).toEqual([{ kind: 'no-fields', text: '', requests: 1 }]);
  });

  test('probes, health mailboxes and half lines are dropped and counted; odd requests are kept and named', async () => {
    const batch = await rolled(
      'frontEnd',
      [
        `${W3C_FRONT_END}\r\n`,
        front('Cmd=Sync&User=alice&DeviceId=A1&DeviceType=iPhone&Cm=CloudMagic'),
        front('Cmd=Sync&User=alice&DeviceId=A1&DeviceType=Andriod'),
        front(
          '-',
          undefined,
          '/Microsoft-Server-ActiveSync/default.eascmd=sync&user=alice&deviceid=A1&devicetype=iPhone',
        ),
        front('Cmd=Sync&User=x&DeviceId=P&DeviceType=EASProbeDeviceType123'),
        front(
          'Cmd=Sync&User=x&DeviceId=P&DeviceType=iPhone',
          '443 HealthMailbox0c@contoso.example 127.0.0.1 x - 200 0 0 3',
        ),
        front('Cmd=Sync&User=x&DeviceId=P&DeviceType=iPhone', '443 - 127.0.0.1 AMProbe/Local/ClientAccess - 200 0 0 3'),
        `${stamp} 10.0.0.5 POST /Microsoft-Server-ActiveSync Cmd=Sync&User=alice&Dev\r\n`,
      ].join(''),
    );
    const found = rows(batch);
    expect(found.map(({ deviceType, stray, command, requests }) => ({ deviceType, stray, command, requests }))).toEqual(
      [
        { deviceType: 'iPhone', stray: 'Cm=CloudMagic', command: 'Sync', requests: 1 },
        { deviceType: 'Andriod', stray: '', command: 'Sync', requests: 1 },
        { deviceType: 'iPhone', stray: '', command: 'Sync', requests: 1 },
      ],
    );
    expect(Object.fromEntries(batch.odd.map(({ kind, text, requests }) => [`${kind}:${text}`, requests]))).toEqual({
      'stray-parameter:Cm=CloudMagic': 1,
      'misspelt-stem:default.eas without ?': 1,
      'probe:device type': 1,
      'health-mailbox:': 1,
      'probe:': 1,
      'unreadable-line:': 1,
    });
  });

  test('a wipe that a back end hands over is a sighting, whatever the HTTP status says', async () => {
    const log = (tokens: string) =>
      front(
        `Cmd=Sync&User=alice&DeviceId=A1&DeviceType=iPhone&Log=${tokens}`,
        '444 CONTOSO\\alice 10.1.1.1 x - 200 0 0 3',
        '/Microsoft-Server-ActiveSync/Proxy/default.eas',
      );
    const batch = await rolled(
      'backEnd',
      `${W3C_FRONT_END}\r\n${log('V141_S140_Error:RemoteWipeRequested_As:AllowedG_')}${log('SC1:140_Ver1:161_')}${log('SC1:1_')}`,
    );
    expect(batch.sightings.map(({ what }) => what)).toEqual(['S140', 'S140']);
  });

  test('how hanging requests ended', async () => {
    const ping = (tokens: string, taken: number, win32 = 0, http = 200) =>
      front(
        `Cmd=Ping&User=alice&DeviceId=A${taken}&DeviceType=iPhone&Log=${tokens}`,
        `444 CONTOSO\\alice 10.1.1.1 x - ${http} 0 ${win32} ${taken}`,
        '/Microsoft-Server-ActiveSync/Proxy/default.eas',
      );
    const batch = await rolled(
      'backEnd',
      `${W3C_FRONT_END}\r\n${ping('Hb:600_Rto:1_SC1:1_', 600_010)}${ping('Hb600_S2_', 42_000)}${ping('Hb:1200_', 300_100, 64)}${ping('Hb:900_', 900_001, 64)}${ping('Hb:60_SC1:5_', 20)}${ping('Hb:700_Error:PingCollisionDetected_', 100_000)}`,
    );
    expect(batch.heartbeats.map(({ asked, ended, win32, lived }) => ({ asked, ended, win32, lived }))).toEqual([
      { asked: 600, ended: 'heartbeat', win32: 0, lived: 0 },
      { asked: 600, ended: 'change', win32: 0, lived: 0 },
      { asked: 1200, ended: 'cut', win32: 64, lived: expect.closeTo(300, -1) },
      { asked: 900, ended: 'dropped', win32: 64, lived: expect.closeTo(900, -1.3) },
      { asked: 60, ended: 'refused', win32: 0, lived: 0 },
      { asked: 700, ended: 'overlapped', win32: 0, lived: expect.closeTo(100, -1) },
    ]);
  });

  test('a phone that returns while its earlier request hangs had lost it by then', async () => {
    const ping = (time: string, taken: number) =>
      `2026-03-02 ${time} 10.0.0.5 POST /Microsoft-Server-ActiveSync/Proxy/default.eas Cmd=Ping&User=alice&DeviceId=A1&DeviceType=iPhone&Log=Hb:3540_ 444 CONTOSO\\alice 10.1.1.1 x - 200 0 0 ${taken}\r\n`;
    // Starts at 08:00:00 and 08:05:00, both answered after 59 minutes.
    const batch = await rolled(
      'backEnd',
      `${W3C_FRONT_END}\r\n${ping('08:59:00', 3_540_000)}${ping('09:04:00', 3_540_000)}`,
    );
    expect(batch.heartbeats.find(({ ended }) => ended === 'overlapped')).toMatchObject({
      requests: 1,
      shortest: 300_000,
    });
  });

  test('a security identifier in place of the account gives way to the name in the query', async () => {
    const sid = '443 S-1-5-21-1023191730-727829927-3110000192-14176 10.1.1.1 x - 200 0 0 1';
    const batch = await rolled(
      'frontEnd',
      `${W3C_FRONT_END}\n${front('Cmd=Sync&User=alice%40contoso.example&DeviceId=A1&DeviceType=iPhone', sid)}${front('Cmd=Sync&DeviceId=A2&DeviceType=iPhone', sid)}`,
    );
    expect(rows(batch)).toMatchObject([
      { account: 'alice@contoso.example', anonymous: false },
      { account: 's-1-5-21-1023191730-727829927-3110000192-14176', anonymous: false },
    ]);
  });

  test('Latin-1 and control characters become readable text', async () => {
    const latin = Buffer.from(
      `${W3C_FRONT_END}\n${front('Cmd=Sync&User=alice&DeviceId=A1&DeviceType=iPhone', '443 CONTOSO\\jörg 10.1.1.1 x\u0001y - 200 0 0 1')}`,
      'latin1',
    );
    const [row] = rows(await rolled('frontEnd', latin));
    expect(row).toMatchObject({ account: 'contoso\\jörg' });
  });
});

describe('queries', () => {
  test('the base64 example of the protocol equals its plain form', () => {
    const [packedLine = '', , plainLine = ''] = sample('eas-base64-query.txt').split('\n');
    const packed = parseEasQuery(packedLine.slice(packedLine.indexOf('?')));
    const plain = parseEasQuery(plainLine.slice(plainLine.indexOf('?')));
    expect(packed).toMatchObject({
      command: 'Sync',
      deviceId: 'v140Device',
      deviceType: 'SmartPhone',
      user: '',
    });
    expect(plain).toMatchObject({
      command: 'Sync',
      deviceId: 'v140Device',
      deviceType: 'SmartPhone',
      user: 'rmjones',
    });
  });

  test('any order and case, and values that would make every request a client of its own are left out', () => {
    expect(
      parseEasQuery('devicetype=iPhone&CMD=ping&deviceID=X%2B1&USER=DOM%5CAlice&Token=9f8e7d6c5b4a39281706'),
    ).toEqual({
      command: 'Ping',
      user: 'dom\\alice',
      deviceId: 'X+1',
      deviceType: 'iPhone',
      stray: 'Token=…',
    });
    expect(parseEasQuery('-')).toBeUndefined();
    expect(parseEasQuery('jAAJ')).toBeUndefined();
  });
});

test('accounts: one person in every form, and nobody rather than the wrong one', () => {
  const alice = {
    guid: 'a',
    alias: 'alice',
    upn: 'alice.ng@contoso.example',
    primarySmtp: 'alice.ng@contoso.example',
    addresses: ['alice@old.example'],
  };
  const bob = {
    guid: 'b',
    alias: 'bob',
    upn: 'bob@contoso.example',
    primarySmtp: 'bob@contoso.example',
    addresses: [],
  };
  const otherBob = {
    guid: 'c',
    alias: 'bob',
    upn: 'bob@fabrikam.example',
    primarySmtp: 'bob@fabrikam.example',
    addresses: [],
  };
  const owner = accountOwners([alice, bob, otherBob]);
  expect(
    ['alice', 'CONTOSO\\alice', 'alice.ng@contoso.example', 'alice@old.example', 'contoso\\alice.ng'].map(owner),
  ).toEqual(['a', 'a', 'a', 'a', 'a']);
  expect(['bob', 'contoso\\bob', 'bob@contoso.example', 'bob@elsewhere.example'].map(owner)).toEqual([
    undefined,
    undefined,
    'b',
    undefined,
  ]);
  expect(['contoso\\alice', 'alice@contoso.example', 'alice'].map(bareAccount)).toEqual(['alice', 'alice', 'alice']);
});

const DIALECTS: readonly Dialect[] = [
  'frontEnd',
  'backEnd2016',
  'backEnd2013',
  'base64',
  'httpProxy',
  'edge',
  'haproxy',
  'apache',
  'f5',
  'citrix',
];
const KIND = {
  frontEnd: 'frontEnd',
  base64: 'frontEnd',
  backEnd2013: 'backEnd',
  backEnd2016: 'backEnd',
  httpProxy: 'httpProxy',
  edge: 'edge',
  haproxy: 'edge',
  apache: 'edge',
  f5: 'edge',
  citrix: 'edge',
} as const;

describe.each(DIALECTS)('generated lines of %s', (dialect) => {
  const made = [...requests({ users: 40, count: 3_000, from: 1_772_442_000, to: 1_772_460_000, seed: 3 })];
  const random = seeded(9);
  const text =
    headOf(dialect) +
    made
      .map((request, n) => lineOf(dialect, request, n) + (random() < 0.3 ? otherLine(dialect, request.end, n) : ''))
      .join('');

  test('counts and last times are those of the requests, in whatever pieces the file comes', async () => {
    for (const pieceBytes of [1 << 20, 977]) {
      const batch = await rolled(KIND[dialect], text, { pieceBytes });
      // What stands behind the query of somebody who had not logged in is not Exchange's word.
      const strangers = KIND[dialect] === 'backEnd' ? made.filter(({ http }) => http === 401).length : 0;
      expect(batch.odd.map(({ kind, requests }) => [kind, requests])).toEqual(
        strangers === 0 ? [] : [['untrusted-log', strangers]],
      );
      expect(totals(rows(batch).map((row) => ({ ...row, end: row.lastEnd })))).toEqual(
        totals(
          made.map((request) => ({
            ...request,
            ...(request.http === 401 ? { deviceType: '' } : {}),
            requests: 1,
            end: new Date(request.end * 1000).toISOString(),
          })),
        ),
      );
    }
  });
});

/** Requests and last end by person, device, type, agent, command and HTTP status. */
function totals(
  list: readonly (Pick<Request, 'account' | 'deviceId' | 'deviceType' | 'command' | 'http'> & {
    requests: number;
    end: string;
  })[],
) {
  const all = new Map<string, { requests: number; end: string }>();
  for (const { account, deviceId, deviceType, command, http, requests, end } of list) {
    // A base64 query names nobody: a request refused with 401 has no account then.
    const key = [bareAccount(account), deviceId, deviceType, command, http].join(' ');
    const known = all.get(key);
    all.set(key, {
      requests: (known?.requests ?? 0) + requests,
      end: known !== undefined && known.end > end ? known.end : end,
    });
  }
  return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('cutting lines', () => {
  const w3c = `${W3C_FRONT_END}\n`;

  async function cut(bytes: Uint8Array, last: boolean) {
    const chunks = [];
    for await (const chunk of cutLines(pieces(bytes, 1_000), {
      kind: 'frontEnd',
      from: { offset: 0, header: '', skipping: false },
      last,
      longestLine: 4_096,
    })) {
      chunks.push({ ...chunk, text: chunk.lines.toString('latin1') });
    }
    return chunks;
  }

  test('a half line at the end waits for the next reading, unless the file is closed', async () => {
    const text = Buffer.from(`${w3c}whole\nhalf`);
    expect((await cut(text, false)).at(-1)?.next).toEqual({
      offset: text.length - 4,
      header: W3C_FRONT_END,
      skipping: false,
    });
    expect((await cut(text, true)).at(-1)?.next.offset).toBe(text.length);
  });

  test('a line longer than a chunk is dropped and counted, and what follows is read', async () => {
    const text = Buffer.from(`${w3c}${'x'.repeat(20_000)}\nafter\n`);
    const chunks = await cut(text, false);
    expect(chunks.reduce((sum, { overLong }) => sum + overLong, 0)).toBe(1);
    expect(chunks.at(-1)).toMatchObject({
      text: 'after\n',
      header: W3C_FRONT_END,
      next: { offset: text.length, skipping: false },
    });
  });

  test('an endless line is never kept, and the next reading goes on skipping it', async () => {
    const chunks = await cut(Buffer.from(`${w3c}${'x'.repeat(50_000)}`), false);
    expect(chunks.at(-1)?.next).toEqual({ offset: w3c.length + 50_000, header: W3C_FRONT_END, skipping: true });
  });

  test('lines of 64 KB are read whole', async () => {
    const long = front(
      `Cmd=Sync&User=alice&DeviceId=A1&DeviceType=iPhone&Log=SC1:140_${'a'.repeat(65_536)}_Error:RemoteWipeRequested_`,
      '444 CONTOSO\\alice 10.1.1.1 x - 200 0 0 3',
    );
    const batch = await rolled('backEnd', w3c + long);
    expect(batch.sightings).toHaveLength(1);
  });
});

test('hostile content never throws, loops or grows, in any dialect', async () => {
  const random = seeded(42);
  const seeds = DIALECTS.map(
    (dialect) =>
      headOf(dialect) +
      [...requests({ users: 3, count: 4, from: 1_772_442_000, to: 1_772_442_900, seed: 1 })]
        .map((request, n) => lineOf(dialect, request, n))
        .join(''),
  );
  const nasty = [
    '\u0000',
    '"',
    '\\',
    '%',
    '&Log=',
    '#Fields:',
    ' ',
    '[',
    '\r',
    '\n',
    '\xff',
    ',',
    '_',
    ':',
    '=',
    '&',
    '?',
    'Hb99999999999999999999',
    'DateTime,',
  ];
  for (let run = 0; run < 400; run += 1) {
    const base = Buffer.from(seeds[run % seeds.length] ?? '', 'latin1');
    const cuts = 1 + Math.floor(random() * 8);
    let bytes: Buffer = base;
    for (let n = 0; n < cuts; n += 1) {
      const at = Math.floor(random() * bytes.length);
      const drop = Math.floor(random() * 40);
      const insert = Buffer.from(
        (nasty[Math.floor(random() * nasty.length)] ?? '').repeat(1 + Math.floor(random() * 5)),
        'latin1',
      );
      bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + drop)]);
    }
    for (const kind of ['frontEnd', 'backEnd', 'httpProxy', 'edge'] as const) {
      const batch = await rolled(kind, bytes, { pieceBytes: 100 });
      for (const client of batch.clients) {
        expect(client.deviceId.length).toBeLessThanOrEqual(128);
        expect(JSON.stringify(client)).not.toContain('\\u0000');
      }
    }
  }
});

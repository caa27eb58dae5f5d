/** What balancers and proxies write, beyond the generated lines: fields one by one, and what is none of it. */
import { describe, expect, it } from 'vitest';
import { rolled, rows } from './roll.ts';

const request = (status: string) =>
  `"POST /Microsoft-Server-ActiveSync/default.eas?Cmd=Ping&User=alice&DeviceId=A1&DeviceType=iPhone HTTP/1.1"${status}`;

describe('a line of HAProxy', () => {
  const line = (times: string, status: string) =>
    `<134>1 2026-03-02T10:05:00+01:00 lb1 haproxy 14 - - 2001:db8::7:51234 [02/Mar/2026:09:59:59.900] exchange~ eas/ex01 ${times} ${status} +512 - - sH-- 1/1/1/1/0 0/0 {mail|Apple} ${request('')}\n`;

  it('tells when the request came and how long it took; its zone is that of the line', async () => {
    const batch = await rolled('edge', line('0/0/1/299099/+300100', '200'));

    expect(rows(batch)).toMatchObject([
      {
        account: 'alice',
        deviceId: 'A1',
        lastAddress: '2001:db8::7',
        lastEnd: '2026-03-02T09:05:00.000Z',
        lastStart: '2026-03-02T09:00:00.000Z',
      },
    ]);
  });

  it('without an answer is no request that anybody answered', async () => {
    const batch = await rolled('edge', line('0/0/1/-1/4', '-1'));

    expect([batch.requests, batch.odd]).toEqual([0, []]);
  });
});

it.each([
  ['common', `10.1.1.1 - - [02/Mar/2026:09:00:00 +0000] ${request(' 200 512')}\n`],
  ["nginx's main", `10.1.1.1 - - [02/Mar/2026:09:00:00 +0000] ${request(' 200 512 "-" "Apple-iPhone" "-"')}\n`],
  [
    "HAProxy's CLF",
    `lb1 haproxy[14]: 10.1.1.1 - - [02/Mar/2026:09:00:00 +0000] ${request(' 200 512 "" "" 33317 000 "exchange" "eas" "ex01" 0 0 0 5 5 ---- 1 1 1 1 0 0 0')}\n`,
  ],
  ['F5 with brackets', `10.1.1.1 - - [02/Mar/2026:09:00:00 +0000] 443 ${request(' 200 512 31')}\n`],
])('%s is read', async (_, line) => {
  const batch = await rolled('edge', line);

  expect(batch.odd).toEqual([]);
  expect(rows(batch)).toMatchObject([{ lastAddress: '10.1.1.1', http: 200, lastEnd: '2026-03-02T09:00:00.000Z' }]);
});

it('a W3C log of an edge goes on where its header stood, and vouches for no account, token or time', async () => {
  const header = '#Fields: date time c-ip cs-username cs-method cs-uri-stem cs-uri-query sc-status time-taken';
  const stem = 'POST /Microsoft-Server-ActiveSync/default.eas Cmd=Ping&User=bob&DeviceId=B1&DeviceType=iPhone';
  const line = (status: number) => `2026-03-02 09:00:00 10.1.1.1 CONTOSO\\bob ${stem}&Log=S140_ ${status} 30000\n`;
  const batch = await rolled('edge', `${header}\n${line(200)}${line(403)}`, { pieceBytes: 40 });

  const at = '2026-03-02T09:00:00.000Z';
  expect(rows(batch).map(({ http, anonymous, firstStart }) => [http, anonymous, firstStart])).toEqual([
    [200, false, at],
    [403, true, at],
  ]);
  expect(batch.sightings).toEqual([]);
});

it('a line of another format is counted as unreadable', async () => {
  const lines = [
    'Mar  2 10:00:00 lb1 haproxy[14]: 10.1.1.1:5123 [02/Mar/2026:09:00:00.000] exchange eas/ex01 1/0/5007 212 -- 0/0/0/0/3 0/0',
    'Mar  2 10:00:00 ns1 SSLLOG SSL_HANDSHAKE_SUCCESS 12 0 : SPCBId 7 - ClientIP 10.1.1.1 - ClientPort 5123',
    '{"time":"2026-03-02T09:00:00Z","request":"POST /Microsoft-Server-ActiveSync/default.eas HTTP/1.1","status":200}',
  ];
  const batch = await rolled('edge', `${lines.join('\n')}\n`);

  expect(batch.odd).toEqual([{ kind: 'unreadable-line', text: '', requests: 3 }]);
});

it.each([
  [
    'an address',
    'POST /Microsoft-Server-ActiveSync?Cmd=Sync&User=alice&DeviceId=A1&DeviceType=X" 200 5 HTTP/1.1',
    'Mail',
  ],
  [
    'an address that ends as a request does',
    'POST /Microsoft-Server-ActiveSync?Cmd=Sync&User=alice&DeviceId=A1&DeviceType=X HTTP/1.1" 200 5 HTTP/1.1',
    'Mail',
  ],
  [
    'a path that stands before the request',
    'GET /x" "POST /Microsoft-Server-ActiveSync?Cmd=Sync&User=alice&DeviceId=A1&DeviceType=X HTTP/1.1" 200 5 HTTP/1.1',
    'Mail',
  ],
  [
    'a user agent',
    'GET /owa HTTP/1.1',
    'x" "POST /Microsoft-Server-ActiveSync?Cmd=Sync&User=alice&DeviceId=A1&DeviceType=X HTTP/1.1" 200 5',
  ],
])('a quote in %s writes no status', async (_, text, agent) => {
  const path = /\S+ (.*) HTTP/.exec(text)?.[1] ?? '';
  for (const before of ['', `"${path}" `]) {
    const line = `10.66.6.6 - - [02/Mar/2026:09:00:00 +0000] ${before}"${text}" 401 512 "-" "${agent}"\n`;
    const batch = await rolled('edge', line);
    expect(rows(batch).filter(({ anonymous, http }) => !anonymous || http === 200)).toEqual([]);
  }
});

it('a hostile line takes time in proportion to its length', async () => {
  const long = ['a:1 [', '1:', '[02/Mar/2026:09:00:00', '"', '{} '].map((part) => part.repeat(60_000));

  expect((await rolled('edge', `${long.join('\n')}\n`)).requests).toBe(0);
});

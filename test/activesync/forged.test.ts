/** What somebody without a login can write into the logs: counted as attempts, and nothing else follows from it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/activesync/reader/batch.ts';
import type { LogKind } from '../../src/ground/identifiers.ts';
import { type Dialect, headOf, lineOf, requests } from '../fixtures/activesync-logs.ts';
import { runs } from '../setup/runs.ts';
import { rolled, rows } from './roll.ts';

const kinds: readonly (readonly [Dialect, LogKind])[] = [
  ['frontEnd', 'frontEnd'],
  ['backEnd2016', 'backEnd'],
  ['backEnd2013', 'backEnd'],
  ['httpProxy', 'httpProxy'],
  ['edge', 'edge'],
  ['haproxy', 'edge'],
  ['apache', 'edge'],
  ['f5', 'edge'],
  ['citrix', 'edge'],
];
const made = [...requests({ users: 3, count: 60, from: 1_772_442_000, to: 1_772_449_000, seed: 5 })];
const phone = made[0] ?? raise();

function raise(): never {
  throw new Error('no request was made');
}

const forgedTokens = fc.constantFrom(
  'S140_',
  'SC1:140_Ver1:161_',
  'V141_S140_Error:RemoteWipeRequested_',
  'Hb:99999_',
  'Hb:3540_Rto:1_SC1:1_',
  'Hb1680_',
  'As:BlockedD_S129_',
  'DevOS:Forged_DevModel:Forged_Ver1:25_',
);
const forgedQuery = fc
  .record({
    command: fc.constantFrom('Sync', 'Ping', 'Provision', 'Options', 'X'),
    user: fc.constantFrom(`CONTOSO%5C${phone.account}`, `${phone.account}@contoso.example`, 'nobody'),
    deviceId: fc.constantFrom(phone.deviceId, phone.deviceId.toLowerCase(), 'OTHER'),
    deviceType: fc.constantFrom(phone.deviceType, 'CloudMagic', 'NewApp'),
    more: fc.constantFrom('', '&Cm=CloudMagic', '&X-ARR-CACHE-HIT=0'),
    tokens: fc.array(forgedTokens, { maxLength: 2 }),
    end: fc.constantFrom('', '&CorrelationID=<empty>;&cafeReqId=1;'),
  })
  .map(({ command, user, deviceId, deviceType, more, tokens, end }) =>
    [
      `Cmd=${command}&User=${user}&DeviceId=${deviceId}&DeviceType=${deviceType}${more}`,
      ...tokens.map((text) => `&Log=${text}`),
      end,
    ].join(''),
  );
const forged = fc.record({
  query: forgedQuery,
  at: fc.nat({ max: made.length - 1 }),
  http: fc.constantFrom('401 0', '401 1', '400 0', '403 4', '404 19', '404 0', '500 0'),
  win32: fc.constantFrom(0, 64, 121, 1236),
  taken: fc.nat({ max: 3_600_000 }),
  path: fc.constantFrom('/Microsoft-Server-ActiveSync/default.eas', '/Microsoft-Server-ActiveSync/Proxy/default.eas'),
  agent: fc.constantFrom(phone.agent, 'CloudMagic/1.0', 'Forged'),
});
type Forged = typeof forged extends fc.Arbitrary<infer T> ? T : never;

/** As the server writes a request that nobody logged in for: it may come to any port that is open to them, and back ends have no other. */
function forgedLine(dialect: Dialect, one: Forged): string {
  const { query, http, win32, taken, path, agent } = one;
  const at = new Date((made[one.at]?.end ?? 0) * 1000).toISOString();
  const [status, substatus] = http.split(' ');
  if (dialect === 'httpProxy')
    return `${at.slice(0, 23)}Z,1,15,2,1118,7,,Eas,mail.contoso.example,${path},,Basic,false,,,Sid,${agent},10.66.6.6,EX02,${status},${status},,POST,Proxy,EX01.contoso.example,${taken},?${query},,\r\n`;
  const clock = `02/Mar/2026:${at.slice(11, 19)}`;
  const request = `"POST ${path}?${query} HTTP/1.1"`;
  if (dialect === 'haproxy')
    return `Mar  2 10:00:00 lb1 haproxy[1]: 10.66.6.6:5123 [${clock}.000] exchange~ eas/ex01 0/0/1/2/${taken} ${status} 512 - - ---- 1/1/1/1/0 0/0 {${agent}} ${request}\n`;
  // The name of a login that failed is the client's own.
  if (dialect === 'apache')
    return `Mar  2 10:00:00 proxy1 httpd: mail:443 10.66.6.6 - ${phone.account} [${clock} +0000] ${request} ${status} 512 "-" "${agent}"\n`;
  if (dialect === 'f5')
    return `10.66.6.6 - ${clock} +0000 10.0.0.80 vs pool ex01 443 "${path}" ${request} ${status} 512 ${taken} "" "${agent}"\n`;
  if (dialect === 'citrix')
    return `${at.slice(0, 10)} ${at.slice(11, 19)} 10.66.6.6 CONTOSO\\${phone.account} 10.0.0.80 443 POST ${path} ${query} ${status} 700 512 ${taken} HTTP/1.1 ${agent} -\n`;
  if (dialect === 'edge')
    return `10.66.6.6 - - [02/Mar/2026:${at.slice(11, 19)} +0000] "POST ${path}?${query} HTTP/1.1" ${status} 512 "-" "${agent}" ${(taken / 1000).toFixed(3)}\n`;
  const port = dialect === 'frontEnd' ? 443 : 444;
  return `${at.slice(0, 10)} ${at.slice(11, 19)} 10.0.0.5 POST ${path} ${query} ${port} - 10.66.6.6 ${agent} - ${status} ${substatus} ${win32} ${taken}\r\n`;
}

/** Everything that answers are made of, but for the attempts of people who did not log in. */
function vouchedFor(batch: Batch) {
  return {
    groups: rows(batch).filter(({ anonymous }) => !anonymous),
    heartbeats: batch.heartbeats,
    samples: batch.samples,
    sightings: batch.sightings,
  };
}

describe.each(kinds)('a request without a login, in lines of %s', (dialect, kind) => {
  it('changes no count, no wait, no sighting of a wipe and nothing that is known of a phone', async () => {
    const lines = made.map((request, serial) => lineOf(dialect, request, serial));
    const honest = vouchedFor(await rolled(kind, headOf(dialect) + lines.join('')));
    expect(honest.groups.length).toBeGreaterThan(0);
    await fc.assert(
      fc.asyncProperty(fc.array(forged, { minLength: 1, maxLength: 20 }), async (all) => {
        const mixed = lines.map((line, index) =>
          [line, ...all.filter(({ at }) => at === index).map((one) => forgedLine(dialect, one))].join(''),
        );
        const batch = await rolled(kind, headOf(dialect) + mixed.join(''));
        expect(vouchedFor(batch)).toEqual(honest);
        expect(rows(batch).filter(({ anonymous }) => anonymous).length).toBeGreaterThan(0);
      }),
      { numRuns: runs(40, 400), seed: 7 },
    );
  });
});

it('a login with a Log= of its own says nothing on a front end, and nothing before Exchange’s own on a back end', async () => {
  const line = lineOf('backEnd2016', { ...phone, http: 200, command: 'Ping', heartbeat: 600 }, 1);
  const own = line.replace('&Log=', '&Log=S140_Hb:3000_&Log=');
  expect(own).not.toBe(line);
  const back = await rolled('backEnd', headOf('backEnd2016') + own);
  expect(back.sightings).toEqual([]);
  expect(back.heartbeats.map(({ asked }) => asked)).toEqual([600]);

  const front = await rolled('frontEnd', headOf('frontEnd') + own.replace(' 444 ', ' 443 '));
  expect([front.sightings, front.heartbeats, front.samples]).toEqual([[], [], []]);
  expect(front.odd).toMatchObject([{ kind: 'untrusted-log', text: 'not on a back end' }]);

  const misplaced = await rolled('backEnd', headOf('backEnd2016') + own.replace(' 444 ', ' 443 '));
  expect(misplaced.samples).toEqual([]);
  expect(misplaced.odd).toMatchObject([{ kind: 'untrusted-log', text: 'another port than 444' }]);
});

it('a value that the protocol does not know is counted as odd, and nothing is made of it', async () => {
  const line = lineOf('backEnd2016', { ...phone, http: 200, command: 'Ping', heartbeat: 99_999 }, 1);
  const batch = await rolled('backEnd', headOf('backEnd2016') + line.replace('SC1:1_', 'SC1:900_'));

  expect([batch.heartbeats, batch.samples]).toEqual([[], []]);
  expect(batch.odd.map(({ text }) => text).sort()).toEqual(['Hb', 'S']);
});

it('health checks and neighbours of ActiveSync are no requests, and proxies sign nothing', async () => {
  const at = '2026-03-02 09:00:00 10.0.0.5';
  const end = '443 CONTOSO\\alice 10.1.1.1 x - 200 0 0 3\r\n';
  const batch = await rolled(
    'frontEnd',
    [
      headOf('frontEnd'),
      `${at} GET /Microsoft-Server-ActiveSync/healthcheck.htm - 443 - 10.1.1.1 Probe - 200 0 0 3\r\n`,
      `${at} GET /Microsoft-Server-ActiveSyncX/default.eas Cmd=Sync&User=alice&DeviceId=A1&DeviceType=X ${end}`,
      `${at} OPTIONS /Microsoft-Server-ActiveSync/default.eas Cmd=Options&User=alice&DeviceId=A1&DeviceType=iPhone&X-ARR-CACHE-HIT=0&X-ARR-LOG-ID=1&SERVER-STATUS=200 ${end}`,
      `${at} OPTIONS /Microsoft-Server-ActiveSync/default.eas User=alice&DeviceId=A1&DeviceType=iPhone ${end}`,
    ].join(''),
  );

  expect(rows(batch)).toMatchObject([{ command: 'OPTIONS', stray: '', requests: 2 }]);
});

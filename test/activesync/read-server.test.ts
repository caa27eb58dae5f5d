import { appendFileSync, copyFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { accountOwners } from '../../src/activesync/account.ts';
import { accountsOf } from '../../src/activesync/queries/accounts.ts';
import { clients, newClients } from '../../src/activesync/queries/clients.ts';
import { deniedSince } from '../../src/activesync/queries/denied.ts';
import { deviceHistory } from '../../src/activesync/queries/device-history.ts';
import { heartbeatHistogram, heartbeats, lastHeartbeats } from '../../src/activesync/queries/heartbeats.ts';
import { misspeltType, oddities, readings } from '../../src/activesync/queries/oddities.ts';
import { readServer } from '../../src/activesync/read-server.ts';
import { pruneLogs } from '../../src/activesync/store/prune.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import type { LogKind } from '../../src/servers/port.ts';
import { W3C_FRONT_END } from '../fixtures/activesync-logs.ts';
import { type TestDatabase, testClock, testDatabase } from '../setup/database.ts';

let database: TestDatabase;
let folder: string;
const clock = testClock(new Date('2026-03-02T12:00:00Z'));
const head = `#Software: Microsoft Internet Information Services 10.0\r\n#Date: 2026-03-02 00:00:00\r\n${W3C_FRONT_END}\r\n`;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mislaid-logs-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const table of [
    'logFile',
    'logClient',
    'logRollupRow',
    'logRollupBatch',
    'logHour',
    'logHeartbeatRow',
    'logHeartbeatBatch',
    'logSample',
    'logSighting',
    'logOddity',
    'logReading',
  ] as const) {
    await database.db.deleteFrom(table).execute();
  }
});

type Made = {
  time: string;
  account?: string;
  device?: string;
  type?: string;
  command?: string;
  tokens?: string;
  http?: string;
  win32?: number;
  taken?: number;
  agent?: string;
  address?: string;
};

function line(made: Made): string {
  const {
    account = 'alice',
    device = 'A1',
    type = 'iPhone',
    command = 'Sync',
    tokens,
    http = '200 0',
    win32 = 0,
    taken = 100,
    agent = 'Apple-iPhone',
    address = '10.1.1.1',
  } = made;
  const [date, time] = made.time.includes('T') ? made.time.split('T') : ['2026-03-02', made.time];
  const log = tokens === undefined ? '' : `&Log=${tokens}`;
  return `${date} ${time} 10.0.0.5 POST /Microsoft-Server-ActiveSync/Proxy/default.eas Cmd=${command}&User=CONTOSO%5C${account}&DeviceId=${device}&DeviceType=${type}${log} 443 ${http.startsWith('401') ? '-' : `CONTOSO\\${account}`} ${address} ${agent} - ${http} ${win32} ${taken}\r\n`;
}

async function read(kind: LogKind = 'backEnd') {
  const servers = createFileServers([{ name: 'EX01', backEndLogs: folder, frontEndLogs: folder }]);
  return readServer(servers, 'EX01', kind, { db: database.db, organisation: 'real', clock });
}

async function counted(): Promise<number> {
  const { sum } = await database.db
    .selectFrom('logRollup')
    .select(({ fn }) => fn.sum<number>('requests').as('sum'))
    .executeTakeFirstOrThrow();
  return Number(sum ?? 0);
}

test('reads only what is new: a growing file, its half line, a rotation, a packed copy, a truncation', async () => {
  const path = join(folder, 'u_ex260302.log');
  // Long enough to be known again by its head under another identity.
  const start = Array.from({ length: 5 }, (_, n) => line({ time: `08:00:0${n}`, tokens: 'SC1:1_As:AllowedG_' })).join(
    '',
  );
  const half = line({ time: '09:00:00' });
  writeFileSync(path, head + start + half.slice(0, 60));
  expect(await read()).toMatchObject({ files: 1, requests: 5 });
  expect(await read()).toEqual({ files: 0, bytes: 0, requests: 0 });
  appendFileSync(path, half.slice(60));
  expect(await read()).toMatchObject({ requests: 1, bytes: half.length });

  renameSync(path, join(folder, 'u_ex260302.log.1'));
  writeFileSync(path, head + line({ time: '10:00:00', device: 'B2' }));
  expect(await read()).toMatchObject({ requests: 1 });

  const rotated = join(folder, 'u_ex260302.log.1');
  appendFileSync(rotated, line({ time: '10:01:00' }));
  const { readFileSync } = await import('node:fs');
  writeFileSync(join(folder, 'u_ex260302.log.2.gz'), gzipSync(readFileSync(rotated)));
  rmSync(rotated);
  expect(await read()).toMatchObject({ requests: 1 });
  expect(await counted()).toBe(8);

  truncateSync(path, 0);
  writeFileSync(
    path,
    `${head.replace('2026-03-02', '2026-03-03')}${line({ time: '2026-03-03T00:00:01', device: 'C3' })}`,
  );
  expect(await read()).toMatchObject({ requests: 1 });
  expect(await counted()).toBe(9);
  expect(await read()).toEqual({ files: 0, bytes: 0, requests: 0 });
});

test('a batch and the position of its file are stored together or not at all', async () => {
  const path = join(folder, 'u_ex260302.log');
  writeFileSync(path, head + line({ time: '08:00:00' }));
  await read();
  appendFileSync(path, line({ time: '08:00:01' }));
  // Somebody else reads on between our look at the position and our commit.
  const servers = createFileServers([{ name: 'EX01', backEndLogs: folder }]);
  const openLog: typeof servers.openLog = async (file, from) => {
    if (from > 0)
      await database.db
        .updateTable('logFile')
        .set({ position: from + 1 })
        .execute();
    return servers.openLog(file, from);
  };
  const reading = readServer({ ...servers, openLog }, 'EX01', 'backEnd', {
    db: database.db,
    organisation: 'real',
    clock,
  });
  await expect(reading).rejects.toMatchObject({ code: 'log-read-elsewhere' });
  expect(await counted()).toBe(1);
});

test('what cannot be read is a sentence, and the rest is read', async () => {
  const servers = createFileServers([{ name: 'EX03', backEndLogs: join(folder, 'gone') }]);
  const gone = await readServer(servers, 'EX03', 'backEnd', { db: database.db, organisation: 'real', clock });
  expect(gone.problem).toBe(
    'The backEnd logs of EX03 could not be read: the folder or file that policy.yaml names is not there.',
  );
  expect(await readings(database.db, 'real')).toMatchObject([{ server: 'EX03', problem: gone.problem }]);

  writeFileSync(join(folder, 'a.log'), head + line({ time: '08:00:00' }));
  writeFileSync(
    join(folder, 'broken.log.gz'),
    gzipSync(head + line({ time: '08:00:01', device: 'Z' })).subarray(0, 60),
  );
  const half = await read();
  expect(half.requests).toBe(1);
  expect(half.problem).toContain('A log of EX01 could not be read');
});

test('progress is told while a long reading goes on', async () => {
  writeFileSync(join(folder, 'a.log'), head + line({ time: '08:00:00' }));
  const onProgress = vi.fn();
  const servers = createFileServers([{ name: 'EX01', backEndLogs: folder }]);
  await readServer(servers, 'EX01', 'backEnd', { db: database.db, organisation: 'real', clock, onProgress });
  expect(onProgress).toHaveBeenLastCalledWith(
    expect.objectContaining({
      filesTotal: 1,
      filesDone: 1,
      bytesTotal: head.length + line({ time: '08:00:00' }).length,
    }),
  );
});

test('the history of a device: last attempt, last success, last failure with its meaning, requests by day', async () => {
  writeFileSync(
    join(folder, 'a.log'),
    head +
      line({ time: '2026-03-01T23:00:00', tokens: 'SC1:1_Ver1:161_DevOS:iOS+18.1_' }) +
      line({
        time: '08:59:00',
        command: 'Ping',
        tokens: 'Hb:900_Rto:1_SC1:1_Ver1:161_',
        taken: 900_000,
        address: '10.1.1.2',
      }) +
      line({ time: '09:00:00', tokens: 'SC1:140_Error:RemoteWipeRequested_Ver1:161_' }) +
      line({ time: '09:05:00', http: '401 1', address: '10.1.1.3' }) +
      line({ time: '09:06:00', account: 'bob', device: 'B1' }),
  );
  await read();
  const owner = accountOwners([
    {
      guid: 'guid-a',
      alias: 'alice',
      upn: 'alice@contoso.example',
      primarySmtp: 'alice@contoso.example',
      addresses: [],
    },
  ]);
  const accounts = await accountsOf(database.db, 'real', owner, 'guid-a');
  expect(accounts.sort()).toEqual(['contoso\\alice']);
  const [device, ...others] = await deviceHistory(database.db, { organisation: 'real', accounts });
  expect(others).toEqual([]);
  expect(device).toMatchObject({
    deviceId: 'A1',
    os: 'iOS 18.1',
    lastAttempt: {
      endedAt: new Date('2026-03-02T09:05:00Z'),
      address: '10.1.1.3',
      server: 'EX01',
      meaning: { verdict: 'credentials', code: '401.1' },
    },
    lastSuccess: {
      command: 'Ping',
      startedAt: new Date('2026-03-02T08:44:00Z'),
      endedAt: new Date('2026-03-02T08:59:00Z'),
      address: '10.1.1.2',
      meaning: { verdict: 'ok' },
    },
    lastFailure: { meaning: { verdict: 'credentials' } },
    wipeToldAt: new Date('2026-03-02T09:00:00Z'),
    days: [
      { day: '2026-03-01', requests: 1, failures: 0 },
      { day: '2026-03-02', requests: 3, failures: 2 },
    ],
  });
  expect(await deviceHistory(database.db, { organisation: 'real', deviceIds: ['a1'] })).toHaveLength(1);
  expect(await deviceHistory(database.db, { organisation: 'lab', deviceIds: ['A1'] })).toEqual([]);
  expect(await deviceHistory(database.db, { organisation: 'real' })).toEqual([]);
});

test('the inventory counts people once, whatever their account is written like, and tells what is new', async () => {
  writeFileSync(
    join(folder, 'a.log'),
    head +
      line({ time: '08:00:00', type: 'CloudMagic', agent: 'CloudMagic/1.0', device: 'C1' }) +
      line({ time: '08:10:00', type: 'CloudMagic', agent: 'CloudMagic/1.0', device: 'C1', account: 'Alice' }) +
      line({ time: '08:20:00', type: 'CloudMagic', agent: 'CloudMagic/1.0', device: 'C2', account: 'bob' }) +
      line({ time: '07:00:00' }),
  );
  await read();
  const all = await clients(database.db, { organisation: 'real' });
  expect(
    all.map(({ deviceType, people, deviceIds, requests }) => ({ deviceType, people, deviceIds, requests })),
  ).toEqual([
    { deviceType: 'CloudMagic', people: ['alice', 'bob'], deviceIds: ['C1', 'C2'], requests: 3 },
    { deviceType: 'iPhone', people: ['alice'], deviceIds: ['A1'], requests: 1 },
  ]);
  const fresh = await newClients(database.db, { organisation: 'real', since: new Date('2026-03-02T07:30:00Z') });
  expect(fresh.map(({ deviceType }) => deviceType)).toEqual(['CloudMagic']);
  expect(['Andriod', 'iPhnoe', 'Android', 'CloudMagic', 'SamsungDevcie'].map(misspeltType)).toEqual([
    'Android',
    'iPhone',
    undefined,
    undefined,
    'SamsungDevice',
  ]);
});

test('denials since an instant prove a block, or name who still gets through', async () => {
  writeFileSync(
    join(folder, 'a.log'),
    head +
      line({ time: '10:41:00', type: 'CloudMagic', device: 'C1', tokens: 'SC1:1_As:AllowedG_' }) +
      line({
        time: '10:43:00',
        type: 'CloudMagic',
        device: 'C1',
        tokens: 'S129_Error:DeviceIsBlockedForThisUser_As:BlockedD_',
      }) +
      line({ time: '10:44:00', type: 'CloudMagic', device: 'C2', account: 'bob', tokens: 'SC1:1_As:AllowedI_' }) +
      line({ time: '10:45:00', type: 'CloudMagic', device: 'C3', account: 'eve', http: '404 19' }) +
      line({ time: '10:46:00' }),
  );
  await read();
  const denials = await deniedSince(database.db, {
    organisation: 'real',
    since: new Date('2026-03-02T10:42:00Z'),
    match: { deviceTypes: ['CloudMagic'] },
  });
  expect(
    denials.map(({ deviceId, denied, succeeded, lastDenial }) => ({
      deviceId,
      denied,
      succeeded,
      code: lastDenial?.code,
    })),
  ).toEqual([
    { deviceId: 'C1', denied: 1, succeeded: 0, code: 'S129' },
    { deviceId: 'C3', denied: 1, succeeded: 0, code: '404.19' },
    { deviceId: 'C2', denied: 0, succeeded: 1, code: undefined },
  ]);
});

test('heartbeats: rows, histogram and the last ones asked, in order', async () => {
  const ping = (time: string, hb: number, taken: number, win32 = 0, device = 'A1') =>
    line({ time, command: 'Ping', tokens: `Hb:${hb}_SC1:1_`, taken, win32, device });
  writeFileSync(
    join(folder, 'a.log'),
    head +
      ping('08:10:00', 600, 600_000) +
      ping('08:20:00', 900, 300_000, 64) +
      ping('09:30:00', 600, 600_000) +
      ping('09:31:00', 470, 470_000, 0, 'B1'),
  );
  await read();
  const [from, to] = [new Date('2026-03-02T08:00:00Z'), new Date('2026-03-02T10:00:00Z')];
  const found = await heartbeats(database.db, from, to, { organisation: 'real' });
  expect(
    found.map(({ asked, ended, requests, win32, deviceId }) => ({ asked, ended, requests, win32, deviceId })),
  ).toEqual([
    { asked: 600, ended: 'heartbeat', requests: 1, win32: 0, deviceId: 'A1' },
    { asked: 900, ended: 'cut', requests: 1, win32: 64, deviceId: 'A1' },
    { asked: 600, ended: 'heartbeat', requests: 1, win32: 0, deviceId: 'A1' },
    { asked: 470, ended: 'heartbeat', requests: 1, win32: 0, deviceId: 'B1' },
  ]);
  expect(found[0]).toMatchObject({ address: '10.1.1.1', longestMs: 600_000, sumMs: 600_000 });
  const cells = await heartbeatHistogram(database.db, from, to, { organisation: 'real', servers: ['EX01'] });
  expect(cells.map(({ asked, requests, clients: n }) => [asked, requests, n])).toEqual([
    [470, 1, 1],
    [600, 2, 1],
    [900, 1, 1],
  ]);
  const last = await lastHeartbeats(database.db, { organisation: 'real', count: 3 });
  expect(last.map(({ asked }) => asked)).toEqual([900, 600, 470]);
});

test('one request in two kinds of logs counts once, and the back end tells what the front end hides', async () => {
  writeFileSync(join(folder, 'a.log'), head + line({ time: '08:00:00', tokens: 'S129_As:BlockedD_' }));
  await read('backEnd');
  await read('frontEnd');
  const [device] = await deviceHistory(database.db, { organisation: 'real', deviceIds: ['A1'] });
  expect(device?.days).toEqual([{ day: '2026-03-02', requests: 1, failures: 1 }]);
  expect((await clients(database.db, { organisation: 'real' }))[0]?.requests).toBe(1);
});

test('what is old goes, and what is odd stays counted', async () => {
  writeFileSync(
    join(folder, 'a.log'),
    head +
      line({ time: '2026-01-01T08:00:00', device: 'OLD' }) +
      line({ time: '08:00:00' }) +
      line({ time: '08:00:00', agent: 'AMProbe/Local/ClientAccess' }),
  );
  await read();
  await pruneLogs(database.db, new Date('2026-02-01T00:00:00Z'));
  expect((await clients(database.db, { organisation: 'real' })).map(({ deviceIds }) => deviceIds)).toEqual([['A1']]);
  expect(await oddities(database.db, 'real')).toMatchObject([{ odd: 'probe', requests: 1 }]);
});

test('batches of one hour fold into one row once the hour is over, and nothing is lost or counted twice', async () => {
  const path = join(folder, 'a.log');
  writeFileSync(path, head + line({ time: '08:00:00', taken: 100 }));
  await read();
  appendFileSync(path, line({ time: '08:30:00', taken: 300 }) + line({ time: '08:31:00', address: '10.1.1.2' }));
  await read();
  const before = await deviceHistory(database.db, { organisation: 'real', deviceIds: ['A1'] });
  const rows = () =>
    database.db
      .selectFrom('logRollup')
      .select(['hour', 'lastAddress', 'requests', 'taken'])
      .orderBy('requests')
      .orderBy('lastAddress')
      .execute();
  await pruneLogs(database.db, new Date('2026-02-01T00:00:00Z'));
  expect(await rows()).toHaveLength(3);

  appendFileSync(path, line({ time: '09:00:00', device: 'B1' }));
  await read();
  await pruneLogs(database.db, new Date('2026-02-01T00:00:00Z'));
  expect((await rows()).map(({ requests, lastAddress, taken }) => [requests, lastAddress, taken])).toEqual([
    [1, '10.1.1.1', 100],
    [1, '10.1.1.2', 100],
    [2, '10.1.1.1', 400],
  ]);
  expect(await deviceHistory(database.db, { organisation: 'real', deviceIds: ['A1'] })).toEqual(before);
});

test('clients that were deleted, or whose batch was rolled back, are stored anew', async () => {
  const path = join(folder, 'a.log');
  writeFileSync(path, head + line({ time: '08:00:00' }));
  await read();
  await database.db.deleteFrom('logClient').execute();
  appendFileSync(path, line({ time: '08:01:00' }) + line({ time: '08:02:00', device: 'B1' }));
  const { db } = database;
  let breaks = true;
  const failing = db.withPlugin({
    transformQuery: ({ node }) => {
      if (breaks && JSON.stringify(node).includes('insert into log_hour')) throw new Error('the connection broke');
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const servers = createFileServers([{ name: 'EX01', backEndLogs: folder }]);
  const again = () => readServer(servers, 'EX01', 'backEnd', { db: failing, organisation: 'real', clock });
  expect((await again()).problem).toContain('could not be read');
  breaks = false;
  expect(await again()).toMatchObject({ requests: 2 });
  const known = await db.selectFrom('logClient').select(['id', 'deviceId']).orderBy('deviceId').execute();
  const told = await db
    .selectFrom('logRollup')
    .select('clientId')
    .where(
      'clientId',
      'in',
      known.map(({ id }) => id),
    )
    .execute();
  expect(known.map(({ deviceId }) => deviceId)).toEqual(['A1', 'B1']);
  expect(told).toHaveLength(2);
});

test('two files copied from one another are not taken for each other while both are listed', async () => {
  const start = head + Array.from({ length: 5 }, (_, n) => line({ time: `08:00:0${n}` })).join('');
  writeFileSync(join(folder, 'a.log'), start);
  await read();
  copyFileSync(join(folder, 'a.log'), join(folder, 'b.log'));
  await read();
  // A copy that stands beside its original is a file of its own: nothing says that it is not another server's.
  expect(await counted()).toBe(10);
});

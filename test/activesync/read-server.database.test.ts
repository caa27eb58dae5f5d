import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AccountOwner } from '../../src/activesync/account.ts';
import { readServer } from '../../src/activesync/read-server.ts';
import { pruneLogs } from '../../src/activesync/store/prune.ts';
import {
  requestsPerDay,
  summaryOf,
  type UsageClient,
  type UsageQuery,
  type UsageSummary,
  usageOf,
} from '../../src/apps/usage.ts';
import type { LogKind } from '../../src/ground/identifiers.ts';
import { readClients, readSamples } from '../../src/heartbeat/read-observations.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import { W3C_FRONT_END } from '../fixtures/activesync-logs.ts';
import { testClock } from '../setup/clock.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';

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
    'logSeries',
    'logHour',
    'logHeartbeat',
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
  return `${date} ${time} 10.0.0.5 POST /Microsoft-Server-ActiveSync/Proxy/default.eas Cmd=${command}&User=CONTOSO%5C${account}&DeviceId=${device}&DeviceType=${type}${log} ${log === '' ? 443 : 444} ${http.startsWith('401') ? '-' : `CONTOSO\\${account}`} ${address} ${agent} - ${http} ${win32} ${taken}\r\n`;
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
  expect(await read()).toEqual({ files: 0, bytes: 0, requests: 0, elsewhere: 0, phones: [] });
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
  expect(await read()).toEqual({ files: 0, bytes: 0, requests: 0, elsewhere: 0, phones: [] });
});

test('a file that is copied and truncated goes on under both names, and no line counts twice', async () => {
  const path = join(folder, 'access.log');
  const start = Array.from({ length: 6 }, (_, n) => line({ time: `08:00:0${n}`, tokens: 'SC1:1_As:AllowedG_' })).join(
    '',
  );
  writeFileSync(path, head + start);
  expect(await read()).toMatchObject({ requests: 6 });

  appendFileSync(path, line({ time: '08:30:00' }));
  copyFileSync(path, `${path}.1`);
  truncateSync(path, 0);
  writeFileSync(path, head.replace('2026-03-02', '2026-03-03') + line({ time: '09:00:00', device: 'B2' }));
  utimesSync(`${path}.1`, new Date('2026-03-02T08:59:00Z'), new Date('2026-03-02T08:59:00Z'));
  expect(await read()).toMatchObject({ requests: 2 });
  expect(await counted()).toBe(8);
});

test('readers that meet a new file at the same moment count each of its lines once', async () => {
  const servers = createFileServers([{ name: 'EX01', backEndLogs: folder }]);
  const readers = 4;
  for (let round = 1; round <= 5; round += 1) {
    writeFileSync(join(folder, `new${round}.log`), head + line({ time: `08:00:0${round}`, device: `N${round}` }));
    // Each has looked at the file before the first of them says that it is theirs.
    let looking = 0;
    let go = (): void => {};
    const all = new Promise<void>((resolve) => {
      go = resolve;
    });
    const openLog: typeof servers.openLog = async (file, from) => {
      looking += 1;
      if (looking >= readers) go();
      await all;
      return servers.openLog(file, from);
    };
    const options = { db: database.db, organisation: 'real', clock } as const;
    const reads = await Promise.all(
      Array.from({ length: readers }, () => readServer({ ...servers, openLog }, 'EX01', 'backEnd', options)),
    );
    expect(reads.reduce((sum, { requests }) => sum + requests, 0)).toBe(1);
    expect(await counted()).toBe(round);
  }
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
  expect(await reading).toEqual({ files: 1, bytes: 0, requests: 0, elsewhere: 1, phones: [] });
  expect(await counted()).toBe(1);
});

test('what cannot be read is a sentence, and the rest is read', async () => {
  const servers = createFileServers([{ name: 'EX03', backEndLogs: join(folder, 'gone') }]);
  const gone = await readServer(servers, 'EX03', 'backEnd', { db: database.db, organisation: 'real', clock });
  expect(gone.problem).toBe(
    'The back-end logs of EX03 could not be read: the folder or file that policy.yaml names is not there.',
  );
  expect(await database.db.selectFrom('logReading').select(['server', 'problem']).execute()).toEqual([
    { server: 'EX03', problem: gone.problem },
  ]);

  writeFileSync(join(folder, 'a.log'), head + line({ time: '08:00:00' }));
  writeFileSync(
    join(folder, 'broken.log.gz'),
    gzipSync(head + line({ time: '08:00:01', device: 'Z' })).subarray(0, 60),
  );
  const half = await read();
  expect(half.requests).toBe(1);
  expect(half.problem).toContain('A log of EX01 could not be read');
});

test('how far a reading got is stored', async () => {
  writeFileSync(join(folder, 'a.log'), head + line({ time: '08:00:00' }));
  const servers = createFileServers([{ name: 'EX01', backEndLogs: folder }]);
  await readServer(servers, 'EX01', 'backEnd', { db: database.db, organisation: 'real', clock });
  const reading = await database.db.selectFrom('logReading').selectAll().executeTakeFirstOrThrow();
  expect(reading).toMatchObject({
    filesTotal: 1,
    filesDone: 1,
    bytesTotal: head.length + line({ time: '08:00:00' }).length,
  });
});

const since = new Date('2026-02-20T00:00:00Z');

const alice: AccountOwner = {
  guid: 'guid-a',
  alias: 'alice',
  upn: 'alice@contoso.example',
  primarySmtp: 'alice@contoso.example',
  addresses: [],
};

/** Clients by device id, as reports read them. */
async function usage(query: Partial<UsageQuery> = {}): Promise<Map<string, UsageClient[]>> {
  const devices = new Map<string, UsageClient[]>();
  for (const client of await usageOf(database.db, { organisation: 'real', since, ...query }))
    devices.set(client.deviceId, [...(devices.get(client.deviceId) ?? []), client]);
  return devices;
}

async function storyOf(device: string, query: Partial<UsageQuery> = {}): Promise<UsageSummary> {
  return summaryOf((await usage(query)).get(device) ?? []);
}

async function odd(): Promise<Record<string, number>> {
  const rows = await database.db.selectFrom('logOddity').select(['odd', 'requests']).execute();
  return Object.fromEntries(rows.map(({ odd: name, requests }) => [name, Number(requests)]));
}

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
  const found = await usage({ person: alice });
  expect([...found.keys()]).toEqual(['A1']);
  const clients = found.get('A1') ?? [];
  expect(clients.some(({ os }) => os === 'iOS 18.1')).toBe(true);
  expect(summaryOf(clients)).toMatchObject({
    lastAttempt: { end: new Date('2026-03-02T09:00:00Z'), server: 'EX01', why: 'wipe-told' },
    lastLetIn: { at: new Date('2026-03-02T08:44:00Z'), end: new Date('2026-03-02T08:59:00Z'), why: 'ok' },
    lastRefused: { why: 'wipe-told' },
    requests: 3,
    turnedAway: { requests: 1, last: { end: new Date('2026-03-02T09:05:00Z'), why: 'password' } },
  });
  const clientIds = clients.map(({ id }) => id);
  const days = await requestsPerDay(database.db, {
    clientIds,
    since: new Date('2026-03-01T00:00:00Z'),
    until: new Date('2026-03-02T12:00:00Z'),
    timeZone: 'UTC',
  });
  expect(days).toEqual([
    { day: '2026-03-01', letIn: 1, refused: 0 },
    { day: '2026-03-02', letIn: 1, refused: 2 },
  ]);
  const told = await database.db.selectFrom('logSighting').select(['at', 'clientId']).execute();
  expect(told).toEqual([{ at: new Date('2026-03-02T09:00:00Z'), clientId: expect.any(Number) }]);
  expect((await usage({ organisation: 'lab' })).size).toBe(0);
});

test('a person is found under every form of the account, and nobody else is', async () => {
  const accounts = ['alice', 'Alice', 'alicea', 'malice', 'bob'];
  const lines = accounts.map((account, n) => line({ time: `08:00:0${n}`, account, device: `D${n}` }));
  const upn = line({ time: '08:00:09', account: 'x', device: 'D9' }).replaceAll(
    /CONTOSO(?:%5C|\\)x/g,
    'alice@contoso.example',
  );
  writeFileSync(join(folder, 'a.log'), head + lines.join('') + upn);
  await read();
  expect([...(await usage({ person: alice })).keys()].sort()).toEqual(['D0', 'D1', 'D9']);
});

test('refusals since an instant prove a block, or name who still gets through', async () => {
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
      line({ time: '10:45:00', type: 'CloudMagic', device: 'C3', account: 'eve', http: '404 19' }),
  );
  await read();
  const from = { since: new Date('2026-03-02T10:42:00Z') };
  expect(await storyOf('C1', from)).toMatchObject({ refused: 1, letIn: 0, lastRefused: { why: 'access' } });
  expect(await storyOf('C2', from)).toMatchObject({ refused: 0, letIn: 1, lastRefused: null });
  expect(await storyOf('C3', from)).toMatchObject({ refused: 1, letIn: 0, lastRefused: { why: 'filter' } });
});

test('heartbeats as they were asked and ended, and the last ones in order', async () => {
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
  const found = () =>
    database.db
      .selectFrom('logHeartbeat')
      .select(['hour', 'asked', 'ended', 'requests', 'win32', 'longest', 'sum'])
      .orderBy('hour')
      .orderBy('asked', 'desc')
      .execute();
  const eight = new Date('2026-03-02T08:00:00Z');
  const nine = new Date('2026-03-02T09:00:00Z');
  const expected = [
    { hour: eight, asked: 900, ended: 'cut', requests: 1, win32: 64, longest: 300_000, sum: 300_000 },
    { hour: eight, asked: 600, ended: 'heartbeat', requests: 1, win32: 0, longest: 600_000, sum: 600_000 },
    { hour: nine, asked: 600, ended: 'heartbeat', requests: 1, win32: 0, longest: 600_000, sum: 600_000 },
    { hour: nine, asked: 470, ended: 'heartbeat', requests: 1, win32: 0, longest: 470_000, sum: 470_000 },
  ];
  expect(await found()).toEqual(expected);
  await pruneLogs(database.db, since);
  expect(await found()).toEqual(expected);
  const clients = await readClients(database.db, 'real');
  const samples = await readSamples(database.db, { organisation: 'real', server: 'EX01', clients, count: 200 });
  expect(samples.map(({ asked }) => asked)).toEqual([600, 900, 600, 470]);
});

test('one request in two kinds of logs counts once, and the back end tells what the front end hides', async () => {
  writeFileSync(join(folder, 'a.log'), head + line({ time: '08:00:00', tokens: 'S129_As:BlockedD_' }));
  await read('backEnd');
  await read('frontEnd');
  expect(await storyOf('A1')).toMatchObject({ requests: 1, letIn: 0, refused: 1 });
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
  expect([...(await usage({ since: new Date('2025-12-01T00:00:00Z') })).keys()]).toEqual(['A1']);
  expect(await odd()).toEqual({ probe: 1 });
});

test('rows of one hour become one once the hour is over, and nothing is lost or counted twice', async () => {
  const path = join(folder, 'a.log');
  writeFileSync(path, head + line({ time: '08:00:00', taken: 100 }));
  await read();
  appendFileSync(
    path,
    line({ time: '08:30:00', taken: 300 }) + line({ time: '08:31:00', address: '10.1.1.2', command: 'Ping' }),
  );
  await read();
  const before = await storyOf('A1');
  const rows = () =>
    database.db.selectFrom('logRollup').select(['command', 'requests', 'lastEnd']).orderBy('lastEnd').execute();
  await pruneLogs(database.db, new Date('2026-02-01T00:00:00Z'));
  expect(await rows()).toHaveLength(3);

  appendFileSync(path, line({ time: '09:00:00', device: 'B1' }));
  await read();
  await pruneLogs(database.db, new Date('2026-02-01T00:00:00Z'));
  expect(await rows()).toEqual([
    { command: 'Sync', requests: 2, lastEnd: new Date('2026-03-02T08:30:00Z') },
    { command: 'Ping', requests: 1, lastEnd: new Date('2026-03-02T08:31:00Z') },
    { command: 'Sync', requests: 1, lastEnd: new Date('2026-03-02T09:00:00Z') },
  ]);
  expect(await storyOf('A1')).toEqual(before);
});

test('rows of an hour that lasts wait, fall together after it, and every report reads the same', async () => {
  const path = join(folder, 'a.log');
  writeFileSync(path, head);
  const rows = async () => (await database.db.selectFrom('logRollupRow').select('hour').execute()).length;
  let requests = 0;
  for (let minute = 0; minute < 40; minute += 1) {
    const time = `08:${String(minute).padStart(2, '0')}`;
    const beat = line({ time: `${time}:30`, command: 'Ping', tokens: 'Hb:60_SC1:1_', taken: 60_000 });
    appendFileSync(path, line({ time: `${time}:00` }) + line({ time: `${time}:01`, device: `N${minute % 3}` }) + beat);
    await read();
    requests += 3;
    await pruneLogs(database.db, since);
  }
  const before = [await storyOf('A1'), await storyOf('N1')];
  expect(await counted()).toBe(requests);
  expect(await rows()).toBe(requests);
  appendFileSync(path, line({ time: '09:00:00', device: 'L1' }));
  await read();
  await pruneLogs(database.db, since);
  expect(await rows()).toBe(5 + 1);
  expect([await storyOf('A1'), await storyOf('N1')]).toEqual(before);
  expect(await counted()).toBe(requests + 1);
  const beats = await database.db.selectFrom('logHeartbeat').select(['requests', 'sum']).execute();
  expect(beats).toEqual([{ requests: 40, sum: 40 * 60_000 }]);
});

test('lines that come while their hour is merged wait for that, and neither is lost', async () => {
  const path = join(folder, 'a.log');
  writeFileSync(path, head);
  for (let n = 0; n < 3; n += 1) {
    appendFileSync(path, line({ time: `08:00:0${n}` }));
    await read();
  }
  appendFileSync(path, line({ time: '09:01:00' }));
  await read();
  appendFileSync(path, line({ time: '08:01:00' }));
  await Promise.all([read(), pruneLogs(database.db, since), pruneLogs(database.db, since)]);
  expect(await counted()).toBe(5);
  await pruneLogs(database.db, since);
  const rows = await database.db.selectFrom('logRollupRow').select('requests').orderBy('hour').execute();
  expect(rows).toEqual([{ requests: 4 }, { requests: 1 }]);
});

test('clients that were deleted, or whose batch was rolled back, are stored anew', async () => {
  const path = join(folder, 'a.log');
  writeFileSync(path, head + line({ time: '08:00:00' }));
  await read();
  await database.db.deleteFrom('logClient').execute();
  appendFileSync(path, line({ time: '08:01:00' }) + line({ time: '08:02:00', device: 'B1' }));
  const { db } = database;
  // The batch breaks after its clients were added.
  await sql`alter table log_hour add constraint broken check (parts = 0) not valid`.execute(db);
  const half = await read();
  await sql`alter table log_hour drop constraint broken`.execute(db);
  expect(half.problem).toContain('could not be read');
  expect(await read()).toMatchObject({ requests: 2 });
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

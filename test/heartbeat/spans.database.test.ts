/** What is kept of hours that are over tells exactly what the lines tell, whenever they came. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readServer } from '../../src/activesync/read-server.ts';
import type { Observation } from '../../src/heartbeat/observation.ts';
import { readClients, readObservations } from '../../src/heartbeat/read-observations.ts';
import { spansOf } from '../../src/heartbeat/spans.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import { headOf, lineOf, seeded } from '../fixtures/activesync-logs.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';

const now = new Date('2026-03-10T15:20:00Z');
const hour = 3_600_000;
const endings = ['heartbeat', 'change', 'cut'] as const;
type Ending = (typeof endings)[number];
type Wait = { device: string; asked: number; ending: Ending; takenMs: number; end: number };

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await testDatabase();
  folder = mkdtempSync(join(tmpdir(), 'mislaid-spans-'));
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Waits of nine phones in the ten days before `now`, the last hours included. */
function waits(seed: number, count: number, hours: number): Wait[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => {
    const asked = [300, 480, 900][Math.floor(random() * 3)] ?? 300;
    const ending = endings[Math.floor(random() * 3)] ?? 'change';
    const takenMs = ending === 'heartbeat' ? asked * 1000 + 15 : Math.floor((0.1 + random() * 0.8) * asked * 1000);
    const end = Math.floor(now.getTime() / 1000) - 60 - Math.floor(random() * hours * 3600);
    return { device: `PHONE${Math.floor(random() * 9)}`, asked, ending, takenMs, end };
  });
}

function write(name: string, found: readonly Wait[]): void {
  const lines = found.map(({ device, asked, ending, takenMs, end }, serial) => {
    const [account, deviceId] = [device.toLowerCase(), device];
    const request = {
      account,
      deviceId,
      deviceType: 'iPhone',
      agent: 'Apple-iPhone',
      command: 'Ping',
      http: 200,
      status: 1,
    };
    const line = lineOf('backEnd2016', { ...request, end, takenMs, heartbeat: asked, address: '10.0.0.11' }, serial);
    if (ending === 'heartbeat') return line;
    const early = line.replace('_Rto:1', '');
    return ending === 'cut' ? early.replace(/ 0 0 (\d+)\r\n$/, ' 0 64 $1\r\n') : early;
  });
  writeFileSync(join(folder, name), headOf('backEnd2016') + lines.join(''));
}

async function read(): Promise<void> {
  const servers = createFileServers([
    { name: 'EX01', backEndLogs: folder, exchangePath: folder, exportedEvents: folder },
  ]);
  const result = await readServer(servers, 'EX01', 'backEnd', {
    db: database.db,
    organisation: 'real',
    clock: { now: () => now },
  });
  expect(result.problem).toBeUndefined();
}

async function observed(hours: number): Promise<Observation[]> {
  const { db } = database;
  const clients = await readClients(db, 'real');
  const query = { clients, servers: ['EX01'], now, hours, networkOf: () => '' };
  const found = await readObservations(db, query);
  const names = new Map([...clients].map(([id, { deviceId }]) => [String(id), deviceId]));
  return found.map((each) => ({ ...each, client: names.get(each.client) ?? '' }));
}

type Sum = { requests: number; shortest: number; longest: number; ms: number; firstHour: number; lastHour: number };

function sums<T>(rows: readonly T[], of: (row: T) => { key: string; sum: Sum }): Record<string, Sum> {
  const found = new Map<string, Sum>();
  for (const { key, sum } of rows.map(of)) {
    const known = found.get(key);
    found.set(key, {
      requests: (known?.requests ?? 0) + sum.requests,
      shortest: Math.min(known?.shortest ?? sum.shortest, sum.shortest),
      longest: Math.max(known?.longest ?? 0, sum.longest),
      ms: (known?.ms ?? 0) + sum.ms,
      firstHour: Math.min(known?.firstHour ?? sum.firstHour, sum.firstHour),
      lastHour: Math.max(known?.lastHour ?? 0, sum.lastHour),
    });
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** From the observations, how long the connections lived put together; what overlaps stands a second time. */
function told(observations: readonly Observation[]): Record<string, Sum> {
  return sums(
    observations.filter(({ ended }) => ended !== 'overlapped'),
    ({ client, asked, ended, requests, shortest, longest, mean, firstHour, lastHour }) => ({
      key: `${client} ${asked} ${ended}`,
      sum: { requests, shortest, longest, ms: Math.round(mean * requests * 1000), firstHour, lastHour },
    }),
  );
}

/** From the lines themselves. */
function truth(found: readonly Wait[], from: number): Record<string, Sum> {
  return sums(
    found.filter(({ end }) => end * 1000 >= from),
    ({ device, asked, ending, takenMs, end }) => {
      const at = Math.floor((end * 1000) / hour) * hour;
      const seconds = takenMs / 1000;
      const sum = { requests: 1, shortest: seconds, longest: seconds, ms: takenMs, firstHour: at, lastHour: at };
      return { key: `${device} ${asked} ${ending}`, sum };
    },
  );
}

const wholeHours = (hours: number): number => (Math.floor(now.getTime() / hour) - hours) * hour;

test.each([
  ['six hours', 6, wholeHours(6)],
  ['a day', 24, wholeHours(24)],
  ['a week', 168, Date.parse('2026-03-03T00:00:00Z')],
])(
  '%s told from kept sums is what the lines tell, when asked for the first and for the second time',
  async (_, hours, from) => {
    const lines = waits(3, 1_500, 240);
    write('u_ex1.log', lines);
    await read();

    const expected = truth(lines, from);
    expect(Object.keys(expected).length).toBeGreaterThan(20);
    expect(told(await observed(hours))).toEqual(expected);
    const kept = await database.db.selectFrom('heartbeatSpan').select('name').execute();
    expect(kept.map(({ name }) => name).sort()).toEqual(
      spansOf(now, hours)
        .map(({ name }) => name)
        .sort(),
    );
    // Without its rows, only the sums can tell what is over.
    const over = new Date(wholeHours(0));
    await database.db.deleteFrom('logHeartbeat').where('hour', '<', over).execute();
    expect(told(await observed(hours))).toEqual(expected);
  },
);

test('lines that come late are told as the others are', async () => {
  const [first, late] = [waits(5, 400, 24), waits(6, 200, 20)];
  write('u_ex1.log', first);
  await read();
  const before = await observed(24);
  write('u_ex2.log', late);
  await read();

  const after = told(await observed(24));
  expect(after).toEqual(truth([...first, ...late], wholeHours(24)));
  expect(after).not.toEqual(told(before));
});

test('while a reading adds rows nothing is kept, and the answer is right', async () => {
  const lines = waits(7, 300, 24);
  write('u_ex1.log', lines);
  await read();
  const { db } = database;
  await db.transaction().execute(async (tx) => {
    await sql`select count from log_client_deletions for update`.execute(tx);
    expect(told(await observed(24))).toEqual(truth(lines, wholeHours(24)));
  });

  expect(await db.selectFrom('heartbeatSpan').selectAll().execute()).toEqual([]);
  await observed(24);
  expect(await db.selectFrom('heartbeatSpan').selectAll().execute()).toHaveLength(1);
});

test('the lines of an hour are waited for some minutes after its end', () => {
  expect(spansOf(new Date('2026-03-10T15:04:00Z'), 24)[0]?.ended).toBe(Date.parse('2026-03-10T14:00:00Z') / hour);
  expect(spansOf(new Date('2026-03-10T15:06:00Z'), 24)[0]?.ended).toBe(Date.parse('2026-03-10T15:00:00Z') / hour);
});

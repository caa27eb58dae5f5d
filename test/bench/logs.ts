/**
 * Logs as the bot reads them, from files on the disk to committed roll-ups in PostgreSQL: a first reading beside DuckDB's, a repeated
 * report after 1 MB of new lines, one device's history.
 */
import { appendFileSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { AccountOwner } from '../../src/activesync/account.ts';
import { readServer } from '../../src/activesync/read-server.ts';
import { pruneLogs } from '../../src/activesync/store/prune.ts';
import { usesOf } from '../../src/apps/overview.ts';
import { loadPhones } from '../../src/apps/phones.ts';
import { requestsPerDay, summaryOf, usageOf } from '../../src/apps/usage.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import { type OpenDatabase, openDatabase, urlOf } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { type Dialect, headOf, lineOf, otherLine, requests, seeded } from '../fixtures/activesync-logs.ts';
import { benchFirstReading, emptyLogs } from './first-reading.ts';
import { writeLogs } from './log-files.ts';
import { type BenchResult, quantile, rounded } from './result.ts';

/** Of one day in one file, to which new lines are added. */
const dayMegabytes = 32;
/** Minutes of logs whose reading is not counted: they find a cold process, which a bot that reads every minute is not. */
const coldMinutes = 20;
const countedMinutes = 30;
const dayStart = Date.UTC(2026, 2, 2) / 1000;

/** `megabytes` of front-end logs and as many of back-end logs; the bars are meant for 1,000. */
export async function benchLogs({ megabytes }: { megabytes: number }): Promise<BenchResult[]> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'mislaid-bench-'));
  const server = await startEmbeddedPostgres({ dataFolder, log: pino({ level: 'silent' }) });
  const { db, close } = openDatabase(server.connection, { own: true });
  try {
    await migrate(db);
    const generated = join(dataFolder, 'generated');
    writeLogs(generated, megabytes);
    const url = urlOf(server.connection);
    const firstReading = await benchFirstReading({ db, url, folder: generated, scratch: dataFolder });
    rmSync(generated, { recursive: true });
    await emptyLogs(db);
    const logs = join(dataFolder, 'read');
    mkdirSync(logs);
    const path = join(logs, 'u_ex260302.log');
    generate(path, 'frontEnd', dayMegabytes);
    const servers = createFileServers([{ name: 'EX01', frontEndLogs: logs }]);
    const read = () => readServer(servers, 'EX01', 'frontEnd', { db, organisation: 'real', clock: systemClock });
    await read();
    let began = 0;

    const again: number[] = [];
    const histories: number[] = [];
    const cpu: number[] = [];
    const merges: number[] = [];
    // Made beforehand: what making them leaves to be collected is no part of the reading.
    const minutes = Array.from({ length: coldMinutes + countedMinutes }, (_, minute) =>
      Buffer.from(linesOf('frontEnd', 1_000_000, dayStart + 86_400 + minute * 60, minute), 'latin1'),
    );
    for (const [minute, lines] of minutes.entries()) {
      appendFileSync(path, lines);
      const spent = process.cpuUsage();
      began = performance.now();
      await read();
      await history(db);
      const reported = performance.now() - began;
      const { user, system } = process.cpuUsage(spent);
      began = performance.now();
      await history(db);
      const asked = performance.now() - began;
      began = performance.now();
      await pruneLogs(db, new Date(0));
      if (minute < coldMinutes) continue;
      merges.push(performance.now() - began);
      again.push(reported);
      cpu.push((user + system) / 1_000);
      histories.push(asked);
    }
    began = performance.now();
    const phones = await loadPhones(db, { organisation: 'real', since: new Date(0) });
    const apps = usesOf(phones, 'app');
    const inventoryMs = performance.now() - began;
    return [
      ...firstReading,
      {
        name: '1 MB of new lines read, stored and reported',
        figures: {
          'p50 ms': rounded(quantile(again, 0.5)),
          'fastest ms': rounded(quantile(again, 0)),
          'CPU ms of the bot': rounded(quantile(cpu, 0.5)),
          'merging ms per reading': rounded(merges.reduce((sum, ms) => sum + ms, 0) / merges.length),
          'inventory ms': rounded(inventoryMs),
          phones: phones.length,
          apps: apps.length,
        },
        bar: 'under 50 ms',
        pass: quantile(again, 0.5) < 50,
      },
      {
        name: `one device's history over ${dayMegabytes} MB`,
        figures: { 'p50 ms': rounded(quantile(histories, 0.5)) },
        bar: 'under 1 s',
        pass: quantile(histories, 0.5) < 1_000,
      },
    ];
  } finally {
    await close();
    await server.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

/** What `last seen` tells of one person's phone. */
async function history(db: OpenDatabase['db']): Promise<void> {
  const since = new Date(dayStart * 1000);
  const clients = await usageOf(db, { organisation: 'real', since, person: somebody });
  const { requests: count } = summaryOf(clients);
  if (count === 0) throw new TypeError('the person whose phone is asked about made no requests');
  const until = new Date((dayStart + 2 * 86_400) * 1000);
  const clientIds = clients.map(({ id }) => id);
  await requestsPerDay(db, { clientIds, since, until, timeZone: 'UTC' });
}

const upn = 'user04018@contoso.example';
const somebody: AccountOwner = { guid: 'somebody', alias: 'user04018', upn, primarySmtp: upn, addresses: [] };

/** A day of 5,000 people in one file; seven of ten lines are ActiveSync. */
function generate(path: string, dialect: Dialect, megabytes: number): void {
  const want = megabytes * 1e6;
  const file = openSync(path, 'w');
  const random = seeded(5);
  let parts = [headOf(dialect)];
  let waiting = 0;
  let size = 0;
  let serial = 0;
  const sample = lineOf(dialect, firstRequest(), 0).length + 0.43 * otherLine(dialect, dayStart, 0).length;
  for (const request of requests({
    users: 5_000,
    count: Math.ceil((want / sample) * 1.2),
    from: dayStart,
    to: dayStart + 86_400,
    seed: 1,
  })) {
    serial += 1;
    parts.push(lineOf(dialect, request, serial));
    if (random() < 0.43) parts.push(otherLine(dialect, request.end, serial));
    waiting += sample;
    if (waiting < 4e6) continue;
    size += writeSync(file, parts.join(''));
    parts = [];
    waiting = 0;
    if (size >= want) break;
  }
  writeSync(file, parts.join(''));
  closeSync(file);
}

function firstRequest() {
  for (const request of requests({ users: 1, count: 1, from: dayStart, to: dayStart + 1, seed: 1 })) return request;
  throw new TypeError('no request was made');
}

function linesOf(dialect: Dialect, bytes: number, from: number, seed: number): string {
  const count = Math.ceil(bytes / lineOf(dialect, firstRequest(), 0).length);
  let text = '';
  for (const request of requests({ users: 5_000, count, from, to: from + 60, seed }))
    text += lineOf(dialect, request, seed);
  return text.slice(0, text.lastIndexOf('\n', bytes) + 1);
}

/**
 * The log reader against DuckDB (two threads each, in turns, equal results), every dialect alone, line tools beside it; and the roll-ups
 * in PostgreSQL: first reading, a repeated report after 1 MB of new lines, one device's history.
 */
import { execFile } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { z } from 'zod';
import type { AccountOwner } from '../../src/activesync/account.ts';
import { readServer } from '../../src/activesync/read-server.ts';
import { pruneLogs } from '../../src/activesync/store/prune.ts';
import { usesOf } from '../../src/apps/overview.ts';
import { loadPhones } from '../../src/apps/phones.ts';
import { daysOf, summaryOf, usageOf } from '../../src/apps/usage.ts';
import { systemClock } from '../../src/ground/clock.ts';
import type { LogKind } from '../../src/ground/identifiers.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { type Dialect, headOf, lineOf, otherLine, requests, seeded } from '../fixtures/activesync-logs.ts';
import type { Measured } from './report-logs.ts';
import { type BenchResult, quantile, rounded } from './result.ts';

const run = promisify(execFile);
const duckdb = resolve('test/bench/duckdb');
const reportLogs = join(import.meta.dirname, 'report-logs.js');
const rounds = 3;
/** Minutes of logs whose reading is not counted: they find a cold process, which a bot that reads every minute is not. */
const coldMinutes = 20;
const countedMinutes = 30;
const dayStart = Date.UTC(2026, 2, 2) / 1000;

type Options = {
  /** Of the set that DuckDB reads too. The bar is meant for 1,000; with smaller ones starting weighs more. */
  megabytes?: number;
  dialectMegabytes?: number;
  storedMegabytes?: number;
};

const KINDS: Record<Dialect, LogKind> = {
  frontEnd: 'frontEnd',
  base64: 'frontEnd',
  backEnd2013: 'backEnd',
  backEnd2016: 'backEnd',
  httpProxy: 'httpProxy',
  edge: 'edge',
};

export async function benchLogs({
  megabytes = 1_000,
  dialectMegabytes = 100,
  storedMegabytes = 100,
}: Options = {}): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-bench-'));
  try {
    const results = [await againstDuckDb(join(folder, 'front.log'), megabytes)];
    for (const dialect of ['backEnd2016', 'backEnd2013', 'base64', 'httpProxy', 'edge'] as const) {
      const path = join(folder, `${dialect}.log`);
      generate(path, dialect, dialectMegabytes);
      const measured = await ours(KINDS[dialect], path);
      results.push({ name: `logs: ${dialect} alone`, figures: figuresOf(measured, '') });
      rmSync(path);
    }
    results.push(...(await stored(folder, storedMegabytes)));
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function againstDuckDb(path: string, megabytes: number): Promise<BenchResult> {
  if (!existsSync(join(duckdb, 'node_modules'))) {
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: duckdb });
  }
  generate(path, 'frontEnd', megabytes);
  const mine: Measured[] = [];
  const theirs: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    theirs.push(await measuredBy([join(duckdb, 'report.mjs'), path]));
    mine.push(await ours('frontEnd', path));
  }
  const speed = (runs: readonly Measured[]) =>
    quantile(
      runs.map(({ megabytes: size, milliseconds }) => (size * 1000) / milliseconds),
      0.5,
    );
  // Neighbours in time are compared: what else the machine does changes from minute to minute.
  const ratioOf = (of: (run: Measured) => number) =>
    quantile(
      mine.flatMap((run, round) => (theirs[round] === undefined ? [] : [of(theirs[round]) / of(run)])),
      0.5,
    );
  const ratio = ratioOf(({ milliseconds }) => milliseconds);
  const equal = new Set([...mine, ...theirs].map(({ digest }) => digest)).size === 1;
  const memory = Math.max(...mine.map(({ memoryMegabytes }) => memoryMegabytes));
  return {
    name: `logs: ${megabytes} MB of front-end lines by person, device, type and command`,
    figures: {
      'MB/s': rounded(speed(mine)),
      'DuckDB MB/s': rounded(speed(theirs)),
      ratio: rounded(ratio),
      'ratio of CPU': rounded(ratioOf(({ cpuSeconds }) => cpuSeconds)),
      'memory MB': rounded(memory),
      'DuckDB memory MB': rounded(Math.max(...theirs.map(({ memoryMegabytes }) => memoryMegabytes))),
      'CPU s': rounded(
        quantile(
          mine.map(({ cpuSeconds }) => cpuSeconds),
          0.5,
        ),
      ),
      'DuckDB CPU s': rounded(
        quantile(
          theirs.map(({ cpuSeconds }) => cpuSeconds),
          0.5,
        ),
      ),
      rows: mine[0]?.rows ?? 0,
      'equal results': equal ? 1 : 0,
      ...(await lineTools(path)),
    },
    bar: 'at least 1.25 times DuckDB with equal results, under 200 MB',
    pass: ratio >= 1.25 && equal && memory < 200,
  };
}

/** Tools for lines, where they are installed, with a program that does the same grouping of these plain lines. */
async function lineTools(path: string): Promise<Record<string, number>> {
  const program =
    'index($5,"/Microsoft-Server-ActiveSync")==1{split($6,q,"&");k=q[2] q[3] q[4] q[1];n[k]++;l[k]=$1" "$2}END{for(k in n)c++;print c}';
  const tools = {
    gawk: [program, path],
    mawk: [program, path],
    rg: ['-c', 'Microsoft-Server-ActiveSync.*Cmd=([A-Za-z]+)&User=([^&]+)&DeviceId=([^&]+)', path],
  };
  const figures: Record<string, number> = {};
  const { size } = await import('node:fs/promises').then(({ stat }) => stat(path));
  for (const [tool, args] of Object.entries(tools)) {
    const began = performance.now();
    try {
      await run(tool, args, { env: { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin' } });
      figures[`${tool} MB/s`] = rounded(size / 1000 / (performance.now() - began));
    } catch {
      // Not installed here.
    }
  }
  return figures;
}

async function stored(folder: string, megabytes: number): Promise<BenchResult[]> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'mislaid-bench-'));
  const server = await startEmbeddedPostgres({ dataFolder, log: pino({ level: 'silent' }) });
  const { db, close } = openDatabase(server.connection, { own: true });
  try {
    await migrate(db);
    const logs = join(folder, 'stored');
    mkdirSync(logs);
    const path = join(logs, 'u_ex260302.log');
    generate(path, 'frontEnd', megabytes);
    const servers = createFileServers([{ name: 'EX01', frontEndLogs: logs }]);
    const read = () => readServer(servers, 'EX01', 'frontEnd', { db, organisation: 'real', clock: systemClock });
    let began = performance.now();
    const first = await read();
    const firstSeconds = (performance.now() - began) / 1000;

    const again: number[] = [];
    const histories: number[] = [];
    const cpu: number[] = [];
    const folds: number[] = [];
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
      folds.push(performance.now() - began);
      again.push(reported);
      cpu.push((user + system) / 1_000);
      histories.push(asked);
    }
    began = performance.now();
    const phones = await loadPhones(db, { organisation: 'real', since: new Date(0) });
    const apps = usesOf(phones, 'app');
    const inventoryMs = performance.now() - began;
    return [
      {
        name: `logs: first reading of ${megabytes} MB into hourly roll-ups`,
        figures: { 'MB/s': rounded(first.bytes / 1e6 / firstSeconds), requests: first.requests },
      },
      {
        name: 'logs: 1 MB of new lines read, stored and reported',
        figures: {
          'p50 ms': rounded(quantile(again, 0.5)),
          'fastest ms': rounded(quantile(again, 0)),
          'CPU ms of the bot': rounded(quantile(cpu, 0.5)),
          'folding ms per reading': rounded(folds.reduce((sum, ms) => sum + ms, 0) / folds.length),
          'inventory ms': rounded(inventoryMs),
          phones: phones.length,
          apps: apps.length,
        },
        bar: 'under 50 ms',
        pass: quantile(again, 0.5) < 50,
      },
      {
        name: `logs: one device's history over ${megabytes} MB`,
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
  const timeZone = 'UTC';
  const clients = await usageOf(db, { organisation: 'real', since, person: somebody, timeZone });
  const { requests: count } = summaryOf(clients);
  if (count === 0) throw new TypeError('the person whose phone is asked about made no requests');
  const until = new Date((dayStart + 2 * 86_400) * 1000);
  daysOf(
    clients.flatMap(({ rows }) => rows),
    { since, until, timeZone },
  );
}

const upn = 'user04018@contoso.example';
const somebody: AccountOwner = { guid: 'somebody', alias: 'user04018', upn, primarySmtp: upn, addresses: [] };

function ours(kind: LogKind, path: string): Promise<Measured> {
  return measuredBy([reportLogs, kind, '1', path]);
}

const MeasuredLine = z.object({
  milliseconds: z.number(),
  megabytes: z.number(),
  memoryMegabytes: z.number(),
  cpuSeconds: z.number(),
  lines: z.number().default(0),
  requests: z.number().default(0),
  rows: z.number(),
  digest: z.string(),
});

async function measuredBy(args: readonly string[]): Promise<Measured> {
  const { stdout } = await run(process.execPath, [...args]);
  return MeasuredLine.parse(JSON.parse(stdout));
}

function figuresOf(measured: Measured, prefix: string): Record<string, number> {
  return {
    [`${prefix}MB/s`]: rounded((measured.megabytes * 1000) / measured.milliseconds),
    [`${prefix}memory MB`]: rounded(measured.memoryMegabytes),
    [`${prefix}CPU s`]: rounded(measured.cpuSeconds),
  };
}

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

/**
 * The heartbeat report: over back-end logs that were never read (what it adds to the log reader's own time), again from the
 * roll-ups that are kept, and at once from the reading that is stored.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { readServer } from '../../src/activesync/read-server.ts';
import { readHeartbeats } from '../../src/heartbeat/read-heartbeats.ts';
import { latestReading, storeReading } from '../../src/heartbeat/readings.ts';
import { reportMessage } from '../../src/heartbeat/report.ts';
import { Policy } from '../../src/policy.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import { openDatabase } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { deviceIdOf, headOf, lineOf, otherLine, type Request, seeded } from '../fixtures/activesync-logs.ts';
import { type BenchResult, quantile, rounded } from './result.ts';

const dayStart = Date.UTC(2026, 2, 2) / 1000;
const bytesPerLine = 960;
const repeats = 15;

/** `megabytes` of one day of one server's back end; the bar is meant for these 1,000. */
export async function benchHeartbeat({ megabytes = 1_000 }: { megabytes?: number } = {}): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-bench-'));
  // Beside the logs: as root PostgreSQL runs as somebody else, who cannot enter a private folder.
  const dataFolder = mkdtempSync(join(tmpdir(), 'mislaid-bench-'));
  const server = await startEmbeddedPostgres({ dataFolder, log: pino({ level: 'silent' }) });
  const { db, close } = openDatabase(server.connection, { own: true });
  try {
    await migrate(db);
    const logs = join(folder, 'logs');
    mkdirSync(logs);
    generate(join(logs, 'u_ex260302.log'), megabytes);
    const servers = createFileServers([
      { name: 'EX01', backEndLogs: logs, exchangePath: folder, exportedEvents: folder },
    ]);
    const policy = Policy.parse({ servers: [{ name: 'EX01' }] });
    const now = new Date((dayStart + 86_400) * 1000);
    const clock = { now: () => now };
    const reading = () => readHeartbeats({ db, servers, policy, organisation: 'real', now });

    const began = performance.now();
    const read = await readServer(servers, 'EX01', 'backEnd', { db, organisation: 'real', clock });
    const readMs = performance.now() - began;
    const first = await reading();
    const reportMs = performance.now() - began;
    await storeReading(db, 'real', first);

    const again = await timed(repeats, reading);
    const stored = await timed(repeats, async () => {
      const kept = await latestReading(db, 'real');
      return kept === undefined ? undefined : reportMessage(kept);
    });
    const share = readMs / reportMs;
    const asked = first.servers[0]?.asked;
    return [
      {
        name: `heartbeat: report over ${megabytes} MB of back-end logs not read before`,
        figures: {
          'MB/s': rounded((megabytes * 1000) / reportMs),
          'log reader MB/s': rounded((megabytes * 1000) / readMs),
          ratio: rounded(share),
          requests: read.requests,
          waits: asked?.requests ?? 0,
          phones: asked?.clients ?? 0,
        },
        bar: "at least 0.8 of the log reader's speed",
        pass: share >= 0.8 && (asked?.requests ?? 0) > 0,
      },
      {
        name: 'heartbeat: report from roll-ups',
        figures: { 'p50 ms': rounded(quantile(again, 0.5)), 'p95 ms': rounded(quantile(again, 0.95)) },
        bar: 'under 100 ms',
        pass: quantile(again, 0.5) < 100,
      },
      {
        name: 'heartbeat: answer from the stored reading',
        figures: { 'p50 ms': rounded(quantile(stored, 0.5)), 'p95 ms': rounded(quantile(stored, 0.95)) },
      },
    ];
  } finally {
    await close();
    await server.stop();
    rmSync(dataFolder, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(times: number, body: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const began = performance.now();
    await body();
    taken.push(performance.now() - began);
  }
  return taken;
}

/**
 * Phones behind an edge of 300 s, one request after the other: they settled under it and try more now and then; after each wait
 * comes a Sync. Lines stand in the order in which requests end.
 */
function generate(path: string, megabytes: number): void {
  const file = openSync(path, 'w');
  let written = writeSync(file, headOf('backEnd2016'));
  let lines: string[] = [];
  let serial = 0;
  for (const request of waits(Math.ceil((megabytes * 1e6) / bytesPerLine))) {
    serial += 1;
    lines.push(ended(request, lineOf('backEnd2016', request, serial)));
    if (serial % 9 === 0) lines.push(otherLine('backEnd2016', request.end, serial));
    if (lines.length < 5_000) continue;
    written += writeSync(file, lines.join(''));
    lines = [];
    if (written >= megabytes * 1e6) break;
  }
  writeSync(file, lines.join(''));
  closeSync(file);
}

/** The line as it is when the edge closed the connection, or mail came, before the heartbeat was over. */
function ended({ heartbeat, takenMs }: Request, line: string): string {
  if (heartbeat === 0 || takenMs >= heartbeat * 1000) return line;
  const early = line.replace('_Rto:1', '');
  return takenMs >= 300_000 ? early.replace(/ 0 0 (\d+)\r\n$/, ' 0 64 $1\r\n') : early.replace('SC1:1_', 'SC1:2_');
}

function waits(count: number): Request[] {
  const random = seeded(11);
  const perPhone = 2 * Math.ceil(86_000 / 255);
  const phones = Math.max(50, Math.ceil(count / perPhone));
  const found: Request[] = [];
  for (let phone = 0; phone < phones; phone += 1) {
    const settledAt = 200 + Math.floor(random() * 95);
    const base = {
      account: `user${String(phone).padStart(5, '0')}`,
      deviceId: deviceIdOf(phone),
      deviceType: ['iPhone', 'SamsungDevice', 'Android'][phone % 3] ?? 'iPhone',
      agent: 'Apple-iPhone15C2/2205.0',
      http: 200,
      status: 1,
      address: '10.0.0.11',
    };
    for (let now = random() * 300, turn = 0; now < 86_000; turn += 1) {
      const asked = turn % 25 === 24 ? settledAt + 60 : settledAt;
      const mail = random() < 0.12 ? random() : 1;
      const seconds = Math.min(asked * mail, 300) + random() * 0.3;
      now += seconds;
      found.push({
        ...base,
        end: dayStart + now,
        takenMs: Math.round(seconds * 1000),
        command: 'Ping',
        heartbeat: asked,
      });
      now += 0.4;
      found.push({ ...base, end: dayStart + now, takenMs: 300, command: 'Sync', heartbeat: 0 });
    }
  }
  return found.sort((a, b) => a.end - b.end).map((request) => ({ ...request, end: Math.floor(request.end) }));
}

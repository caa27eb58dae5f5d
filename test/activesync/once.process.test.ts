/** Each line counts once, whoever reads at the same time and whenever a reader dies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { readServer } from '../../src/activesync/read-server.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import { headOf, lineOf, type Request } from '../fixtures/activesync-logs.ts';
import { compiled } from '../setup/compiled.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { runs } from '../setup/runs.ts';

let program: Awaited<ReturnType<typeof compiled>>;
beforeAll(async () => {
  program = await compiled('test/activesync/log-reader.ts');
});
afterAll(() => program.remove());

let database: TestDatabase;
let folder: string;
const started: ChildProcess[] = [];
beforeEach(async () => {
  database = await testDatabase();
  folder = mkdtempSync(join(tmpdir(), 'mislaid-logs-'));
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  await database.close();
});

const Answer = z.object({ requests: z.number(), problem: z.string().optional() });

function startReader(dies = 0) {
  const child = spawn(process.execPath, [program.script, database.url, folder, String(dies)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  started.push(child);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** Undefined: it died. */
    read: async () => {
      child.stdin.write('read\n');
      const { value, done } = await answers.next();
      return done === true ? undefined : Answer.parse(JSON.parse(value));
    },
    ended: once(child, 'exit'),
  };
}

/** A file of Pings and Syncs, one of each a second. */
function writeFile(name: string, lines: number): void {
  const at = Date.UTC(2026, 2, 2, 8) / 1000;
  const request = (n: number): Request => ({
    end: at + Math.floor(n / 2),
    takenMs: 470_000,
    account: `user${n % 7}`,
    deviceId: `PHONE${n % 7}`,
    deviceType: 'iPhone',
    agent: 'Apple-iPhone',
    command: n % 2 === 0 ? 'Ping' : 'Sync',
    http: 200,
    status: 1,
    heartbeat: n % 2 === 0 ? 470 : 0,
    address: '10.0.0.1',
  });
  // A head of its own, by which each file is known.
  const head = headOf('backEnd2016').replace('#Version: 1.0', `#Version: 1.0 ${name}`);
  writeFileSync(
    join(folder, name),
    head + Array.from({ length: lines }, (_, n) => lineOf('backEnd2016', request(n), n)).join(''),
  );
}

async function counted(): Promise<{ requests: number; pings: number }> {
  const { rows } = await sql<{ requests: number; pings: number }>`
    select (select sum(requests)::int from log_rollup) as requests,
      (select sum(requests)::int from log_heartbeat where ended <> 'overlapped') as pings`.execute(database.db);
  return rows[0] ?? { requests: 0, pings: 0 };
}

const filesEach = 8;
const linesEach = 40;

it('by two processes that read the same new files at once', async () => {
  const readers = [startReader(), startReader()];
  for (let round = 1; round <= runs(4, 20); round += 1) {
    for (let file = 0; file < filesEach; file += 1) writeFile(`u_ex${round}${file}.log`, linesEach);
    const answers = await Promise.all(readers.map((reader) => reader.read()));
    expect(answers.map((answer) => answer?.problem)).toEqual([undefined, undefined]);
    // What one left to the other is read by then, and stays so.
    await readers[0]?.read();
    const total = round * filesEach * linesEach;
    expect(await counted()).toEqual({ requests: total, pings: total / 2 });
  }
});

it('though a reader dies at any step, and the next goes on', async () => {
  const servers = createFileServers([{ name: 'EX01', backEndLogs: folder }]);
  let deaths = 0;
  let lines = 0;
  // One reading asks some forty questions; past its last one nobody dies.
  for (let dies = 1; ; dies += runs(5, 1)) {
    for (const file of ['a', 'b']) writeFile(`u_ex${dies}${file}.log`, linesEach);
    lines += 2 * linesEach;
    const reader = startReader(dies);
    const answer = await reader.read();
    if (answer !== undefined) break;
    deaths += 1;
    await reader.ended;
    const next = await readServer(servers, 'EX01', 'backEnd', {
      db: database.db,
      organisation: 'real',
      clock: systemClock,
    });
    expect(next.problem).toBeUndefined();
    expect(await counted(), `after it died at question ${dies}`).toEqual({ requests: lines, pings: lines / 2 });
  }
  expect(deaths).toBeGreaterThanOrEqual(4);
});

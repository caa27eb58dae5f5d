import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Kysely, sql } from 'kysely';
import { findPeople } from '../../src/directory/find.ts';
import { seedLab } from '../../src/exchange/lab/seed.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { openDatabase, urlOf } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { Database } from '../../src/store/schema.ts';
import { silent } from '../queue/world.ts';
import { type RunningProgram, startProgram } from '../setup/program.ts';
import { fillLab } from './large-lab.ts';
import { megabytes } from './memory.ts';
import { type BenchOptions, numberIn } from './options.ts';
import { answered } from './prompt.ts';
import { type BenchResult, quantile, rounded } from './result.ts';

const starts = 3;
const asks = 20;

/** What people type for a name: known, unknown, misspelt, accents, one letter, whole names, and what half the directory begins with. */
const typed: Readonly<Record<string, readonly string[]>> = {
  known: ['p4711', 'p12345@contoso.example', 'Babababa', 'Kowalski'],
  unknown: ['zzyzx', 'Xavier Quetzalcoatl', 'nobody at all', 'qqqqqqqqqqqqqqqqqqqqqqqq'],
  misspelt: ['Kowalsky', 'Tohmas Mueller', 'Nguyne', 'p4711x'],
  accents: ['jürgen müller', 'Zoe Weiß', 'GÜNTHER', 'Ångström'],
  letters: ['a', 'z', 'ü', 'to'],
  common: ['thomas', 'ba', 'anna m', 'ke b'],
};

/** Organisations of 50,000 people and 80,000 phones: the product's own process on a simulated Exchange of that size. */
export async function benchDirectory(options: BenchOptions): Promise<BenchResult[]> {
  const people = numberIn(options, 'people', 50_000);
  const phones = numberIn(options, 'phones', 80_000);
  const data = mkdtempSync(join(tmpdir(), 'mislaid-bench-'));
  const server = await startEmbeddedPostgres({ dataFolder: data, log: silent });
  const { db, close } = openDatabase(server.connection, { poolSize: 4 });
  try {
    await migrate(db);
    await seedLab({ db, clock: systemClock, historyHours: 0 });
    await fillLab(db, { people, phones });
    const run = { data, url: urlOf(server.connection), db };
    const results = await firstReading(run);
    const later: number[] = [];
    for (let start = 1; start < starts; start += 1) {
      const bot = await started(run);
      later.push(bot.seconds);
      await settled(db);
      await bot.end();
    }
    const bot = await started(run);
    later.push(bot.seconds);
    results.push({
      name: 'start to prompt with a full store',
      figures: { 'slowest seconds': rounded(Math.max(...later)) },
      bar: 'under 6 s',
      pass: Math.max(...later) < 6,
    });
    await settled(db);
    results.push(...(await refreshed(run, bot)), ...(await asked(bot)));
    await bot.end();
    return [...results, ...(await named(db))];
  } finally {
    await close();
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

type Run = { data: string; url: string; db: Kysely<Database> };
type Bot = { seconds: number; program: RunningProgram; held(): number; end(): Promise<void> };

async function started({ data, url }: Run): Promise<Bot> {
  const folder = process.cwd();
  const script = fileURLToPath(new URL('../../src/main.js', import.meta.url));
  const delays = join(data, `loop-${performance.now()}`);
  const began = performance.now();
  const program = startProgram(
    { folder, script, remove: () => {} },
    {
      data,
      env: {
        DATABASE_URL: url,
        MISLAID_EXCHANGE: 'lab',
        MISLAID_POLICY: join(folder, 'policy.example.yaml'),
        NODE_OPTIONS: `--import=${new URL('./loop-delay.js', import.meta.url)}`,
        LOOP_DELAY_FILE: delays,
      },
    },
  );
  program.say('hana> whoami');
  // Before the directory was read for the first time, nobody is known in it.
  await answered(program, ['Chat account', 'I have not been able to read'], 600);
  const seconds = (performance.now() - began) / 1000;
  // Loading the program is one long turn: nobody speaks to it before the prompt.
  const loading = existsSync(delays) ? readFileSync(delays, 'utf8').split('\n').length : 0;
  return {
    seconds,
    program,
    held: () => Math.max(0, ...readFileSync(delays, 'utf8').split('\n').slice(loading).map(Number)),
    end: async () => {
      await program.end('SIGTERM');
    },
  };
}

/** Nothing is due any more and nothing runs. */
async function settled(db: Kysely<Database>): Promise<void> {
  for (let quiet = 0; quiet < 4; ) {
    await pause(500);
    const { rows } = await sql<{ n: number }>`
      select count(*) as n from work where state <> 'done' and due_at <= now() + interval '2 seconds'`.execute(db);
    quiet = rows[0]?.n === 0 ? quiet + 1 : 0;
  }
}

function sizes(name: string, bot: Bot): BenchResult {
  const held = bot.held();
  const most = megabytes(bot.program.pid, 'VmHWM');
  return {
    name,
    figures: { 'loop held at most ms': rounded(held), 'most MB': rounded(most) },
    bar: 'loop under 50 ms, memory under 350 MB',
    pass: held < 50 && most < 350,
  };
}

async function firstReading(run: Run): Promise<BenchResult[]> {
  const bot = await started(run);
  await settled(run.db);
  const result = sizes('first start on a large organisation', bot);
  await bot.end();
  return [{ ...result, figures: { seconds: rounded(bot.seconds), ...result.figures } }];
}

/** The hourly refresh and the watch over apps once more, with nothing changed in Exchange. */
async function refreshed({ db }: Run, bot: Bot): Promise<BenchResult[]> {
  const before = await written(db);
  await sql`update work set due_at = now() where state <> 'done' and job in ('refresh-directory', 'watch-apps')`.execute(
    db,
  );
  await settled(db);
  await pause(2000);
  const rows = (await written(db)) - before;
  return [
    sizes('a start and a refresh', bot),
    { name: 'rows written by a refresh of what did not change', figures: { rows }, bar: 'none', pass: rows === 0 },
  ];
}

async function written(db: Kysely<Database>): Promise<number> {
  await pause(2000);
  const { rows } = await sql<{ n: number }>`
    select sum(n_tup_ins + n_tup_upd + n_tup_del)::int as n from pg_stat_user_tables
    where relname in ('person', 'person_form', 'mobile_device')`.execute(db);
  return rows[0]?.n ?? 0;
}

async function asked({ program }: Bot): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const [sentence, title] of [
    ['apps', 'Mail apps'],
    ['blocked apps', 'Blocked apps and phones'],
  ] as const) {
    const times: number[] = [];
    for (let count = 0; count < asks; count += 1) {
      const before = program.out().split(title).length;
      const began = performance.now();
      program.say(`hana> ${sentence}`);
      while (program.out().split(title).length === before) await pause(2);
      times.push(performance.now() - began);
    }
    const p95 = quantile(times, 0.95);
    results.push({
      name: `"${sentence}" to its answer`,
      figures: { 'p50 ms': rounded(quantile(times, 0.5)), 'p95 ms': rounded(p95) },
      bar: 'p95 under 500 ms',
      pass: p95 < 500,
    });
  }
  return results;
}

async function named(db: Kysely<Database>): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const [kind, texts] of Object.entries(typed)) {
    const times: number[] = [];
    const cpu = process.cpuUsage();
    for (let count = 0; count < 100; count += 1) {
      const began = performance.now();
      await findPeople(db, 'lab', texts[count % texts.length] ?? '');
      times.push(performance.now() - began);
    }
    const { user, system } = process.cpuUsage(cpu);
    const p99 = quantile(times, 0.99);
    results.push({
      name: `names: ${kind}`,
      figures: {
        'p50 ms': rounded(quantile(times, 0.5)),
        'p99 ms': rounded(p99),
        'CPU ms each': rounded((user + system) / 1e5),
      },
      bar: 'p99 under 100 ms',
      pass: p99 < 100,
    });
  }
  return results;
}

/**
 * The first reading of logs, from files on the disk to committed roll-ups, beside DuckDB, which ends with the same rows: in turns, each
 * in a process of its own, with what a scan of the same bytes and PostgreSQL's own COPY of the same rows take as limits.
 */
import { execFile } from 'node:child_process';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../src/store/schema.ts';
import { megabytes } from './memory.ts';
import { type BenchResult, quantile, rounded } from './result.ts';

const run = promisify(execFile);
const duckdb = resolve('test/bench/duckdb');
const rounds = 3;

const Took = z.object({ milliseconds: z.number(), cpuSeconds: z.number(), memoryMegabytes: z.number() });
const Theirs = Took.extend({ rows: z.number(), digest: z.string() });
const Ours = Took.extend({ requests: z.number() });

/** `folder`: logs as `writeLogs` writes them; `scratch`: where DuckDB's file goes. */
export async function benchFirstReading(input: {
  db: Kysely<Database>;
  url: string;
  folder: string;
  scratch: string;
}): Promise<BenchResult[]> {
  const { db, url, folder, scratch } = input;
  const data = await sql<{ folder: string }>`select current_setting('data_directory') as folder`.execute(db);
  const dataFolder = data.rows[0]?.folder ?? '';
  const postmaster = Number(readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n')[0]);
  if (!existsSync(join(duckdb, 'node_modules'))) await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: duckdb });
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.log'))
    .map((name) => join(folder, name));
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  await scan(files);
  const scanned = await scan(files);
  const ours: (z.infer<typeof Ours> & { postgresCpu: number })[] = [];
  const theirs: z.infer<typeof Theirs>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await emptyLogs(db);
    const before = postgres(postmaster).seconds;
    const took = Ours.parse(await answerOf([join(import.meta.dirname, 'read-logs-once.js'), url, folder]));
    ours.push({ ...took, postgresCpu: postgres(postmaster).seconds - before });
    theirs.push(Theirs.parse(await answerOf([join(duckdb, 'read-logs.mjs'), folder, join(scratch, 'logs.duckdb')])));
  }
  const mine = await digestOf(db);
  const [their] = theirs;
  const isEqual = mine.digest === their?.digest;
  const size = await sizeOf(db);
  const copied = await copy(db, dataFolder);
  const speed = (took: readonly { milliseconds: number }[]) =>
    bytes /
    1e3 /
    quantile(
      took.map(({ milliseconds }) => milliseconds),
      0.5,
    );
  const most = (took: readonly { memoryMegabytes: number }[]) => Math.max(...took.map((each) => each.memoryMegabytes));
  const cpu = (took: readonly { cpuSeconds: number }[]) =>
    quantile(
      took.map(({ cpuSeconds }) => cpuSeconds),
      0.5,
    );
  const ratio = speed(ours) / speed(theirs);
  const requests = ours[0]?.requests ?? 0;
  return [
    {
      name: `first reading of ${rounded(bytes / 1e6)} MB, half of a front end, half of a back end: ${isEqual ? 'equal results' : 'RESULTS DIFFER'}`,
      figures: {
        'MB/s': rounded(speed(ours)),
        'DuckDB MB/s': rounded(speed(theirs)),
        ratio: rounded(ratio),
        'CPU s of the bot': rounded(cpu(ours)),
        'CPU s of PostgreSQL': rounded(
          quantile(
            ours.map(({ postgresCpu }) => postgresCpu),
            0.5,
          ),
        ),
        'CPU s of DuckDB': rounded(cpu(theirs)),
        'scan of the bytes MB/s': rounded(bytes / 1e3 / scanned),
        'COPY of the rows alone s': rounded(copied / 1000),
        requests,
        rows: mine.rows,
        'rows of DuckDB': their?.rows ?? 0,
      },
      bar: "at least 0.5 of DuckDB's speed, equal results",
      pass: isEqual && ratio >= 0.5,
    },
    {
      name: 'memory at most while reading them',
      figures: {
        'bot MB': rounded(most(ours)),
        'DuckDB MB': rounded(most(theirs)),
        'largest backend of PostgreSQL MB, shared memory in it': rounded(postgres(postmaster).megabytes),
      },
      bar: 'under 250 MB in the bot',
      pass: most(ours) < 250,
    },
    {
      name: 'what a million requests add to the store',
      figures: { MB: rounded(size / requests), 'rows a request': rounded(mine.ownRows / requests) },
    },
  ];
}

async function answerOf(args: readonly string[]): Promise<unknown> {
  const { stdout } = await run(process.execPath, args, { maxBuffer: 1 << 24 });
  return JSON.parse(stdout);
}

const tables = [
  'log_rollup_row',
  'log_heartbeat',
  'log_client',
  'log_series',
  'log_hour',
  'log_file',
  'log_sample',
  'log_sighting',
  'log_oddity',
  'log_reading',
  'heartbeat_span',
];

/** Nothing was read. */
export async function emptyLogs(db: Kysely<Database>): Promise<void> {
  await sql.raw(`truncate ${tables.join(', ')}`).execute(db);
  // What a round before wrote is none of the next one's.
  await sql`checkpoint`.execute(db);
}

/** Lines of the same columns as DuckDB's table. */
async function digestOf(db: Kysely<Database>): Promise<{ rows: number; ownRows: number; digest: string }> {
  const { rows } = await db.transaction().execute(async (tx) => {
    // PostgreSQL takes sums of hours for few, and would compare each with a server's whole: by hash it is seconds.
    await sql`set local enable_nestloop = off`.execute(tx);
    await sql`set local enable_mergejoin = off`.execute(tx);
    return await sql<{ rows: number; ownRows: number; digest: string }>`
    with counted as (
      select r.kind, r.server, c.account, c.device_id, c.device_type, r.command, r.http / 100 as class,
        (extract(epoch from r.hour) / 3600)::int as hour, r.client_id, sum(r.requests) as requests, extract(epoch from min(r.first_start))::int as first,
        extract(epoch from max(r.last_end))::int as last
      from log_rollup r join log_client c on c.id = r.client_id group by 1, 2, 3, 4, 5, 6, 7, 8, 9),
    waits as (
      select client_id, server, kind, command, (extract(epoch from hour) / 3600)::int as hour, sum(asked::bigint * requests) as heartbeats,
        sum(requests) as waits, max(asked) as longest
      from log_heartbeat where asked > 0 and ended <> 'overlapped' group by 1, 2, 3, 4, 5),
    told as (
      select concat_ws('|', kind, server, account, device_id, device_type, command, class, hour, sum(requests), min(first), max(last),
        max(last) filter (where class = 2), coalesce(sum(heartbeats), 0), coalesce(sum(waits), 0), coalesce(max(longest), 0),
        coalesce(sum(requests) filter (where class = 4), 0)) as line
      from counted left join waits using (client_id, server, kind, command, hour)
      group by kind, server, account, device_id, device_type, command, class, hour)
    select count(*)::int as rows, (select count(*) from log_rollup_row)::int as own_rows,
      md5(string_agg(line, chr(10) order by line collate "C")) as digest from told`.execute(tx);
  });
  return rows[0] ?? { rows: 0, ownRows: 0, digest: '' };
}

async function sizeOf(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ size: number }>`
    select sum(pg_total_relation_size(name::regclass))::float8 as size from unnest(${tables}::text[]) name`.execute(db);
  return rows[0]?.size ?? 0;
}

/** The same rows once more, by COPY from a file of PostgreSQL's own into tables with the same indexes. */
async function copy(db: Kysely<Database>, folder: string): Promise<number> {
  let milliseconds = 0;
  for (const table of ['log_rollup_row', 'log_heartbeat']) {
    const file = sql.lit(join(folder, `${table}.copy`));
    await sql`copy ${sql.table(table)} to ${file} with (format binary)`.execute(db);
    await sql`create table copied (like ${sql.table(table)} including all)`.execute(db);
    const began = performance.now();
    await sql`copy copied from ${file} with (format binary)`.execute(db);
    milliseconds += performance.now() - began;
    await sql`drop table copied`.execute(db);
  }
  return milliseconds;
}

/** Reads everything and looks for line ends: no reader is faster. */
async function scan(files: readonly string[]): Promise<number> {
  const began = performance.now();
  for (const file of files) {
    for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 })) {
      const bytes: Buffer = piece;
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1));
    }
  }
  return performance.now() - began;
}

/** Processor seconds of PostgreSQL's processes, those that have ended too, and the most memory one of its backends took (proc(5)). */
function postgres(postmaster: number): { seconds: number; megabytes: number } {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(processOf);
  const own = all.filter(({ pid, parent }) => pid === postmaster || parent === postmaster);
  return {
    seconds: own.reduce((sum, { seconds }) => sum + seconds, 0),
    megabytes: Math.max(0, ...own.map(({ pid }) => memoryOf(pid))),
  };
}

/** 0 of a backend that ended meanwhile. */
function memoryOf(pid: number): number {
  try {
    return megabytes(pid, 'VmHWM');
  } catch {
    return 0;
  }
}

function processOf(name: string): { pid: number; parent: number; seconds: number }[] {
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'utf8');
    const [, parent, ...rest] = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const ticks = rest.slice(9, 13).reduce((sum, each) => sum + each, 0);
    return [{ pid: Number(name), parent: parent ?? 0, seconds: ticks / 100 }];
  } catch {
    // It ended meanwhile.
    return [];
  }
}

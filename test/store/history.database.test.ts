/** Years of history cost nothing: whatever is said and whatever comes round, no statement reads through a table that only grows. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompiledQuery, type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { jobs } from '../../jobs/index.ts';
import { openSeal } from '../../src/audit/checkpoint.ts';
import { commands, labCommands } from '../../src/commands/index.ts';
import { Metrics } from '../../src/http/metrics.ts';
import type { AnyBotJob } from '../../src/incidents/job.ts';
import { forgottenList } from '../../src/incidents/retention/forgotten.ts';
import type { Database } from '../../src/store/schema.ts';
import { everyCommand } from '../flow/every-command.ts';
import { type TestBot, testBot } from '../setup/bot.ts';
import { historyTables, writeAuditHistory, writeHistory } from '../setup/history.ts';
import { recordStatements, type Statement } from '../setup/statements.ts';

const incidents = 10_000;
/** What a statement may read of such a table: an incident's own rows, and what is open. */
const mostRows = 500;

/** What reads all of a table, and why it may. */
const exceptions: readonly (readonly [statement: RegExp, why: string])[] = [
  [/count\(\*\) as n from wipe group by state/, 'the metric counts every wipe there was, by its state'],
  [
    /update wipe_transition set evidence/,
    'once a day the wipes whose evidence is still kept are compared with all incidents; an index would cost each command more',
  ],
];
/** Jobs that read everything, and why they may. */
const exceptedJobs: Readonly<Record<string, string>> = {
  'forget-person': 'looks for a name in every text that is kept; two admins ask for it',
};

/** The lab's front ends leave no room for a rule in their web.config; what it asks is what `block-app-stage` asks. */
const notOffered = ['block-app-config'];

let folder: string;
let bot: TestBot;
const ran = new Set<string>();
const statements = new Map<string, Statement>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mislaid-history-'));
  const record = recordStatements();
  const keep = (): void => {
    for (const each of record.sent) statements.set(each.text, each);
    record.clear();
  };
  const watched = jobs.map((job: AnyBotJob): AnyBotJob => {
    const run: AnyBotJob['run'] = async (context, payload) => {
      ran.add(job.name);
      keep();
      await job.run(context, payload);
      if (exceptedJobs[job.name] === undefined) keep();
      else record.clear();
    };
    return { ...job, run };
  });
  try {
    bot = await testBot({ seal: await openSeal({ folder }), forgotten: forgottenList(folder), jobs: watched });
    const until = bot.clock.now();
    await writeHistory(bot.db, { incidents, until });
    await writeAuditHistory(bot.db, { entries: 100_000, incidents, until });
    record.clear();
    await everyCommand(bot);
    await new Metrics(bot.db, bot.clock).registry.metrics();
    keep();
  } finally {
    record.stop();
  }
});
afterAll(async () => {
  await bot?.close();
  await rm(folder, { recursive: true, force: true });
});

it('every command and every job has run', async () => {
  const done = bot.db.selectFrom('inbox').select('command').where('outcome', 'in', ['done', 'form']).distinct();
  const said = new Set((await done.execute()).map(({ command }) => command));
  expect([...commands, ...labCommands].map(({ id }) => id).filter((id) => !said.has(id))).toEqual(notOffered);
  expect(jobs.map(({ name }) => name).filter((name) => !ran.has(name))).toEqual([]);
});

it('of rounds, which come again and again, no row of work stays', async () => {
  const rounds = jobs.filter((job: AnyBotJob) => job.round === true).map(({ name }) => name);
  const left = bot.db.selectFrom('work').select('job').where('state', '=', 'done').where('job', 'in', rounds);
  expect(await left.execute()).toEqual([]);
  expect(rounds.filter((name) => ran.has(name))).toEqual(rounds);
});

it('every table is either filled with history, or known not to grow with it', async () => {
  const { rows } = await sql<{ name: string; filled: boolean }>`
    select relname as name, reltuples >= ${incidents} as filled from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not like 'kysely%'`.execute(bot.db);
  const unlike = rows.filter(({ name, filled }) => filled !== (historyTables[name] === 'history'));
  expect(unlike.map(({ name }) => name)).toEqual([]);
  expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(historyTables).sort());
});

it('no statement reads through a table that grows', async () => {
  const found: string[] = [];
  for (const statement of statements.values()) {
    if (exceptions.some(([text]) => text.test(statement.text))) continue;
    const read = await readThrough(bot.db, statement);
    if (read.length > 0) found.push(`${read.join(', ')}: ${statement.text}`);
  }
  expect(found).toEqual([]);
});

it('each exception is asked, and reads through a table', async () => {
  for (const [text, why] of exceptions) {
    const statement = [...statements.values()].find((each) => text.test(each.text));
    expect(statement === undefined ? [] : await readThrough(bot.db, statement), why).not.toEqual([]);
  }
  for (const job of Object.keys(exceptedJobs)) expect(ran).toContain(job);
});

it('a missing index would be seen', async () => {
  const [ofIncident] = [...statements.values()].filter(({ text }) => /from "audit" where "incident_number"/.test(text));
  if (ofIncident === undefined) throw new Error('nobody asked for the audit of an incident');
  expect(await readThrough(bot.db, ofIncident)).toEqual([]);
  await sql`drop index audit_incident`.execute(bot.db);
  expect(await readThrough(bot.db, ofIncident)).not.toEqual([]);
});

const Plan = z.looseObject({
  'Node Type': z.string(),
  'Relation Name': z.string().optional(),
  'Actual Rows': z.number().optional(),
  'Actual Loops': z.number().optional(),
  'Rows Removed by Filter': z.number().optional(),
  get Plans() {
    return z.array(Plan).optional();
  },
});
type Plan = z.infer<typeof Plan>;

/** The tables of history that PostgreSQL reads through, or many rows of, to answer the statement. */
async function readThrough(db: Kysely<Database>, { text, values }: Statement): Promise<string[]> {
  if (!/^\s*(select|with|insert|update|delete)\b/i.test(text)) return [];
  // What writes, or holds a lock of the session, is planned and not run.
  const run = !/\b(insert into|update|delete from|pg_\w*advisory)\b/i.test(
    text.replaceAll(/for (no key )?update/gi, ''),
  );
  const plans: unknown[] = [];
  const undone = new Error('rolled back');
  const transaction = db.transaction().execute(async (tx) => {
    const explain = CompiledQuery.raw(`explain (${run ? 'analyze, ' : ''}format json) ${text}`, [...values]);
    const { rows } = await tx.executeQuery<{ 'QUERY PLAN': [{ Plan: unknown }] }>(explain);
    plans.push(rows[0]?.['QUERY PLAN'][0]?.Plan);
    throw undone;
  });
  await transaction.catch((error: unknown) => {
    if (error !== undone) throw error;
  });
  return [...new Set(plans.flatMap((plan) => scans(Plan.parse(plan))))];
}

function scans(plan: Plan): string[] {
  const { 'Node Type': node, 'Relation Name': table = '', Plans: below = [] } = plan;
  const { 'Actual Rows': taken = 0, 'Rows Removed by Filter': left = 0, 'Actual Loops': loops = 1 } = plan;
  const rows = (taken + left) * loops;
  const grows = historyTables[table] === 'history';
  // What was planned for the case that it is needed, and was not, has no loops.
  const here =
    grows && loops > 0 && (node === 'Seq Scan' || rows > mostRows) ? [`${table} (${node}, ${rows} rows)`] : [];
  return [...here, ...below.flatMap(scans)];
}

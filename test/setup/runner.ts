import { type Kysely, sql } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../../src/ground/clock.ts';
import type { AnyBotJob, JobContext } from '../../src/incidents/job.ts';
import { type ContextInput, createRun } from '../../src/queue/run.ts';
import { workRows } from '../../src/queue/work-rows.ts';
import type { Database } from '../../src/store/schema.ts';

export type DueWork = { id: number; job: string; key: string | null };

/** Runs stored work by itself, one after the other and without a queue: what a test waits for has happened when it returns. */
export type Runner = {
  due(): Promise<DueWork[]>;
  /** Runs one due row; `pick` chooses which, the oldest by default. false: nothing was due. */
  runOne(pick?: (due: readonly DueWork[]) => DueWork | undefined): Promise<boolean>;
  /** Runs until nothing is due. */
  settle(): Promise<void>;
  nextDueAt(): Promise<Date | undefined>;
};

/** More runs than this at one instant are a row that is due again and again. */
const mostRuns = 2_000;
/** As the sweep does it: a row under way lies this far ahead. */
const served = 10 * 365 * 86_400_000;

export function createRunner(input: {
  db: Kysely<Database>;
  jobs: readonly AnyBotJob[];
  clock: Clock;
  log: Logger;
  context: (input: ContextInput) => JobContext;
}): Runner {
  const { db, jobs, clock, log, context } = input;
  const run = createRun({ jobs, rows: workRows(db), clock, context, log, metrics: { ran: () => {} } });

  async function due(): Promise<DueWork[]> {
    return db
      .selectFrom('work')
      .select(['id', 'job', 'key'])
      .where('state', '=', 'waiting')
      .where('dueAt', '<=', clock.now())
      .where('enqueuedAt', 'is', null)
      .orderBy('dueAt')
      .orderBy('id')
      .execute();
  }

  async function runOne(pick = (rows: readonly DueWork[]) => rows[0]): Promise<boolean> {
    const chosen = pick(await due());
    if (chosen === undefined) return false;
    const now = clock.now();
    const claimed = await db
      .updateTable('work')
      .set((eb) => ({
        jobId: sql<string>`'work-' || ${eb.ref('work.id')} || '-' || (coalesce(split_part(${eb.ref('work.jobId')}, '-', 3)::integer, 0) + 1)`,
        enqueuedAt: now,
        dueAt: new Date(now.getTime() + served),
      }))
      .where('id', '=', chosen.id)
      .where('state', '=', 'waiting')
      .where('enqueuedAt', 'is', null)
      .returning(['jobId', 'lane'])
      .executeTakeFirst();
    if (claimed === undefined || claimed.jobId === null) return true;
    const lane = jobs.find((job) => job.name === chosen.job)?.lane ?? 'upkeep';
    await run(
      { id: claimed.jobId, workId: chosen.id, signal: new AbortController().signal, extendLock: async () => true },
      lane,
    );
    return true;
  }

  return {
    due,
    runOne,
    settle: async () => {
      for (let count = 0; await runOne(); count += 1) {
        if (count > mostRuns) throw new Error(`work never settles: ${JSON.stringify((await due()).slice(0, 5))}`);
      }
    },
    nextDueAt: async () => {
      const row = await db
        .selectFrom('work')
        .select((eb) => eb.fn.min('dueAt').as('next'))
        .where('state', '=', 'waiting')
        .where('enqueuedAt', 'is', null)
        .executeTakeFirst();
      return row?.next ?? undefined;
    },
  };
}

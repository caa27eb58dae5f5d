/**
 * The sweep: finds work that is due and has no living BullMQ job, and adds one. It decides what is due, by the store's due
 * times and the Clock (which the lab moves); the queue holds no delays. Several processes sweep at once: a row is claimed by one.
 */
import { type Kysely, sql } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../ground/clock.ts';
import { after, day, second } from '../ground/durations.ts';
import { failureCode } from '../ground/failure.ts';
import type { Database } from '../store/schema.ts';
import type { Lane } from '../store/work.ts';
import { isLane } from './lanes.ts';
import type { Queues } from './queues.ts';

export type SweepInput = {
  db: Kysely<Database>;
  clock: Clock;
  queues: Queues;
  lanes: readonly Lane[];
  /** Milliseconds of real time between sweeps. */
  intervalMs?: number;
  /** After this many milliseconds a row that was enqueued and is not finished is asked after in the queue. */
  recheckAfterMs?: number;
  log: Logger;
};

const batch = 100;

/**
 * With its job on the way, a row's due time has been served and lies this far ahead, so that a wish which comes meanwhile for a
 * later time is kept: the store moves a waiting row to the earlier of both. Every end of a run says when it is due next.
 */
const served = 3650 * day;

export class Sweep {
  readonly #input: SweepInput;
  #closed = false;
  #started = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #timers = new Set<NodeJS.Timeout>();
  #running: Promise<void> | undefined;
  #fullIsDue = true;
  #woken = new Set<number>();
  #recheckedUpTo = 0;
  #storeIsAway = false;

  constructor(input: SweepInput) {
    this.#input = input;
  }

  /** Sweeps once, and from then on each interval. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    this.#schedule();
    this.#fullIsDue = true;
    await this.#sweepNow();
  }

  /** A hint after a commit: these rows may be due now. */
  wake(workIds: readonly number[]): void {
    if (this.#closed || !this.#started) return;
    for (const id of workIds) this.#woken.add(id);
    void this.#sweepNow();
  }

  /** A hint after a commit: these rows will be due before the next sweep, which would find them late. */
  wakeAt(rows: readonly { readonly id: number; readonly dueAt: Date }[]): void {
    if (this.#closed) return;
    for (const { id, dueAt } of rows) {
      const timer = setTimeout(
        () => {
          this.#timers.delete(timer);
          this.wake([id]);
        },
        dueAt.getTime() - this.#input.clock.now().getTime() + 1,
      );
      this.#timers.add(timer);
    }
  }

  /** How many rows are due now or being worked on. */
  async runnable(): Promise<number> {
    const { db, clock } = this.#input;
    const { count } = await db
      .selectFrom('work')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('state', '=', 'waiting')
      .where((eb) => eb.or([eb('dueAt', '<=', clock.now()), eb('enqueuedAt', 'is not', null)]))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** When the next row falls due that is neither due nor being worked on, but for those of the jobs named. */
  async nextDueAt(butFor: readonly string[] = []): Promise<Date | undefined> {
    const { db, clock } = this.#input;
    const { next } = await db
      .selectFrom('work')
      .select((eb) => eb.fn.min('dueAt').as('next'))
      .where('state', '=', 'waiting')
      .where('dueAt', '>', clock.now())
      .where('enqueuedAt', 'is', null)
      .$if(butFor.length > 0, (query) => query.where('job', 'not in', butFor))
      .executeTakeFirstOrThrow();
    return next ?? undefined;
  }
  /** Waits for the sweep that runs. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const timer of this.#timers) clearTimeout(timer);
    while (this.#running !== undefined) await this.#running;
  }

  #sweepNow(): Promise<void> {
    this.#running ??= this.#sweep().finally(() => {
      this.#running = undefined;
      if (!this.#closed && (this.#fullIsDue || this.#woken.size > 0)) void this.#sweepNow();
    });
    return this.#running;
  }

  async #sweep(): Promise<void> {
    const { queues, log } = this.#input;
    const full = this.#fullIsDue;
    const ids = [...this.#woken];
    this.#fullIsDue = false;
    this.#woken = new Set();
    // While the queue is away nothing is claimed: the first full sweep after it is back finds everything.
    if (queues.awaySince() !== undefined) return;
    try {
      if (ids.length > 0) await this.#enqueueDue(ids);
      if (full) {
        await this.#reviveLost();
        while ((await this.#enqueueDue()) === batch && !this.#closed);
      }
      if (this.#storeIsAway) log.info('the sweep reaches the store again');
      this.#storeIsAway = false;
    } catch (error) {
      if (!this.#storeIsAway) log.warn({ code: failureCode(error) }, 'the sweep does not reach the store; it tries on');
      this.#storeIsAway = true;
    }
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#fullIsDue = true;
      void this.#sweepNow();
      this.#schedule();
    }, this.#input.intervalMs ?? second);
  }

  /** Claims rows that are due and have no job, and adds one for each. Answers how many it claimed. */
  async #enqueueDue(only?: readonly number[]): Promise<number> {
    const { db, clock, queues, lanes, log } = this.#input;
    const now = clock.now();
    const claimed = await db
      .with('due', (cte) =>
        cte
          .selectFrom('work')
          .select('id')
          .where('state', '=', 'waiting')
          .where('dueAt', '<=', now)
          .where('enqueuedAt', 'is', null)
          .where('lane', 'in', lanes)
          .$if(only !== undefined, (query) => query.where('id', 'in', only ?? []))
          .orderBy('dueAt')
          .orderBy('id')
          .limit(batch)
          .forUpdate()
          .skipLocked(),
      )
      .updateTable('work')
      .from('due')
      .whereRef('work.id', '=', 'due.id')
      .set((eb) => ({
        // The number behind the last dash grows with each job of the row: an id that BullMQ still knows would be ignored.
        jobId: sql<string>`'work-' || ${eb.ref('work.id')} || '-' || (coalesce(split_part(${eb.ref('work.jobId')}, '-', 3)::integer, 0) + 1)`,
        enqueuedAt: now,
        dueAt: after(now, served),
      }))
      .returning(['work.id', 'work.job', 'work.lane', 'work.jobId'])
      .execute();
    claimed.sort((a, b) => a.id - b.id);
    const adding = claimed.map(async ({ id, job, lane, jobId }) => {
      if (jobId !== null && isLane(lane)) await queues.add(lane, { id: jobId, name: job, workId: id });
    });
    const failed = (await Promise.allSettled(adding)).filter((result) => result.status === 'rejected');
    // Whether they arrived is not known: the recheck asks the queue and lets go of those that did not.
    const reason: unknown = failed[0]?.reason;
    if (failed.length > 0)
      log.debug({ count: failed.length, code: failureCode(reason) }, 'jobs were not added; they are asked after');
    return claimed.length;
  }

  /** Lets go of rows whose job is finished or unknown to the queue although the row is not: killed workers, lost answers, a lost Redis. */
  async #reviveLost(): Promise<void> {
    const { db, clock, queues, lanes, log, recheckAfterMs = 2 * second } = this.#input;
    const now = clock.now();
    const asked = await db
      .selectFrom('work')
      .select(['id', 'job', 'lane', 'jobId'])
      .where('state', '=', 'waiting')
      .where('enqueuedAt', '<=', after(now, -recheckAfterMs))
      .where('lane', 'in', lanes)
      .where('id', '>', this.#recheckedUpTo)
      .orderBy('id')
      .limit(batch)
      .execute();
    // Over many rows the next sweep goes on behind the last one.
    this.#recheckedUpTo = asked.length < batch ? 0 : (asked.at(-1)?.id ?? 0);
    for (const { id, job, lane, jobId } of asked) {
      if (this.#closed || jobId === null || !isLane(lane)) continue;
      let life: 'living' | 'dead';
      try {
        life = await queues.life(lane, jobId);
      } catch {
        return;
      }
      if (life === 'living') continue;
      const letGo = await db
        .updateTable('work')
        .set((eb) => ({ enqueuedAt: null, dueAt: sql<Date>`least(${eb.ref('dueAt')}, ${now})` }))
        .where('id', '=', id)
        .where('jobId', '=', jobId)
        .where('state', '=', 'waiting')
        .where('enqueuedAt', 'is not', null)
        .executeTakeFirst();
      if (letGo.numUpdatedRows > 0n)
        log.info({ work: id, job, jobId }, 'its job ended without an outcome; it is added again');
    }
  }
}

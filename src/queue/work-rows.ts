import { type Kysely, sql } from 'kysely';
import type { Database } from '../store/schema.ts';

/** One run's view of its work row, as it was when the run began. */
export type ClaimedWork = {
  readonly id: number;
  readonly job: string;
  readonly payload: unknown;
  readonly attempts: number;
  readonly revision: number;
  readonly jobId: string;
};

/**
 * A run's moves on its work row. While a BullMQ job is on its way `enqueuedAt` is set; every end of a run clears it, which
 * lets the sweep add the next. A row names the only BullMQ job that may run it, so one that was left behind (a lost lock, a lost
 * answer, a second delivery) finds nothing to do.
 */
export type WorkRows = {
  /** undefined: done, given up, or no longer this job's. */
  begin(id: number, jobId: string): Promise<ClaimedWork | undefined>;
  /** false: a wish came while it ran, so it waits again, as due as the wish says. Of a round nothing stays: it comes every minute, for ever. */
  done(work: ClaimedWork, now: Date, options?: { round?: boolean | undefined }): Promise<boolean>;
  /** Waits until `dueAt`. Nothing happens when another BullMQ job has taken over. */
  retry(work: ClaimedWork, next: { attempts: number; dueAt: Date; lastError: string }): Promise<void>;
  /** false: a wish came while it ran, so it waits again instead. */
  giveUp(work: ClaimedWork, now: Date, lastError: string): Promise<boolean>;
  /** The run ended without an outcome of its own (the process stops): due at once, not counted as a try. */
  release(work: ClaimedWork, now: Date): Promise<void>;
};

export function workRows(db: Kysely<Database>): WorkRows {
  const waiting = (work: ClaimedWork) =>
    db.updateTable('work').where('id', '=', work.id).where('state', '=', 'waiting');
  const mine = (work: ClaimedWork) => waiting(work).where('jobId', '=', work.jobId);

  /** A wish came: the row waits for the time it names. */
  async function waitForWish(work: ClaimedWork): Promise<void> {
    await mine(work).set({ attempts: 0, enqueuedAt: null, lastError: null }).execute();
  }

  return {
    begin: async (id, jobId) => {
      const row = await db
        .selectFrom('work')
        .select(['job', 'payload', 'attempts', 'revision'])
        .where('id', '=', id)
        .where('state', '=', 'waiting')
        .where('jobId', '=', jobId)
        .where('enqueuedAt', 'is not', null)
        .executeTakeFirst();
      return row === undefined ? undefined : { id, jobId, ...row };
    },
    done: async (work, now, { round = false } = {}) => {
      if (round) {
        const gone = await db
          .deleteFrom('work')
          .where('id', '=', work.id)
          .where('state', '=', 'waiting')
          .where('revision', '=', work.revision)
          .executeTakeFirst();
        if (gone.numDeletedRows > 0n) return true;
      } else {
        const ended = await waiting(work)
          .where('revision', '=', work.revision)
          .set({ state: 'done', doneAt: now, lastError: null })
          .executeTakeFirst();
        if (ended.numUpdatedRows > 0n) return true;
      }
      await waitForWish(work);
      return false;
    },
    retry: async (work, { attempts, dueAt, lastError }) => {
      await mine(work).set({ attempts, dueAt, lastError, enqueuedAt: null }).execute();
    },
    giveUp: async (work, now, lastError) => {
      const ended = await mine(work)
        .where('revision', '=', work.revision)
        .set({ state: 'given-up', doneAt: now, lastError })
        .executeTakeFirst();
      if (ended.numUpdatedRows > 0n) return true;
      await waitForWish(work);
      return false;
    },
    release: async (work, now) => {
      await mine(work)
        .set((eb) => ({ dueAt: sql<Date>`least(${eb.ref('dueAt')}, ${now})`, enqueuedAt: null }))
        .execute();
    },
  };
}

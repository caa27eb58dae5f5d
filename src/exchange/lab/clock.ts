/** The lab's time: real time plus an offset in the database, the same for every process. */
import { type Kysely, sql } from 'kysely';
import { type Clock, systemClock } from '../../ground/clock.ts';
import type { Database } from '../../store/schema.ts';

export type LabClock = Clock & {
  /** Reads the offset now, for who has just moved it. */
  refresh(): Promise<void>;
  stop(): void;
};

/**
 * Opens the clock of a simulated Exchange. `now()` is at once; the offset is read again every `pollMs`, so that
 * `lab advance` in one process reaches the others within that time. `onError` hears of reads that failed.
 */
export async function createLabClock(input: {
  db: Kysely<Database>;
  base?: Clock;
  pollMs?: number;
  onError?: (error: unknown) => void;
}): Promise<LabClock> {
  const base = input.base ?? systemClock;
  let offsetMs = await offsetOf(input.db);

  async function refresh(): Promise<void> {
    // Time never runs backwards, whatever order the answers come in.
    offsetMs = Math.max(offsetMs, await offsetOf(input.db));
  }

  const timer = setInterval(() => {
    refresh().catch((error: unknown) => input.onError?.(error));
  }, input.pollMs ?? 500);
  timer.unref();
  return {
    now: () => new Date(base.now().getTime() + offsetMs),
    refresh,
    stop: () => clearInterval(timer),
  };
}

async function offsetOf(db: Kysely<Database>): Promise<number> {
  const state = await db.selectFrom('labState').select('offsetMs').executeTakeFirst();
  return state?.offsetMs ?? 0;
}

/** Moves the lab's time forward for every process. `milliseconds` must not be negative: the lab's past cannot be undone. */
export async function advanceLab(db: Kysely<Database>, milliseconds: number): Promise<void> {
  if (!Number.isFinite(milliseconds) || milliseconds < 0) {
    throw new RangeError(`the lab's clock only moves forward, not by ${milliseconds} ms`);
  }
  await db
    .updateTable('labState')
    .set({ offsetMs: sql<number>`offset_ms + ${milliseconds}` })
    .execute();
}

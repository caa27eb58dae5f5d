import type { Kysely, Transaction } from 'kysely';
import type { Clock, Ids } from '../ground/clock.ts';
import { MislaidError } from '../ground/errors.ts';
import { createChangeOutbox } from './outbox.ts';
import type { AuditEntry, Change, Store } from './port.ts';
import type { Database } from './schema.ts';
import type { Lane } from './work.ts';

/** What a change needs from the rest of the product. */
export type StoreParts = {
  db: Kysely<Database>;
  clock: Clock;
  ids: Ids;
  laneOf: (job: string) => Lane;
  /** Writes the entries into the chain, last in their transaction: it holds the chain's lock until the commit. */
  appendAudit: (tx: Transaction<Database>, now: Date, entries: AuditEntry[]) => Promise<void>;
  /** Told after the commit which work rows are due now; a hint, because the sweep finds them anyway. */
  wake: (hint: { work: number[] }) => void;
  /** Hears of a `wake` that threw. */
  onError?: (error: unknown) => void;
  /** Hears of every change that failed for good, before its caller does. */
  onFailed?: (error: unknown) => void;
};

/** serialization_failure and deadlock_detected: nothing was committed and the same again may succeed. */
const transientCodes = new Set(['40001', '40P01']);
const retries = 5;

/**
 * The store over one database. `change` throws what its body, the audit or the database throws, and then nothing of it was
 * written; only a connection lost during the commit leaves that open, so callers must be able to run twice.
 */
export function createStore(parts: StoreParts): Store {
  return { db: parts.db, change: (body) => change(parts, body) };
}

async function change<T>(parts: StoreParts, body: (change: Change) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      const { result, work } = await attemptChange(parts, body);
      wake(parts, work);
      return result;
    } catch (error) {
      if (attempt < retries && isTransient(error)) continue;
      parts.onFailed?.(error);
      throw error;
    }
  }
}

async function attemptChange<T>(
  { db, clock, ids, laneOf, appendAudit }: StoreParts,
  body: (change: Change) => Promise<T>,
): Promise<{ result: T; work: number[] }> {
  const now = clock.now();
  return await db.transaction().execute(async (tx) => {
    const { work: enqueue, flush, ...outbox } = createChangeOutbox({ tx, now, ids, laneOf });
    const entries: AuditEntry[] = [];
    let over = false;
    const audit = (entry: AuditEntry): void => {
      if (over)
        throw new MislaidError({
          code: 'change-is-over',
          message: `audit entry ${entry.action} came after its change had ended`,
        });
      entries.push(entry);
    };
    const result = await body({ tx, now, enqueue, audit, ...outbox });
    over = true;
    const work = await flush();
    if (entries.length > 0) await appendAudit(tx, now, entries);
    return { result, work };
  });
}

function wake(parts: StoreParts, work: number[]): void {
  if (work.length === 0) return;
  try {
    parts.wake({ work });
  } catch (error) {
    // What was committed stays committed: a failed hint must not look like a failed change.
    parts.onError?.(error);
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && transientCodes.has(error.code);
}

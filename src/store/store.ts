import type { Kysely, Transaction } from 'kysely';
import type { Clock, Ids } from '../ground/clock.ts';
import { internalError } from '../ground/errors.ts';
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
  /** Whether a checkpoint of the audit follows this entry at once, and not only within the hour. Default: none does. */
  sealAfter?: (entry: AuditEntry) => boolean;
  /** Told after each commit that wrote to the audit. */
  audited?: () => void;
  /** Told after the commit which work rows are due now, and which within a second; a hint, because the sweep finds them anyway. */
  wake: (hint: { work: number[]; soon: readonly { id: number; dueAt: Date }[] }) => void;
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
      const { result, ...done } = await attemptChange(parts, body);
      wake(parts, done);
      return result;
    } catch (error) {
      if (attempt < retries && isTransient(error)) continue;
      parts.onFailed?.(error);
      throw error;
    }
  }
}

async function attemptChange<T>(
  { db, clock, ids, laneOf, appendAudit, sealAfter = () => false }: StoreParts,
  body: (change: Change) => Promise<T>,
): Promise<{ result: T; work: number[]; soon: { id: number; dueAt: Date }[]; audited: boolean }> {
  const now = clock.now();
  return await db.transaction().execute(async (tx) => {
    const { work: enqueue, flush, ...outbox } = createChangeOutbox({ tx, now, ids, laneOf });
    const entries: AuditEntry[] = [];
    let over = false;
    const audit = (entry: AuditEntry): void => {
      if (over)
        throw internalError({
          code: 'change-is-over',
          message: `audit entry ${entry.action} came after its change had ended`,
        });
      entries.push(entry);
    };
    const result = await body({ tx, now, enqueue, audit, ...outbox });
    over = true;
    if (entries.some(sealAfter)) await enqueue('checkpoint-audit', { decided: true }, { key: 'decided' });
    const due = await flush();
    const work = due.filter(({ dueAt }) => dueAt <= now).map(({ id }) => id);
    const soon = due.filter(({ dueAt }) => dueAt > now);
    if (entries.length > 0) await appendAudit(tx, now, entries);
    return { result, work, soon, audited: entries.length > 0 };
  });
}

function wake(
  parts: StoreParts,
  { work, soon, audited }: Parameters<StoreParts['wake']>[0] & { audited: boolean },
): void {
  try {
    if (audited) parts.audited?.();
    if (work.length + soon.length > 0) parts.wake({ work, soon });
  } catch (error) {
    // What was committed stays committed: a failed hint must not look like a failed change.
    parts.onError?.(error);
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && transientCodes.has(error.code);
}

import type { Logger } from 'pino';
import { internalError, MislaidError } from '../ground/errors.ts';
import { failureCode } from '../ground/failure.ts';
import type { DatabaseConnection } from '../store/connect.ts';
import { postgresDriver } from './postgres.ts';
import { redisDriver } from './redis.ts';
import { type Driver, type Timing, usualTiming } from './transport.ts';

/** What needs a live connection: opened when the queue comes, closed when it is lost (and must be built anew) or at the end. */
export type QueuePart = (driver: Driver) => Promise<{ close(): Promise<void> }>;

export type QueueBackend = {
  readonly kind: 'redis' | 'postgres';
  /**
   * Tries once and answers: the queue may be away then, which is no error, and is tried again each second until `close`.
   * Rejects with `queue-refused` when this server must not be used at all.
   */
  start(): Promise<void>;
  /** Keeps a part open whenever the queue is there. `close` closes this part alone. */
  keep(name: string, part: QueuePart): { close(): Promise<void> };
  /** Since when the queue is away (real time); undefined while it stands. */
  awaySince(): Date | undefined;
  /** Closes every part, newest first, and the connection. */
  close(): Promise<void>;
};

/** BullMQ on Redis: what production uses. `strict` refuses a Redis that may evict jobs. */
export function redisBackend(input: {
  url: string;
  prefix: string;
  log: Logger;
  strict?: boolean;
  timing?: Timing;
}): QueueBackend {
  return supervise(redisDriver({ ...input, timing: input.timing ?? usualTiming }), input.log);
}

/** BullMQ on the store's own PostgreSQL: for one process on one machine. */
export function postgresBackend(input: { connection: DatabaseConnection; log: Logger; timing?: Timing }): QueueBackend {
  return supervise(postgresDriver({ ...input, timing: input.timing ?? usualTiming }), input.log);
}

type Kept = { name: string; part: QueuePart; opened?: { close(): Promise<void> } | undefined };

const retryMs = 1_000;

export function supervise(driver: Driver, log: Logger): QueueBackend {
  const parts: Kept[] = [];
  let stands = false;
  let closing = false;
  let awaySince: Date | undefined = new Date();
  let said = false;
  let timer: NodeJS.Timeout | undefined;
  // Opening and closing never overlap: each step waits for the one before.
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const next = last.then(step);
    last = next.catch(() => undefined);
    return next;
  }

  async function open(kept: Kept): Promise<void> {
    kept.opened ??= await kept.part(driver);
  }

  async function closePart(kept: Kept): Promise<void> {
    const opened = kept.opened;
    kept.opened = undefined;
    await opened
      ?.close()
      .catch((error) => log.warn({ part: kept.name, code: failureCode(error) }, 'a part of the queue did not close'));
  }

  async function tearDown(): Promise<void> {
    for (const kept of [...parts].reverse()) await closePart(kept);
    await driver.disconnect();
  }

  async function bringUp(): Promise<void> {
    if (closing || stands) return;
    try {
      await driver.connect({ lost, back });
      for (const kept of parts) await open(kept);
      if (!driver.stands()) throw internalError({ code: 'queue-lost', message: 'lost while opening' });
      back();
    } catch (error) {
      await tearDown();
      sayAway(error);
      tryAgain();
      if (error instanceof MislaidError && error.code === 'queue-refused') throw error;
    }
  }

  function tryAgain(): void {
    if (closing) return;
    clearTimeout(timer);
    timer = setTimeout(() => inTurn(bringUp).catch(() => undefined), retryMs);
  }

  function lost(error: unknown): void {
    if (closing || !stands) return;
    stands = false;
    awaySince = new Date();
    sayAway(error);
    if (driver.rebuilds) inTurn(tearDown).then(tryAgain, tryAgain);
  }

  function back(): void {
    if (closing || stands) return;
    stands = true;
    awaySince = undefined;
    if (said) log.info({ queue: driver.kind }, 'the queue is back');
    said = false;
  }

  function sayAway(error: unknown): void {
    if (!said)
      log.warn(
        { queue: driver.kind, code: failureCode(error) },
        'the queue is away; work waits in the store and goes on when it is back',
      );
    said = true;
  }

  return {
    kind: driver.kind,
    start: () => inTurn(bringUp),
    keep: (name, part) => {
      const kept: Kept = { name, part };
      parts.push(kept);
      const opening = inTurn(async () => {
        if (stands && !closing) await open(kept);
      });
      // A part that does not open is the same as a lost queue: everything is closed and tried again.
      opening.catch((error) => {
        sayAway(error);
        stands = false;
        awaySince ??= new Date();
        inTurn(tearDown).then(tryAgain, tryAgain);
      });
      return {
        close: () =>
          inTurn(async () => {
            const index = parts.indexOf(kept);
            if (index >= 0) parts.splice(index, 1);
            await closePart(kept);
          }),
      };
    },
    awaySince: () => awaySince,
    close: async () => {
      closing = true;
      clearTimeout(timer);
      await inTurn(tearDown);
    },
  };
}

/**
 * Jobs: queued units of work that call Exchange or read logs. The queue is transport, the store is truth.
 *
 * job       a described handler: name, payload schema, lane, and what it does
 * work      one row of the store that wants a job to run (`work` table): written in the transaction of its cause, done in the
 *           transaction of its effect; the sweep enqueues what is due and has no living BullMQ job
 * lane      a BullMQ queue with a concurrency of its own
 * doing     one run of a handler; every handler may run twice, so its effect is a compare-and-set in the store
 */
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Lane } from '../store/work.ts';

/** What every run is given, whatever its job does. */
export type RunContext = {
  /** Bound to job, work id and attempt. */
  readonly log: Logger;
  /** Aborted when the lock is lost or the process stops. */
  readonly signal: AbortSignal;
  /** Throws when BullMQ's lock is lost: called right before what cannot be taken back. */
  assertLock(): Promise<void>;
  /** How often this work row was tried before (0 the first time). */
  readonly attempt: number;
};

export type QueueJob<Name extends string, P, Context> = {
  /** The file's name: `read-devices`. */
  readonly name: Name;
  /** One sentence for docs and metrics. */
  readonly does: string;
  readonly lane: Lane;
  /** It enqueues itself again and again: nobody who waits for the end of work waits for it. */
  readonly round?: boolean;
  /** Payloads outlive code: a payload of an older version must parse, or the work is given up with a sentence. */
  readonly payload: z.ZodType<P>;
  /** Milliseconds to wait before the next try after failure n (1, 2, …); undefined gives up. Default: 5 s doubled up to 10 min, for ever. */
  readonly retryAfter?: (failures: number) => number | undefined;
  run(context: Context, payload: P): Promise<void>;
  /** Told once when the work is given up, so that people are told too. */
  onGivenUp?(context: Context, payload: P, reason: string): Promise<void>;
  /** The same for a payload that does not parse (of an older version): it comes as it was stored. */
  onUnreadable?(context: Context, payload: unknown, reason: string): Promise<void>;
};

/** Any job of a registry, its payload not yet parsed. */
export type AnyQueueJob<Context> = QueueJob<string, unknown, Context>;

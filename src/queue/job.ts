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
import type { AuditSeal } from '../audit/checkpoint.ts';
import type { Capabilities, Exchange } from '../exchange/port.ts';
import type { Identity, Place } from '../ground/addresses.ts';
import type { Clock, Ids } from '../ground/clock.ts';
import type { DoctorRow } from '../ground/doctor-row.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Policy } from '../policy.ts';
import type { Servers } from '../servers/port.ts';
import type { Store } from '../store/port.ts';
import type { Lane } from '../store/work.ts';

export type JobContext = {
  readonly store: Store;
  /** The Exchange of the organisation that the work row names. */
  exchange(organisation: Organisation): Exchange;
  servers(organisation: Organisation): Servers;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Bound to job, work id and attempt. */
  readonly log: Logger;
  /** Aborted when the lock is lost or the process stops. */
  readonly signal: AbortSignal;
  /** Throws when BullMQ's lock is lost: called right before what cannot be taken back. */
  assertLock(): Promise<void>;
  /** How often this work row was tried before (0 the first time). */
  readonly attempt: number;
  capabilities(organisation: Organisation): Promise<Capabilities>;
  /** Looks at everything that the bot needs; absent where the process was put together for a test. */
  doctor?(): Promise<DoctorRow[]>;
  /** Signs checkpoints of the audit; absent where this process has no data folder or key. */
  readonly seal?: AuditSeal;
  /** Delivers what is due for one place or identity, in order; answers when the next thing is due there. Only in the lane `deliveries`. */
  deliver(target: Place | Identity): Promise<{ nextDueAt?: Date }>;
};

export type Job<Name extends string, P> = {
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
  run(context: JobContext, payload: P): Promise<void>;
  /** Told once when the work is given up, so that people are told too. */
  onGivenUp?(context: JobContext, payload: P, reason: string): Promise<void>;
  /** The same for a payload that does not parse (of an older version): it comes as it was stored. */
  onUnreadable?(context: JobContext, payload: unknown, reason: string): Promise<void>;
};

/** Any job of the registry, its payload not yet parsed. */
export type AnyJob = Job<string, unknown>;

export function defineJob<const Name extends string, P>(job: Job<Name, P>): Job<Name, P> {
  return job;
}

import type { JobsOptions, WorkerOptions } from 'bullmq';
import type { Logger } from 'pino';
import { z } from 'zod';
import { day, hour, second } from '../ground/durations.ts';
import { internalError, type MislaidError } from '../ground/errors.ts';
import { failureCode } from '../ground/failure.ts';
import { withTimeLimit } from '../ground/time-limit.ts';
import type { Lane } from '../store/work.ts';
import { laneLimits } from './lanes.ts';
import type { ClaimedJob, Timing, TransportQueue, TransportWorker } from './transport.ts';

/** BullMQ's names of the lanes; the prefix (Redis) or the schema (PostgreSQL) sets them apart from other products'. */
export function queueName(lane: Lane): string {
  return `mislaid-${lane}`;
}

export type WorkData = { workId: number };
const workDataSchema = z.object({ workId: z.number().int() });

/** One try only: the store counts tries. What is finished stays a while for whoever looks into the queue; nothing rests on it. */
export const jobOptions: JobsOptions = {
  attempts: 1,
  removeOnComplete: { age: hour / second, count: 500 },
  removeOnFail: { age: day / second, count: 500 },
};

/** What we use of BullMQ's Queue, whichever backend it stands on. */
export type BullQueue = {
  add(name: string, data: WorkData, options: JobsOptions): Promise<unknown>;
  getJobState(id: string): Promise<string>;
  getJobCounts(): Promise<Record<string, number>>;
  setGlobalConcurrency(limit: number): Promise<unknown>;
  waitUntilReady(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
};

/** What we use of BullMQ's Worker. */
export type BullWorker = {
  pause(doNotWaitActive: boolean): Promise<void>;
  waitUntilReady(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'lockRenewalFailed', listener: (ids: string[]) => void): unknown;
  close(force: boolean): Promise<void>;
  disconnect(): Promise<void>;
};

/** What we use of BullMQ's Job inside a processor. */
export type BullJob = {
  readonly id?: string | undefined;
  readonly data: unknown;
  extendLock(token: string, ms: number): Promise<number>;
};

/** How long the server may take to answer while something opens. */
const answerMs = 5 * second;

const finishedStates: readonly string[] = ['completed', 'failed', 'unknown'];

/** Rejects (and closes what it opened) when the queue does not become ready. */
export async function transportQueue(lane: Lane, queue: BullQueue, log: Logger): Promise<TransportQueue> {
  queue.on('error', (error) => log.debug({ lane, code: failureCode(error) }, 'queue connection'));
  const { everywhere } = laneLimits[lane];
  try {
    await withTimeLimit(queue.waitUntilReady(), answerMs);
    if (everywhere !== undefined) await withTimeLimit(queue.setGlobalConcurrency(everywhere), answerMs);
  } catch (error) {
    await settle(queue.close());
    throw error;
  }
  return {
    add: async ({ id, name, workId }) => {
      await queue.add(name, { workId }, { ...jobOptions, jobId: id });
    },
    life: async (id) => (finishedStates.includes(await queue.getJobState(id)) ? 'dead' : 'living'),
    counts: () => queue.getJobCounts(),
    close: () => settle(queue.close()),
  };
}

/** Options of every worker. maxStalledCount 0: BullMQ fails a dead worker's job, and the sweep, which asks the store, starts it anew. */
export function workerOptions(
  lane: Lane,
  timing: Timing,
): Omit<WorkerOptions, 'connection'> & { lockDuration: number; concurrency: number } {
  return {
    concurrency: laneLimits[lane].here,
    lockDuration: timing.lockMs,
    stalledInterval: timing.stalledMs,
    maxStalledCount: 0,
    // On the way back after a lost connection BullMQ waits this long between tries (default 15 s).
    runRetryDelay: 1_000,
  };
}

/** Builds the worker with `make` and answers it once it is ready; rejects (and closes what it opened) when it is not. */
export async function transportWorker(
  lane: Lane,
  timing: Timing,
  take: (job: ClaimedJob) => Promise<void>,
  make: (process: (job: BullJob, token?: string) => Promise<void>) => BullWorker,
  log: Logger,
): Promise<TransportWorker> {
  const aborts = new Map<string, AbortController>();

  async function process(job: BullJob, token?: string): Promise<void> {
    const data = workDataSchema.safeParse(job.data);
    if (!data.success || job.id === undefined || token === undefined) return;
    const abort = new AbortController();
    aborts.set(job.id, abort);
    const extendLock = async () => {
      const extended = withTimeLimit(job.extendLock(token, timing.lockMs), timing.lockMs / 2);
      return !abort.signal.aborted && (await extended) === 1 && !abort.signal.aborted;
    };
    try {
      await take({ id: job.id, workId: data.data.workId, signal: abort.signal, extendLock });
    } finally {
      aborts.delete(job.id);
    }
  }

  const worker = make(process);
  worker.on('error', (error) => log.debug({ lane, code: failureCode(error) }, 'worker connection'));
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) aborts.get(id)?.abort(lockLost(id));
  });
  const close = async () => {
    for (const [id, abort] of aborts) abort.abort(lockLost(id));
    // A forced close would leave the PostgreSQL backend's wait for the next job behind; a patient one would wait for what runs.
    await settle(worker.close(aborts.size > 0));
    await settle(worker.disconnect());
  };
  try {
    await withTimeLimit(worker.waitUntilReady(), answerMs);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    pause: () => {
      void settle(worker.pause(true));
    },
    abort: (reason) => {
      for (const abort of aborts.values()) abort.abort(reason);
    },
    close,
  };
}

export function lockLost(jobId: string): MislaidError {
  return internalError({
    code: 'lock-lost',
    message: `The queue's lock on ${jobId} is lost: another worker may run it. It is tried again when the store says so.`,
  });
}

/** Closing must end, also when the server does not answer: two seconds, and no error of it stops what closes next. */
export async function settle(closing: Promise<unknown>): Promise<void> {
  await withTimeLimit(closing, 2 * second).catch(() => undefined);
}

import type { Logger } from 'pino';
import { backOff } from '../ground/back-off.ts';
import type { Clock } from '../ground/clock.ts';
import { after, minute, second } from '../ground/durations.ts';
import { internalError, MislaidError } from '../ground/errors.ts';
import { failureCode, failureText, failureWhere } from '../ground/failure.ts';
import type { Lane } from '../store/work.ts';
import type { AnyQueueJob, RunContext } from './job.ts';
import type { ClaimedJob } from './transport.ts';
import type { ClaimedWork, WorkRows } from './work-rows.ts';

/**
 * done      the row is done
 * again     it ran well, and a wish came meanwhile: it waits again
 * retried   it failed and waits for its next try
 * given-up  it failed and is not tried again
 * stopped   it did not end before the process did; another worker takes it
 * skipped   the row was done or another job's: nothing ran
 */
export type RunOutcome = 'done' | 'again' | 'retried' | 'given-up' | 'stopped' | 'skipped';

/** Told of each run, for metrics; `seconds` from taken to ended. */
export type QueueMetrics = {
  ran(run: { job: string; lane: Lane; outcome: RunOutcome; seconds: number }): void;
};

/** What a run knows of itself; the composition root makes the context of its jobs of it. */
export type ContextInput = RunContext & {
  readonly workId: number;
  readonly lane: Lane;
};

export type RunnerInput<Context> = {
  jobs: readonly AnyQueueJob<Context>[];
  rows: WorkRows;
  clock: Clock;
  context: (input: ContextInput) => Context;
  metrics: QueueMetrics;
  log: Logger;
  /** Told of rows that are due again at once. */
  wake?: ((workIds: readonly number[]) => void) | undefined;
};

/** Runs one taken job to its outcome. Rejects only when the store fails. */
export type Run = (taken: ClaimedJob, lane: Lane) => Promise<RunOutcome>;

export function createRun<Context>({ jobs, rows, clock, context, metrics, log, wake }: RunnerInput<Context>): Run {
  const byName = new Map(jobs.map((job) => [job.name, job]));
  // A run whose lock was lost may still be at it when the row comes back to this process: one at a time here.
  const running = new Map<number, Promise<unknown>>();

  async function runWork(work: ClaimedWork, taken: ClaimedJob, lane: Lane): Promise<RunOutcome> {
    const job = byName.get(work.job);
    const runLog = log.child({ job: work.job, work: work.id, attempt: work.attempts });
    if (job === undefined) {
      return giveUp(
        work,
        runLog,
        `unknown-job: this version has no job ${work.job}; start the version that wrote it, or leave it.`,
      );
    }
    const input: ContextInput = {
      workId: work.id,
      lane,
      attempt: work.attempts,
      log: runLog,
      signal: taken.signal,
      assertLock: () => assertLock(taken),
    };
    const payload = job.payload.safeParse(work.payload);
    if (!payload.success) {
      const where = payload.error.issues.map((issue) => issue.path.join('.') || 'payload').join(', ');
      const reason = `old-payload: the stored payload does not fit ${work.job} any more (${where}).`;
      return attempt(job, work, input, () =>
        giveUp(work, runLog, reason, () => job.onUnreadable?.(context(input), work.payload, reason)),
      );
    }
    return attempt(
      job,
      work,
      input,
      async () => {
        await job.run(context(input), payload.data);
        if (await rows.done(work, clock.now(), { round: job.round })) return 'done';
        wake?.([work.id]);
        return 'again';
      },
      (reason) => job.onGivenUp?.(context(input), payload.data, reason),
    );
  }

  /** Runs `body`; when it throws, the row waits for its next try, or is given up. */
  async function attempt(
    job: AnyQueueJob<Context>,
    work: ClaimedWork,
    { log: runLog, signal }: ContextInput,
    body: () => Promise<RunOutcome>,
    onGivenUp?: (reason: string) => Promise<void> | undefined,
  ): Promise<RunOutcome> {
    try {
      return await body();
    } catch (error) {
      if (signal.aborted && isStop(signal.reason)) {
        await rows.release(work, clock.now());
        runLog.info('stopped before it ended; it is tried again at once elsewhere');
        return 'stopped';
      }
      const attempts = work.attempts + 1;
      const lastError = failureText(error);
      const wait = (job.retryAfter ?? usualRetryAfter)(attempts);
      runLog.warn({ code: failureCode(error), at: failureWhere(error), waitMs: wait }, 'the job failed');
      if (wait !== undefined) return retry(work, attempts, wait, lastError);
      try {
        return await giveUp(work, runLog, lastError, () => onGivenUp?.(lastError));
      } catch (untold) {
        // Nobody was told, so it is not given up yet.
        runLog.warn({ code: failureCode(untold), at: failureWhere(untold) }, 'giving up failed');
        return retry(work, attempts, usualRetryAfter(attempts), lastError);
      }
    }
  }

  async function retry(work: ClaimedWork, attempts: number, waitMs: number, lastError: string): Promise<RunOutcome> {
    await rows.retry(work, { attempts, dueAt: after(clock.now(), waitMs), lastError });
    return 'retried';
  }

  /** People are told first: told twice after a crash is better than never. */
  async function giveUp(
    work: ClaimedWork,
    runLog: Logger,
    reason: string,
    tell?: () => Promise<void> | undefined,
  ): Promise<RunOutcome> {
    await tell?.();
    if (await rows.giveUp(work, clock.now(), reason)) {
      runLog.error({ reason: reason.split(':')[0] }, 'given up');
      return 'given-up';
    }
    wake?.([work.id]);
    return 'again';
  }

  return async (taken, lane) => {
    const before = running.get(taken.workId);
    if (before !== undefined) await before.catch(() => undefined);
    const began = performance.now();
    const work = await rows.begin(taken.workId, taken.id);
    if (work === undefined) return 'skipped';
    const run = runWork(work, taken, lane);
    running.set(work.id, run);
    try {
      const outcome = await run;
      metrics.ran({ job: work.job, lane, outcome, seconds: (performance.now() - began) / 1_000 });
      return outcome;
    } finally {
      if (running.get(work.id) === run) running.delete(work.id);
    }
  };
}

/** 5 s, doubled up to 10 min, for ever. */
export function usualRetryAfter(failures: number): number {
  return backOff(failures, { first: 5 * second, most: 10 * minute });
}

async function assertLock(taken: ClaimedJob): Promise<void> {
  const ours = await taken.extendLock().catch(() => false);
  if (ours) return;
  throw internalError({
    code: 'lock-lost',
    message: `The queue's lock on ${taken.id} is not ours for certain; what cannot be taken back was not done.`,
  });
}

/** The reason of the signal that ends runs with their process. */
export function processStops(): MislaidError {
  return internalError({
    code: 'process-stops',
    message: 'The process stops; the work is taken up elsewhere or at the next start.',
  });
}

function isStop(reason: unknown): boolean {
  return reason instanceof MislaidError && reason.code === 'process-stops';
}

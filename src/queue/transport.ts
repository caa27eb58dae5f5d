import type { Lane } from '../store/work.ts';

/** How long a lock lasts without renewal, and how often dead workers' jobs are looked for (milliseconds). A killed worker's job is free after at most the sum. */
export type Timing = { readonly lockMs: number; readonly stalledMs: number };

export const usualTiming: Timing = { lockMs: 5_000, stalledMs: 5_000 };

/** `living`: it will run, or runs; `dead`: finished, failed or unknown to the queue. Neither says whether the work was done. */
export type Life = 'living' | 'dead';

export type ClaimedJob = {
  readonly id: string;
  readonly workId: number;
  /** Aborted when the lock is lost or the process stops. */
  readonly signal: AbortSignal;
  /** true when the lock was still ours and now lasts anew; false when it is lost. Rejects when the server did not answer in time. */
  extendLock(): Promise<boolean>;
};

export type TransportQueue = {
  /** An id that exists already is ignored by BullMQ. */
  add(job: { id: string; name: string; workId: number }): Promise<void>;
  life(id: string): Promise<Life>;
  /** Jobs by BullMQ's state. */
  counts(): Promise<Record<string, number>>;
  close(): Promise<void>;
};

export type TransportWorker = {
  /** Takes nothing more; what runs goes on. */
  pause(): void;
  /** Aborts the signals of what runs. */
  abort(reason: unknown): void;
  /** Closes at once; the signal of what still runs is aborted. */
  close(): Promise<void>;
};

export type Watch = { lost(error: unknown): void; back(): void };

export type Driver = {
  readonly kind: 'redis' | 'postgres';
  /** true: queues and workers do not survive the loss of the server and are built anew; false: they reconnect by themselves. */
  readonly rebuilds: boolean;
  /** Resolves on a live and checked connection; rejects when there is none. A MislaidError `queue-refused` says that this server must not be used. */
  connect(watch: Watch): Promise<void>;
  /** Whether the connection of the last `connect` still stands. */
  stands(): boolean;
  queue(lane: Lane): Promise<TransportQueue>;
  worker(lane: Lane, take: (job: ClaimedJob) => Promise<void>): Promise<TransportWorker>;
  disconnect(): Promise<void>;
};

import type { Kysely } from 'kysely';
import { pino } from 'pino';
import { z } from 'zod';
import type { Clock } from '../../src/ground/clock.ts';
import { randomIds } from '../../src/ground/ids.ts';
import { type AnyBotJob, defineJob, type JobContext } from '../../src/incidents/job.ts';
import type { QueueBackend } from '../../src/queue/backend.ts';
import { allLanes } from '../../src/queue/lanes.ts';
import { createQueues } from '../../src/queue/queues.ts';
import type { ContextInput, RunOutcome } from '../../src/queue/run.ts';
import { Sweep } from '../../src/queue/sweep.ts';
import type { Timing } from '../../src/queue/transport.ts';
import { workRows } from '../../src/queue/work-rows.ts';
import { createWorkers, type Workers } from '../../src/queue/worker.ts';
import type { Database } from '../../src/store/schema.ts';

/** Of a worker that will be killed: its job is free soon. */
export const quickTiming: Timing = { lockMs: 2_000, stalledMs: 1_000 };

/** Of everybody else: no lock is lost because the machine stalls, and what killed workers leave behind is found soon. */
export const steadyTiming: Timing = { lockMs: 60_000, stalledMs: 1_000 };

export const silent = pino({ level: process.argv.includes('--loud') ? 'debug' : 'silent' });

export type ShiftedClock = Clock & { advance(ms: number): void };

/** Real time plus an offset, as on the lab. */
export function shiftedClock(): ShiftedClock {
  let offset = 0;
  return {
    now: () => new Date(Date.now() + offset),
    advance: (ms) => {
      offset += ms;
    },
  };
}

const NotePayload = z.object({ text: z.string() });

/** What tests hook into: each may be replaced by a test. */
export type Handlers = {
  run(context: JobContext, text: string): Promise<void>;
  retryAfter(failures: number): number | undefined;
  onGivenUp(text: string, reason: string): Promise<void>;
  onUnreadable(payload: unknown, reason: string): Promise<void>;
};

export function noteJob(handlers: Handlers, lane: 'exchange' | 'wipes' | 'deliveries' = 'exchange') {
  return defineJob({
    name: `note-${lane}`,
    does: 'Notes a text.',
    lane,
    payload: NotePayload,
    retryAfter: (failures) => handlers.retryAfter(failures),
    run: (context, { text }) => handlers.run(context, text),
    onGivenUp: (_context, { text }, reason) => handlers.onGivenUp(text, reason),
    onUnreadable: (_context, payload, reason) => handlers.onUnreadable(payload, reason),
  });
}

export function usualHandlers(): Handlers {
  return {
    run: () => Promise.resolve(),
    retryAfter: () => 60_000,
    onGivenUp: () => Promise.resolve(),
    onUnreadable: () => Promise.resolve(),
  };
}

/** A context whose ports nobody here calls. */
export function bareContext(db: Kysely<Database>, clock: Clock): (input: ContextInput) => JobContext {
  const missing = (port: string) => () => {
    throw new Error(`these tests have no ${port}`);
  };
  return ({ attempt, log, signal, assertLock }) => ({
    store: { db, change: missing('store.change') },
    exchange: missing('exchange'),
    servers: missing('servers'),
    get policy() {
      return missing('policy')();
    },
    get approvals() {
      return missing('approvals')();
    },
    clock,
    ids: randomIds,
    log,
    signal,
    assertLock,
    attempt,
    capabilities: missing('capabilities'),
    deliver: missing('deliver'),
  });
}

export type RunningNode = {
  backend: QueueBackend;
  sweep: Sweep;
  workers: Workers;
  outcomes: RunOutcome[];
  /** Workers up to `graceMs`, sweep, queue. */
  close(graceMs?: number): Promise<void>;
};

/** One process' share of the queue, as the composition root builds it. */
export async function startNode(input: {
  db: Kysely<Database>;
  backend: QueueBackend;
  clock: Clock;
  jobs: readonly AnyBotJob[];
  intervalMs?: number;
  recheckAfterMs?: number;
}): Promise<RunningNode> {
  const { db, backend, clock, jobs, intervalMs = 200, recheckAfterMs = 500 } = input;
  const outcomes: RunOutcome[] = [];
  const queues = createQueues({ backend, lanes: allLanes, log: silent });
  const sweep = new Sweep({ db, clock, queues, lanes: allLanes, intervalMs, recheckAfterMs, log: silent });
  const workers = createWorkers({
    jobs,
    lanes: ['wipes', 'exchange', 'deliveries'],
    backend,
    rows: workRows(db),
    clock,
    context: bareContext(db, clock),
    metrics: { ran: ({ outcome }) => outcomes.push(outcome) },
    log: silent,
    wake: (ids) => sweep.wake(ids),
  });
  await backend.start();
  await sweep.start();
  return {
    backend,
    sweep,
    workers,
    outcomes,
    close: async (graceMs) => {
      await workers.close(graceMs);
      await sweep.close();
      await backend.close();
    },
  };
}

export type Wish = { job?: string; key?: string; payload?: object; lane?: string; dueAt: Date };

/** A work row as the store's outbox writes it; the store's own tests cover its merging of wishes. */
export async function addWork(db: Kysely<Database>, wish: Wish): Promise<number> {
  const { job = 'note-exchange', key = null, payload = { text: 'hello' }, lane = 'exchange', dueAt } = wish;
  const { id } = await db
    .insertInto('work')
    .values({ job, key, payload: JSON.stringify(payload), lane, dueAt, createdAt: dueAt })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

export function workRow(db: Kysely<Database>, id: number) {
  return db.selectFrom('work').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

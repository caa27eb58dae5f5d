import type { Kysely } from 'kysely';
import { z } from 'zod';
import { systemClock } from '../../src/ground/clock.ts';
import { defineJob } from '../../src/incidents/job.ts';
import { jobOptions } from '../../src/queue/bull.ts';
import { createQueues } from '../../src/queue/queues.ts';
import { Sweep } from '../../src/queue/sweep.ts';
import { type WorkRows, workRows } from '../../src/queue/work-rows.ts';
import { createWorkers } from '../../src/queue/worker.ts';
import type { Database } from '../../src/store/schema.ts';
import type { Lane } from '../../src/store/work.ts';
import { bareContext, silent } from '../queue/world.ts';
import { type BenchBackend, benchServers } from './queue-backends.ts';
import { type BenchResult, quantile, rounded } from './result.ts';

/** Lanes of ours with the concurrency to be measured and no limit over processes. */
const lanes: { concurrency: number; lane: Lane }[] = [
  { concurrency: 1, lane: 'upkeep' },
  { concurrency: 8, lane: 'deliveries' },
];
const rounds = 3;
const leastRatio = 0.5;
let batches = 0;

/**
 * Jobs a second with an empty handler: BullMQ alone and our wrapper in turns on the same server, best of three rounds (other load only
 * slows a round). Rows come
 * from memory, so that the ratio is about the wrapper; the whole transaction (claim, begin, done in PostgreSQL) stands beside it.
 */
export async function benchQueue(): Promise<BenchResult[]> {
  const { db, backends, close } = await benchServers();
  const results: BenchResult[] = [];
  try {
    for (const backend of backends) {
      for (const { concurrency, lane } of lanes) {
        const bare: number[] = [];
        const ours: number[] = [];
        for (let round = 0; round < rounds; round++) {
          await backend.tidy();
          bare.push(await bareRate(backend, lane, `bare-${lane}`));
          await backend.tidy();
          ours.push(await wrappedRate(backend, lane, db));
        }
        const ratio = Math.max(...ours) / Math.max(...bare);
        results.push({
          name: `queue on ${backend.name}, ${concurrency} at once`,
          figures: {
            'BullMQ jobs/s': rounded(Math.max(...bare)),
            'wrapper jobs/s': rounded(Math.max(...ours)),
            ratio: rounded(ratio),
            'whole transaction jobs/s': rounded(await wholeRate(backend, lane, db)),
          },
          bar: `ratio of the wrapper at least ${leastRatio}`,
          pass: ratio >= leastRatio,
        });
      }
      results.push(await latency(backend, db));
    }
  } finally {
    await close();
  }
  return results;
}

/** Counts ends; `rate` resolves with jobs a second between the first and the last. */
function meter(jobs: number): { tick(): void; rate: Promise<number> } {
  let first = 0;
  let count = 0;
  let finish: (rate: number) => void = () => undefined;
  const rate = new Promise<number>((resolve) => {
    finish = resolve;
  });
  return {
    rate,
    tick: () => {
      count += 1;
      if (count === 1) first = performance.now();
      if (count === jobs) finish(((jobs - 1) * 1_000) / (performance.now() - first));
    },
  };
}

async function bareRate(backend: BenchBackend, lane: Lane, name: string): Promise<number> {
  const queue = backend.bareQueue(name);
  const batch = `bare-${batches++}`;
  const jobs = Array.from({ length: backend.jobs }, (_, n) => ({
    name: 'empty',
    data: { workId: n },
    opts: { ...jobOptions, jobId: `${batch}-${n}` },
  }));
  await queue.addBulk(jobs);
  const { tick, rate } = meter(backend.jobs);
  const worker = backend.bareWorker(name, lane, async () => tick());
  const measured = await rate;
  await worker.close();
  await queue.close();
  return measured;
}

function emptyJob(lane: Lane, run: (payload: { at: number }) => void) {
  const payload = z.object({ at: z.number() });
  return defineJob({
    name: `empty-${lane}`,
    does: 'Nothing.',
    lane,
    payload,
    run: async (_context, given) => run(given),
  });
}

async function wrappedRate(bench: BenchBackend, lane: Lane, db: Kysely<Database>): Promise<number> {
  const backend = bench.ours();
  const queues = createQueues({ backend, lanes: [lane], log: silent });
  await backend.start();
  const batch = `memory-${batches++}`;
  const name = `empty-${lane}`;
  for (let from = 0; from < bench.jobs; from += 100) {
    const ids = Array.from({ length: 100 }, (_, n) => from + n);
    await Promise.all(ids.map((id) => queues.add(lane, { id: `${batch}-${id}`, name, workId: id })));
  }
  const { tick, rate } = meter(bench.jobs);
  const rows: WorkRows = {
    begin: async (id, jobId) => ({ id, jobId, job: name, payload: { at: 0 }, attempts: 0, revision: 1 }),
    done: async () => true,
    retry: async () => undefined,
    giveUp: async () => true,
    release: async () => undefined,
  };
  const workers = createWorkers({ ...workersOf(backend, lane, db, tick), rows });
  const measured = await rate;
  await workers.close();
  await backend.close();
  return measured;
}

function workersOf(
  backend: ReturnType<BenchBackend['ours']>,
  lane: Lane,
  db: Kysely<Database>,
  run: (payload: { at: number }) => void,
) {
  return {
    jobs: [emptyJob(lane, run)],
    lanes: [lane],
    backend,
    clock: systemClock,
    context: bareContext(db, systemClock),
    metrics: { ran: () => undefined },
    log: silent,
  };
}

/** From due rows in the store to rows done: claimed by the sweep, begun and ended in PostgreSQL. */
async function wholeRate(bench: BenchBackend, lane: Lane, db: Kysely<Database>): Promise<number> {
  const jobs = 800;
  await addRows(db, lane, jobs);
  const { tick, rate } = meter(jobs);
  const running = await startWhole(bench, lane, db, tick);
  const measured = await rate;
  await running.close();
  return measured;
}

/** Add to handler start: through the queue alone, and from the insert of the row through sweep and queue. */
async function latency(bench: BenchBackend, db: Kysely<Database>): Promise<BenchResult> {
  const lane = 'deliveries';
  const sample: number[] = [];
  let heard: () => void = () => undefined;
  const running = await startWhole(bench, lane, db, ({ at }) => {
    sample.push(performance.timeOrigin + performance.now() - at);
    heard();
  });
  for (let n = 0; n < 300; n++) {
    const started = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const ids = await addRows(db, lane, 1);
    running.sweep.wake(ids);
    await started;
  }
  await running.close();
  const waited = sample.slice(20);
  return {
    name: `queue on ${bench.name}, row written to handler started`,
    figures: { 'p50 ms': rounded(quantile(waited, 0.5)), 'p99 ms': rounded(quantile(waited, 0.99)) },
  };
}

async function startWhole(
  bench: BenchBackend,
  lane: Lane,
  db: Kysely<Database>,
  run: (payload: { at: number }) => void,
) {
  const backend = bench.ours();
  const queues = createQueues({ backend, lanes: [lane], log: silent });
  const sweep = new Sweep({ db, clock: systemClock, queues, lanes: [lane], log: silent });
  const workers = createWorkers({
    ...workersOf(backend, lane, db, run),
    rows: workRows(db),
    wake: (ids) => sweep.wake(ids),
  });
  await backend.start();
  await sweep.start();
  return {
    sweep,
    close: async () => {
      await workers.close();
      await sweep.close();
      await backend.close();
    },
  };
}

async function addRows(db: Kysely<Database>, lane: Lane, count: number): Promise<number[]> {
  const now = new Date();
  const payload = JSON.stringify({ at: performance.timeOrigin + performance.now() });
  const row = { job: `empty-${lane}`, key: null, payload, lane, dueAt: now, createdAt: now };
  const added = await db
    .insertInto('work')
    .values(Array.from({ length: count }, () => row))
    .returning('id')
    .execute();
  return added.map(({ id }) => id);
}

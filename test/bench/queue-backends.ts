import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPostgresBackend, type JobsOptions, type Processor, Queue, Worker } from 'bullmq';
import { type Kysely, sql } from 'kysely';
import { postgresBackend, type QueueBackend, redisBackend } from '../../src/queue/backend.ts';
import { workerOptions } from '../../src/queue/bull.ts';
import { usualTiming } from '../../src/queue/transport.ts';
import { openDatabase } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { Database } from '../../src/store/schema.ts';
import type { Lane } from '../../src/store/work.ts';
import { silent } from '../queue/world.ts';
import { testRedis } from '../setup/redis.ts';

type Data = { workId: number };
export type BareQueue = {
  addBulk(jobs: { name: string; data: Data; opts: JobsOptions }[]): Promise<unknown>;
  close(): Promise<void>;
};
export type BareWorker = { close(): Promise<void> };

/** One backend, as ours and bare. */
export type BenchBackend = {
  name: 'Redis' | 'PostgreSQL';
  jobs: number;
  /** Clears what earlier rounds left, so that none pays for another (dead rows slow BullMQ on PostgreSQL). */
  tidy(): Promise<void>;
  ours(): QueueBackend;
  bareQueue(name: string): BareQueue;
  /** BullMQ alone, with our worker's options. */
  bareWorker(name: string, lane: Lane, processor: Processor<Data, void, string>): BareWorker;
};

export type BenchServers = { db: Kysely<Database>; backends: BenchBackend[]; close(): Promise<void> };

/** A PostgreSQL (with its usual durability) and a Redis (AOF every second) of the benchmark's own. */
export async function benchServers(): Promise<BenchServers> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'mislaid-bench-'));
  const server = await startEmbeddedPostgres({ dataFolder, log: silent });
  const { connection } = server;
  const { db, close } = openDatabase(connection, { poolSize: 10 });
  await migrate(db);
  // Brings BullMQ's schema, which its own queues expect.
  const first = postgresBackend({ connection, log: silent });
  await first.start();
  await first.close();
  const redis = await testRedis();
  const prefix = 'bench';
  const bullPostgres = { connection: { ...connection, schema: 'bullmq', max: 2 } };
  const bullRedis = { connection: { url: redis.url, maxRetriesPerRequest: null }, prefix };
  const bare = <L extends Lane>(lane: L) => workerOptions(lane, usualTiming);
  return {
    db,
    backends: [
      {
        name: 'Redis',
        tidy: async () => undefined,
        jobs: 4_000,
        ours: () => redisBackend({ url: redis.url, prefix, log: silent }),
        bareQueue: (name) => new Queue<Data, void, string>(name, bullRedis),
        bareWorker: (name, lane, processor) =>
          new Worker<Data, void, string>(name, processor, { ...bare(lane), ...bullRedis }),
      },
      {
        name: 'PostgreSQL',
        tidy: async () => {
          await sql`vacuum full analyze bullmq.job`.execute(db);
        },
        jobs: 800,
        ours: () => postgresBackend({ connection, log: silent }),
        bareQueue: (name) => new Queue(name, bullPostgres, createPostgresBackend),
        bareWorker: (name, lane, processor) =>
          new Worker(name, processor, { ...bare(lane), ...bullPostgres }, createPostgresBackend),
      },
    ],
    close: async () => {
      await close();
      await redis.close();
      await server.stop();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

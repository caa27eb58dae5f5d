import { createPostgresBackend, isPgPool, type PostgresConnectionOptions, Queue, runMigrations, Worker } from 'bullmq';
import pg from 'pg';
import type { Logger } from 'pino';
import { internalError } from '../ground/errors.ts';
import type { DatabaseConnection } from '../store/connect.ts';
import { queueName, settle, transportQueue, transportWorker, workerOptions } from './bull.ts';
import { allLanes } from './lanes.ts';
import type { Driver, Timing } from './transport.ts';

export type PostgresInput = {
  /** The store's own database; BullMQ lives in its schema `bullmq`. */
  connection: DatabaseConnection;
  timing: Timing;
  log: Logger;
};

const schema = 'bullmq';

type Opened = {
  sentry: pg.Client;
  producers: pg.Pool;
  /** Each worker keeps one of its connections to listen with. */
  consumers: pg.Pool;
  /** One of its connections broke. */
  broken: boolean;
};

/**
 * BullMQ on PostgreSQL. A Queue or Worker made while the server is down never recovers, and one whose socket file is gone
 * spins, so they are made on a proven connection only and all built anew when any connection breaks. One that does nothing
 * else (the sentry) tells of it at once. The pools are ours: those that BullMQ makes do not listen to a connection in the
 * instant in which it opens, and an error that nobody hears ends the process.
 */
export function postgresDriver({ connection, timing, log }: PostgresInput): Driver {
  let opened: Opened | undefined;
  let migrated = false;
  const limits = { connectionTimeoutMillis: 5_000, keepAlive: true };

  function openPool(options: { max: number; query_timeout?: number }, gone: (error: Error) => void): pg.Pool {
    // BullMQ's statements name their tables without a schema.
    const pool = new pg.Pool({ ...connection, ...limits, ...options, options: `-c search_path=${schema}` });
    // Each queue and worker listens, too.
    pool.setMaxListeners(0);
    pool.on('error', gone);
    // The pool itself hears idle connections only.
    pool.on('connect', (client) => client.on('error', gone));
    return pool;
  }

  function open(): Opened {
    if (opened === undefined) throw internalError({ code: 'queue-lost', message: 'The queue is not connected.' });
    return opened;
  }

  return {
    kind: 'postgres',
    rebuilds: true,
    stands: () => opened?.broken === false,
    connect: async (watch) => {
      const sentry = new pg.Client({ ...connection, ...limits });
      const gone = (error?: unknown) => {
        if (opened?.sentry !== sentry || opened.broken) return;
        opened.broken = true;
        watch.lost(error ?? internalError({ code: 'queue-lost', message: 'the connection closed' }));
      };
      sentry.on('error', gone);
      sentry.on('end', () => gone());
      await sentry.connect();
      opened = {
        sentry,
        // `query_timeout` is pg's, in milliseconds.
        producers: openPool({ max: 3, query_timeout: 5_000 }, gone),
        consumers: openPool({ max: allLanes.length + 4 }, gone),
        broken: false,
      };
      if (migrated) return;
      // Once per process: BullMQ's own migration on connect would wait for open transactions at each start of a worker.
      await runMigrations(sentry, schema);
      migrated = true;
    },
    queue: (lane) =>
      transportQueue(
        lane,
        new Queue(queueName(lane), { connection: forBull(open().producers) }, createPostgresBackend),
        log,
      ),
    worker: (lane, take) =>
      transportWorker(
        lane,
        timing,
        take,
        (process) =>
          new Worker(
            queueName(lane),
            (job, token) => process(job, token),
            { ...workerOptions(lane, timing), connection: forBull(open().consumers) },
            createPostgresBackend,
          ),
        log,
      ),
    disconnect: async () => {
      if (opened === undefined) return;
      const { sentry, producers, consumers } = opened;
      opened = undefined;
      await Promise.all([producers, consumers, sentry].map((closing) => settle(closing.end())));
    },
  };
}

/** BullMQ takes pg's pools; its own description of them cannot be matched with the overloads of @types/pg. */
function forBull(pool: pg.Pool): PostgresConnectionOptions {
  const taken: unknown = pool;
  if (isPgPool(taken)) return taken;
  throw new TypeError('BullMQ no longer takes a pool of pg.');
}

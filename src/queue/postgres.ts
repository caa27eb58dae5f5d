import { createPostgresBackend, Queue, runMigrations, Worker } from 'bullmq';
import pg from 'pg';
import type { Logger } from 'pino';
import { MislaidError } from '../ground/errors.ts';
import type { DatabaseConnection } from '../store/connect.ts';
import { queueName, settle, transportQueue, transportWorker, workerOptions } from './bull.ts';
import type { Driver, Timing } from './transport.ts';

export type PostgresInput = {
  /** The store's own database; BullMQ lives in its schema `bullmq`. */
  connection: DatabaseConnection;
  timing: Timing;
  log: Logger;
};

const schema = 'bullmq';

/** BullMQ's pool listens to idle connections only; one that breaks in use would end the process. Its query fails all the same. */
class HeardClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    this.on('error', () => {});
  }
}

/**
 * BullMQ on PostgreSQL. A Queue or Worker made while the server is down never recovers, and one whose socket file is gone
 * spins, so they are made on a proven connection only and built anew after each loss. One connection that does nothing
 * else (the sentry) tells of the loss at once.
 */
export function postgresDriver({ connection, timing, log }: PostgresInput): Driver {
  let sentry: pg.Client | undefined;
  let migrated = false;
  const limits = { connectionTimeoutMillis: 5_000, keepAlive: true };
  const pooled = { ...limits, Client: HeardClient, schema, max: 2 };
  // bullmq pins the search path of pools that it makes itself; `query_timeout` is pg's, in milliseconds.
  const producer = { ...connection, ...pooled, query_timeout: 5_000 };
  const consumer = { ...connection, ...pooled };

  return {
    kind: 'postgres',
    rebuilds: true,
    stands: () => sentry !== undefined,
    connect: async (watch) => {
      const client = new pg.Client({ ...connection, ...limits });
      const gone = (error?: unknown) => {
        if (sentry !== client) return;
        sentry = undefined;
        watch.lost(error ?? new MislaidError({ code: 'queue-lost', message: 'the connection closed' }));
      };
      client.on('error', gone);
      client.on('end', () => gone());
      await client.connect();
      sentry = client;
      if (migrated) return;
      // Once per process: BullMQ's own migration on connect would wait for open transactions at each start of a worker.
      await runMigrations(client, schema);
      migrated = true;
    },
    queue: (lane) =>
      transportQueue(lane, new Queue(queueName(lane), { connection: producer }, createPostgresBackend), log),
    worker: (lane, take) =>
      transportWorker(
        lane,
        timing,
        take,
        (process) =>
          new Worker(
            queueName(lane),
            (job, token) => process(job, token),
            { ...workerOptions(lane, timing), connection: consumer },
            createPostgresBackend,
          ),
        log,
      ),
    disconnect: async () => {
      const client = sentry;
      sentry = undefined;
      if (client !== undefined) await settle(client.end());
    },
  };
}

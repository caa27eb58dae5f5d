import { Queue, Worker } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';
import { second } from '../ground/durations.ts';
import { hostError, internalError } from '../ground/errors.ts';
import { withTimeLimit } from '../ground/time-limit.ts';
import { queueName, transportQueue, transportWorker, type WorkData, workerOptions } from './bull.ts';
import type { Driver, Timing } from './transport.ts';

export type RedisInput = {
  /** `redis://`, `rediss://` or a socket's path. */
  url: string;
  /** Sets several installations on one Redis apart. */
  prefix: string;
  /** Production: a Redis that may evict keys is refused; else it is only warned of. */
  strict?: boolean;
  timing: Timing;
  log: Logger;
};

/** BullMQ on Redis. Its clients reconnect by themselves, so nothing is built anew when Redis comes back. */
export function redisDriver({ url, prefix, strict = false, timing, log }: RedisInput): Driver {
  // Producers fail at once while Redis is away (the sweep goes on later); workers wait for it.
  let producer: Redis | undefined;
  let checked = false;

  return {
    kind: 'redis',
    rebuilds: false,
    stands: () => producer?.status === 'ready',
    connect: async (watch) => {
      producer = new Redis(url, {
        ...common,
        lazyConnect: true,
        enableOfflineQueue: false,
        maxRetriesPerRequest: 1,
        commandTimeout: 5_000,
      });
      producer.on('error', (error) => log.debug({ code: error.name }, 'redis connection'));
      await withTimeLimit(producer.connect(), 10 * second);
      if (!checked) await check(producer, strict, log);
      checked = true;
      producer.on('close', () => watch.lost(internalError({ code: 'queue-lost', message: 'the connection closed' })));
      producer.on('ready', () => watch.back());
    },
    queue: (lane) => {
      const queue = new Queue<WorkData, void, string>(queueName(lane), { connection: connected(producer), prefix });
      return transportQueue(lane, queue, log);
    },
    worker: (lane, take) =>
      transportWorker(
        lane,
        timing,
        take,
        (process) =>
          new Worker<WorkData, void, string>(queueName(lane), (job, token) => process(job, token), {
            ...workerOptions(lane, timing),
            connection: { ...common, url, maxRetriesPerRequest: null },
            prefix,
          }),
        log,
      ),
    disconnect: async () => {
      producer?.removeAllListeners('close');
      producer?.removeAllListeners('ready');
      producer?.disconnect();
      producer = undefined;
    },
  };
}

const common = {
  connectTimeout: 5_000,
  keepAlive: 10_000,
  retryStrategy: (times: number) => Math.min(times * 100, 1_000),
} satisfies RedisOptions;

function connected(client: Redis | undefined): Redis {
  if (client !== undefined) return client;
  throw internalError({ code: 'queue-away', message: 'Redis is not connected.' });
}

/** An evicting Redis loses jobs, and one without an append-only file loses them at its restart: the sweep would add them again, later. */
async function check(client: Redis, strict: boolean, log: Logger): Promise<void> {
  const info = await client.info();
  const policy = field(info, 'maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    const message = `Redis may evict jobs (maxmemory-policy is ${policy}). Set maxmemory-policy to noeviction.`;
    if (strict) throw hostError({ code: 'queue-refused', message });
    log.warn(message);
  }
  if (field(info, 'aof_enabled') === '0') {
    log.warn(
      'Redis keeps no append-only file: queued jobs are added again by the sweep after a restart. Set appendonly to yes.',
    );
  }
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim();
}

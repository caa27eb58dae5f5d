import type { Config } from '../config.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { postgresBackend, type QueueBackend, redisBackend } from '../queue/backend.ts';
import { allLanes } from '../queue/lanes.ts';
import { createQueues, type Queues } from '../queue/queues.ts';
import { Sweep } from '../queue/sweep.ts';
import type { Servers } from '../servers/port.ts';
import type { DatabaseConnection } from '../store/connect.ts';
import type { Store } from '../store/port.ts';
import type { Lane } from '../store/work.ts';
import type { ProcessParts } from './parts.ts';

type QueueParts = ProcessParts & { connection: DatabaseConnection };

/** The queue that is configured, and the sweep that finds in the store what has no job. Neither runs anything yet. */
export function openConfiguredQueue(parts: QueueParts): { backend: QueueBackend; queues: Queues; sweep: Sweep } {
  const { config, connection, db, clock, log, closing } = parts;
  const backend =
    config.REDIS_URL === undefined
      ? postgresBackend({ connection, log })
      : redisBackend({ url: config.REDIS_URL, prefix: 'mislaid', log, strict: config.NODE_ENV === 'production' });
  closing.add('queue connection', () => backend.close());
  const queues = createQueues({ backend, lanes: allLanes, log });
  closing.add('queues', () => queues.close());
  const sweep = new Sweep({ db, clock, queues, lanes: allLanes, log });
  closing.add('sweep', () => sweep.close());
  return { backend, queues, sweep };
}

/** Only a process with adapters delivers; only a worker calls Exchange. */
export function lanesOf(config: Config, hasChat: boolean): Lane[] {
  return allLanes.filter((lane) => (lane === 'deliveries' ? hasChat : config.MISLAID_ROLE !== 'bot'));
}

/** What is looked at once as soon as it may be: new log lines, apps and heartbeats. */
export async function enqueueFirstReads(store: Store, organisation: Organisation, servers: Servers): Promise<void> {
  await store.change(async (change) => {
    for (const server of servers.list()) {
      await change.enqueue('read-logs', { organisation, server }, { key: `${organisation}:${server}@start` });
    }
    await change.enqueue('watch-apps', { organisation }, { key: `${organisation}@start` });
    await change.enqueue('watch-heartbeat', { organisation }, { key: `${organisation}@start` });
  });
}

/** Jobs that come again and again by themselves, once they were begun. */
export async function startRounds(store: Store, organisation: Organisation): Promise<void> {
  await store.change(async (change) => {
    await change.enqueue('refresh-directory', { organisation }, { key: 'start' });
    await change.enqueue('checkpoint-audit', {}, { key: 'start' });
    await change.enqueue('prune', {}, { key: 'start' });
    await change.enqueue('stream-audit', {}, { key: 'start' });
    await change.enqueue('find-outside-wipes', { organisation }, { key: organisation });
  });
}

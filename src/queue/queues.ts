import type { Logger } from 'pino';
import { internalError } from '../ground/errors.ts';
import type { Lane } from '../store/work.ts';
import type { QueueBackend } from './backend.ts';
import type { Life, TransportQueue } from './transport.ts';

/** The producing side: adds BullMQ jobs and asks after them. Everything rejects with `queue-away` while the queue is away. */
export type Queues = {
  /** `id` is `work-<workId>-<n>`; the same id twice is one job. Only the work's id travels: the store holds the rest. */
  add(lane: Lane, job: { id: string; name: string; workId: number }): Promise<void>;
  life(lane: Lane, id: string): Promise<Life>;
  /** Jobs by lane and BullMQ's state, for metrics. */
  counts(): Promise<Record<string, Record<string, number>>>;
  /** Since when the queue is away; undefined while it stands. */
  awaySince(): Date | undefined;
  close(): Promise<void>;
};

export function createQueues({
  backend,
  lanes,
  log,
}: {
  backend: QueueBackend;
  lanes: readonly Lane[];
  log: Logger;
}): Queues {
  const open = new Map<Lane, TransportQueue>();

  async function closeAll(): Promise<void> {
    const queues = [...open.values()];
    open.clear();
    await Promise.all(queues.map((queue) => queue.close()));
  }

  const kept = backend.keep('queues', async (driver) => {
    try {
      for (const lane of lanes) open.set(lane, await driver.queue(lane));
    } catch (error) {
      await closeAll();
      throw error;
    }
    log.debug({ lanes, queue: driver.kind }, 'queues open');
    return { close: closeAll };
  });

  function queue(lane: Lane): TransportQueue {
    const found = open.get(lane);
    if (found !== undefined) return found;
    throw internalError({
      code: 'queue-away',
      message: `The queue ${lane} is away; the sweep adds the work when it is back.`,
    });
  }

  return {
    add: async (lane, job) => queue(lane).add(job),
    life: async (lane, id) => queue(lane).life(id),
    counts: async () => {
      const counted: Record<string, Record<string, number>> = {};
      for (const lane of lanes) counted[lane] = await queue(lane).counts();
      return counted;
    },
    awaySince: () => backend.awaySince(),
    close: () => kept.close(),
  };
}

import type { Lane } from '../store/work.ts';
import type { QueueBackend } from './backend.ts';
import { createRun, processStops, type RunnerInput } from './run.ts';
import type { TransportWorker } from './transport.ts';

export type Workers = {
  /** How many runs this process is at. */
  running(): number;
  /** Takes nothing more, waits for what runs up to `graceMs` (30 s), then aborts it; what still runs 2 s later is left behind. */
  close(graceMs?: number): Promise<void>;
};

type WorkersInput<Context> = RunnerInput<Context> & { lanes: readonly Lane[]; backend: QueueBackend };

export function createWorkers<Context>({ lanes, backend, log, ...input }: WorkersInput<Context>): Workers {
  const run = createRun({ ...input, log });
  const runs = new Set<Promise<unknown>>();
  const open = new Set<TransportWorker>();
  let closed: Promise<void> | undefined;

  const kept = backend.keep('workers', async (driver) => {
    try {
      for (const lane of lanes) {
        const worker = await driver.worker(lane, async (taken) => {
          // Fetched before the pause was heard: the sweep finds the row with its job ended and adds it for somebody else.
          if (closed !== undefined) return;
          // What a loss of the store leaves behind the sweep finds; BullMQ's own outcome says nothing.
          const running = run(taken, lane);
          runs.add(running);
          await running.finally(() => runs.delete(running));
        });
        open.add(worker);
      }
    } catch (error) {
      await closeOpen();
      throw error;
    }
    return { close: closeOpen };
  });

  async function closeOpen(): Promise<void> {
    const workers = [...open];
    open.clear();
    await Promise.all(workers.map((worker) => worker.close()));
  }

  async function close(graceMs: number): Promise<void> {
    for (const worker of open) worker.pause();
    if (!(await endedWithin(graceMs))) {
      log.warn({ running: runs.size }, 'jobs still run; they are stopped');
      const reason = processStops();
      for (const worker of open) worker.abort(reason);
      await endedWithin(2_000);
    }
    await kept.close();
  }

  /** Pausing is heard between two takes, so a run may still begin after it: asked until none is left. */
  async function endedWithin(ms: number): Promise<boolean> {
    const late = AbortSignal.timeout(ms);
    const tooLate = new Promise<void>((resolve) => late.addEventListener('abort', () => resolve(), { once: true }));
    while (runs.size > 0 && !late.aborted) await Promise.race([Promise.allSettled([...runs]), tooLate]);
    return runs.size === 0;
  }

  return {
    running: () => runs.size,
    close: (graceMs = 30_000) => {
      closed ??= close(graceMs);
      return closed;
    },
  };
}

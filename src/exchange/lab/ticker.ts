import type { LabTick } from './tick.ts';
import { tickLab } from './tick.ts';

/** Ticks every `everyMs` until stopped; a tick that fails is told to `onError`, and the next one goes on. */
export function startLabTicker(input: LabTick & { everyMs?: number; onError: (error: unknown) => void }): {
  stop(): Promise<void>;
} {
  const everyMs = input.everyMs ?? 500;
  let stopped = false;
  let running: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  function plan(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      running = tickLab(input).catch(input.onError).finally(plan);
    }, everyMs);
    // The lab alone keeps no process alive.
    timer.unref();
  }

  plan();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

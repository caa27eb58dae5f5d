import type { Lane } from '../store/work.ts';

/** Every lane, in the order in which workers start. */
export const allLanes = [
  'wipes',
  'exchange',
  'rounds',
  'logs',
  'deliveries',
  'alarms',
  'upkeep',
] as const satisfies readonly Lane[];

/**
 * How many jobs of a lane run at once: `here` in one process, `everywhere` over all processes (undefined: no such limit).
 * Wipes are asked one at a time everywhere, so that the brake is counted between them; `exchange` stays within Exchange
 * Online's three sessions per account.
 */
export const laneLimits: Readonly<Record<Lane, { readonly here: number; readonly everywhere?: number }>> = {
  wipes: { here: 1, everywhere: 1 },
  exchange: { here: 3 },
  rounds: { here: 2 },
  logs: { here: 1 },
  deliveries: { here: 8 },
  alarms: { here: 2 },
  upkeep: { here: 1 },
};

export function isLane(text: string): text is Lane {
  return allLanes.some((lane) => lane === text);
}

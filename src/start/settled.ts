import type { Sweep } from '../queue/sweep.ts';

const lookEveryMs = 25;
/** Nothing runnable twice in a row: a job may just be writing the next one. */
const quietLooks = 2;

/**
 * Waits until nothing is runnable and no delivery is due; false when that took longer than `seconds`. Waiting for a phone or a
 * clock does not count, unless `untilSettled`: then nothing may be planned any more within the next ten minutes of the clock,
 * but for `rounds` (jobs that come again and again).
 */
export async function waitUntilSettled(
  parts: { sweep: Pick<Sweep, 'runnable' | 'nextDueAt'>; clock?: { now(): Date } },
  options: { seconds: number; untilSettled: boolean; rounds?: readonly string[] },
): Promise<boolean> {
  const until = performance.now() + options.seconds * 1000;
  for (let quiet = 0; performance.now() < until; ) {
    // A store that does not answer is not quiet: what it holds is done when it is back.
    quiet = (await isQuiet(parts, options).catch(() => false)) ? quiet + 1 : 0;
    if (quiet >= quietLooks) return true;
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  return false;
}

async function isQuiet(
  { sweep, clock }: Parameters<typeof waitUntilSettled>[0],
  { untilSettled, rounds = [] }: Parameters<typeof waitUntilSettled>[1],
): Promise<boolean> {
  if ((await sweep.runnable()) > 0) return false;
  if (!untilSettled || clock === undefined) return true;
  const next = await sweep.nextDueAt(rounds);
  return next === undefined || next.getTime() - clock.now().getTime() > 10 * 60_000;
}

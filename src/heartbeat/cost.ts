/** What short heartbeats cost, in requests that a phone opens in an hour. */
import type { Observation } from './observation.ts';

export type Cost = {
  /** Hanging requests that a phone opens in an hour on the line. */
  now: number;
  /** What it would be if each request could wait `heartbeat` seconds and mail came as it does now. */
  after: number;
  heartbeat: number;
};

/** undefined where too little was on the line to tell (less than two hours in all). */
export function costOf(observations: readonly Observation[], heartbeat: number): Cost | undefined {
  let requests = 0;
  let mails = 0;
  let seconds = 0;
  for (const { ended, requests: count, mean } of observations) {
    // Those that overlapped stand a second time under how they ended; refused ones never waited.
    if (ended === 'overlapped' || ended === 'refused' || ended === 'unknown') continue;
    requests += count;
    seconds += mean * count;
    if (ended === 'change') mails += count;
  }
  if (seconds < 7200 || requests === 0) return undefined;
  const perSecond = mails / seconds;
  // Mail that comes by chance at this rate ends a wait of at most `heartbeat` seconds after (1 - e^-rh) / r on average.
  const wait = perSecond === 0 ? heartbeat : (1 - Math.exp(-perSecond * heartbeat)) / perSecond;
  return { now: (requests / seconds) * 3600, after: 3600 / wait, heartbeat };
}

/**
 * Loaded into a measured process before its program (`node --import`): once a second it appends to the file LOOP_DELAY_FILE for how many
 * milliseconds the process held its event loop at most. What the machine gave to others meanwhile does not count: of the time between
 * two beats no more than the processor time that the process had in it.
 */
import { appendFileSync } from 'node:fs';

const beatMs = 2;

const file = process.env.LOOP_DELAY_FILE;
if (file !== undefined) {
  let at = performance.now();
  let cpu = process.cpuUsage();
  let most = 0;
  setInterval(() => {
    const { user, system } = process.cpuUsage(cpu);
    const now = performance.now();
    most = Math.max(most, Math.min(now - at, (user + system) / 1000) - beatMs);
    at = now;
    cpu = process.cpuUsage();
  }, beatMs).unref();
  setInterval(() => {
    appendFileSync(file, `${most}\n`);
    most = 0;
  }, 1000).unref();
}

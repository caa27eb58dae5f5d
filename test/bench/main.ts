/**
 * `npm run bench [-- <name> … --<option>=<value> …]`: measures what docs/benchmarks.md tells of, prints each figure and whether it holds its bar.
 * Without a name all of them, one after the other.
 */
import { cpus, totalmem } from 'node:os';
import { benchAcknowledge } from './acknowledge.ts';
import { benchAnswer } from './answer.ts';
import { benchDeliveries } from './deliveries.ts';
import { benchDirectory } from './directory.ts';
import { benchHeartbeat } from './heartbeat.ts';
import { benchLogs } from './logs.ts';
import { benchMemory } from './memory.ts';
import { type BenchOptions, numberIn, readOptions } from './options.ts';
import { benchPrompt } from './prompt.ts';
import { benchQueue } from './queue.bench-run.ts';
import type { BenchResult } from './result.ts';
import { benchScale } from './scale.ts';
import { benchSlack } from './slack.ts';
import { benchSoak } from './soak.ts';

const benches: Readonly<Record<string, (options: BenchOptions) => Promise<BenchResult[]>>> = {
  answer: () => benchAnswer(),
  deliveries: benchDeliveries,
  prompt: benchPrompt,
  memory: benchMemory,
  queue: benchQueue,
  // The only one that cannot do without a PowerShell, which the others need not have.
  powershell: async () => (await import('./powershell.ts')).benchPowershell(),
  slack: () => benchSlack(),
  acknowledge: benchAcknowledge,
  logs: (options) => benchLogs({ megabytes: numberIn(options, 'megabytes', 64) }),
  heartbeat: () => benchHeartbeat(),
  directory: benchDirectory,
  scale: benchScale,
  soak: benchSoak,
};

const given = process.argv.slice(2);
const asked = given.filter((name) => !name.startsWith('--'));
const options = readOptions(given.filter((name) => name.startsWith('--')));
const unknown = asked.filter((name) => benches[name] === undefined);
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. There are: ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}

console.log(
  `Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 1e9)} GB`,
);
let missed = 0;
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  try {
    for (const result of await bench(options)) {
      const figures = Object.entries(result.figures).map(([what, value]) => `${what} ${value.toLocaleString('en')}`);
      const verdict = result.pass === undefined ? '' : result.pass ? `ok (${result.bar})` : `MISSED (${result.bar})`;
      if (result.pass === false) missed += 1;
      console.log([`${name}: ${result.name}`, ...figures, verdict].filter((part) => part !== '').join(' | '));
    }
  } catch (error) {
    missed += 1;
    console.log(`${name}: could not be measured: ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log(missed === 0 ? 'every bar holds' : `${missed} missed`);
process.exit(missed === 0 ? 0 : 1);

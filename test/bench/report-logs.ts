/** Rolls up the files of its command line once and prints what it took as one JSON line: run by logs.ts in a process of its own. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { bareAccount } from '../../src/activesync/account.ts';
import { createReaderPool } from '../../src/activesync/reader/pool.ts';
import { reportOver } from '../../src/activesync/reader/report.ts';
import type { LogKind } from '../../src/ground/identifiers.ts';
import { openLogFile } from '../../src/servers/files/logs.ts';

/** What one run took; `digest` is of all rows in order, so that runs and engines can be compared. */
export type Measured = {
  milliseconds: number;
  megabytes: number;
  memoryMegabytes: number;
  cpuSeconds: number;
  lines: number;
  requests: number;
  rows: number;
  digest: string;
};

const KINDS: readonly LogKind[] = ['frontEnd', 'backEnd', 'httpProxy', 'edge'];
const [kindName, threads, ...files] = process.argv.slice(2);
const kind = KINDS.find((name) => name === kindName);
if (kind === undefined) throw new Error(`no such kind of log: ${kindName}`);

let mostMemory = 0;
const memory = setInterval(() => {
  mostMemory = Math.max(mostMemory, process.memoryUsage.rss());
}, 50);
// Beside the calling thread, which reads too.
const pool = createReaderPool({ threads: Number(threads) });
const logFile = { server: 'EX01', identity: '', modifiedAt: new Date(0), compressed: false };
const began = performance.now();
const sources = files.map((path) => openLogFile({ ...logFile, kind, path, size: statSync(path).size }, 0));
const report = await reportOver(sources, { kind, pool, accountOf: bareAccount });
const milliseconds = performance.now() - began;
clearInterval(memory);
const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
const { user, system } = process.cpuUsage();
const rows = report.rows.map((row) => [
  row.account,
  row.deviceId,
  row.deviceType,
  row.command,
  row.requests,
  row.lastEnd,
]);
const digest = rows.map((row) => row.join('\t')).sort();
const measured: Measured = {
  milliseconds,
  megabytes: bytes / 1e6,
  memoryMegabytes: Math.max(mostMemory, process.memoryUsage.rss()) / 1e6,
  cpuSeconds: (user + system) / 1e6,
  lines: report.lines,
  requests: report.requests,
  rows: rows.length,
  digest: createHash('sha256').update(digest.join('\n')).digest('hex'),
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
await pool.close();

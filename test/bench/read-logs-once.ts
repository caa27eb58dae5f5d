/** Reads all logs of a folder as the bot does and prints what it took as one JSON line: run by first-reading.ts in a process of its own. */
import { readServer } from '../../src/activesync/read-server.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import { connectionFromUrl, openDatabase } from '../../src/store/connect.ts';
import { serversIn } from './log-files.ts';
import { megabytes } from './memory.ts';

/** What one reading took, of its own process. */
export type Reading = { milliseconds: number; cpuSeconds: number; memoryMegabytes: number; requests: number };

const [url = '', folder = ''] = process.argv.slice(2);
const { db, close } = openDatabase(connectionFromUrl(url), { own: true });
const servers = createFileServers(serversIn(folder));
const spent = process.cpuUsage();
const began = performance.now();
let requests = 0;
// One server after the other, each kind in turn, as the jobs do.
for (const server of servers.list()) {
  for (const kind of ['backEnd', 'frontEnd'] as const) {
    const read = await readServer(servers, server, kind, { db, organisation: 'real', clock: systemClock });
    if (read.problem !== undefined) throw new Error(read.problem);
    requests += read.requests;
  }
}
const milliseconds = performance.now() - began;
const { user, system } = process.cpuUsage(spent);
const reading: Reading = {
  milliseconds,
  cpuSeconds: (user + system) / 1e6,
  memoryMegabytes: megabytes(process.pid, 'VmHWM'),
  requests,
};
process.stdout.write(`${JSON.stringify(reading)}\n`);
await close();

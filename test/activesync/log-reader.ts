/**
 * A process that reads logs as the bot does, once for every line it is sent, and answers each with a line of JSON. Arguments: the database,
 * the folder of EX01's back-end logs, and the question to the database at which it dies (0: none), counted from the first reading on.
 */
import { createInterface } from 'node:readline';
import pg from 'pg';
import { readServer } from '../../src/activesync/read-server.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import { connectionFromUrl, openDatabase } from '../../src/store/connect.ts';

const [url = '', folder = '', dies = '0'] = process.argv.slice(2);
const { db } = openDatabase(connectionFromUrl(url));
const servers = createFileServers([{ name: 'EX01', backEndLogs: folder }]);

let questions = 0;
const ask: (...args: unknown[]) => unknown = pg.Client.prototype.query;
Object.assign(pg.Client.prototype, {
  query(this: pg.Client, ...args: unknown[]): unknown {
    questions += 1;
    const answer = ask.apply(this, args);
    // The question is on its way, or has come to nothing: both happen.
    if (questions === Number(dies)) setImmediate(() => process.kill(process.pid, 'SIGKILL'));
    return answer;
  },
});

for await (const _ of createInterface({ input: process.stdin })) {
  const { requests, problem } = await readServer(servers, 'EX01', 'backEnd', {
    db,
    organisation: 'real',
    clock: systemClock,
  });
  process.stdout.write(`${JSON.stringify({ requests, problem })}\n`);
}
process.exit(0);

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

import { afterAll, expect, it } from 'vitest';
import { awaitServer } from '../../src/store/await-server.ts';
import { testDatabase } from '../setup/database.ts';
import { eventually } from '../setup/eventually.ts';

const database = await testDatabase();
afterAll(database.close);

const never = new AbortController().signal;

/** A port of this machine on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('waits for a server that is not there yet, says so once, and goes on when it comes', async () => {
  const { host, ...server } = database.connection;
  const port = await freePort();
  const told: string[] = [];
  const waiting = awaitServer({
    connection: { ...server, host: '127.0.0.1', port },
    tell: (sentence) => told.push(sentence),
    signal: never,
    retryMs: 20,
  });
  await eventually(() => expect(told).toHaveLength(1));

  const proxy = createServer((client) => {
    const real = connect(`${host}/.s.PGSQL.${server.port}`);
    client.pipe(real).pipe(client);
    client.on('error', () => real.destroy());
    real.on('error', () => client.destroy());
  });
  await once(proxy.listen(port, '127.0.0.1'), 'listening');
  await waiting;

  expect(told).toEqual([
    `PostgreSQL at 127.0.0.1:${port} does not answer (ECONNREFUSED). Mislaid waits for it and starts when it is there.`,
  ]);
  await new Promise((resolve) => proxy.close(resolve));
});

it('ends when the process stops', async () => {
  const stop = new AbortController();
  const connection = { ...database.connection, host: '127.0.0.1', port: await freePort() };
  const waiting = awaitServer({ connection, tell: () => stop.abort(), signal: stop.signal });
  await expect(waiting).rejects.toMatchObject({ code: 'stopped' });
});

it.each([
  ['another password', { password: 'secret-of-another' }, /refuses the password of \w+ in DATABASE_URL\.$/],
  [
    'a database that is not there',
    { database: 'nowhere' },
    /has no database nowhere\. Create it, or correct DATABASE_URL\.$/,
  ],
])('does not wait where it was refused for %s', async (_what, change, sentence) => {
  const connection = { ...database.connection, ...change };
  const refusal = await awaitServer({ connection, tell: () => undefined, signal: never }).catch(
    (error: Error) => error,
  );
  expect(refusal).toMatchObject({ code: 'database-refused', message: expect.stringMatching(sentence) });
  expect(String(refusal)).not.toContain('secret');
});

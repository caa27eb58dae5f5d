import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, expect, inject, test } from 'vitest';
import { postgresBackend } from '../../src/queue/backend.ts';
import { testDatabase } from '../setup/database.ts';
import { eventually } from '../setup/eventually.ts';
import { queueContract } from './contract.ts';
import { addWork, noteJob, shiftedClock, silent, startNode, steadyTiming, usualHandlers, workRow } from './world.ts';

queueContract('PostgreSQL', async () => {
  const database = await testDatabase({ poolSize: 10 });
  const name = database.connection.database;

  async function asAdmin(...statements: string[]): Promise<void> {
    const client = new pg.Client({ ...inject('testServer'), database: 'postgres' });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }

  return {
    database,
    prefix: 'contract',
    backend: (timing) => postgresBackend({ connection: database.connection, log: silent, timing }),
    stealLock: async (jobId) => {
      await sql`update bullmq.job set lock_token = 'somebody else' where id = ${jobId}`.execute(database.db);
    },
    // The store is away with it, as on one machine. Each ending is waited for: one that came late would cut what comes after `back`.
    away: () =>
      asAdmin(
        `alter database ${name} allow_connections false`,
        `select pg_terminate_backend(pid, 30000) from pg_stat_activity where datname = '${name}'`,
      ),
    back: () => asAdmin(`alter database ${name} allow_connections true`),
    close: database.close,
  };
});

const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const open of opened.splice(0).reverse()) await open.close();
});

// PostgreSQL that is killed says goodbye to whoever has just logged in, in one packet with its welcome: before anybody who
// waits for the welcome can listen for errors. Nobody hears an error of this process either, which would end it.
test('a server that ends a connection in the instant in which it opens is lost and found again', async () => {
  const database = await testDatabase({ poolSize: 10 });
  opened.push(database);
  let welcomes = 0;
  let farewells = 0;
  // Each opening of the queue gets one connection further before it meets the farewell, until one opening meets none.
  const proxy = farewellProxy(database.connection, () => {
    welcomes += 1;
    if (welcomes <= farewells) return false;
    welcomes = 0;
    farewells += 1;
    return true;
  });
  opened.push({ close: () => new Promise((resolve) => proxy.close(resolve)) });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const { port } = proxy.address() as AddressInfo;
  const connection = { ...database.connection, host: '127.0.0.1', port };
  const clock = shiftedClock();
  const node = await startNode({
    db: database.db,
    backend: postgresBackend({ connection, log: silent, timing: steadyTiming }),
    clock,
    jobs: [noteJob(usualHandlers())],
  });
  opened.push(node);

  const id = await addWork(database.db, { dueAt: clock.now() });
  await eventually(async () => expect(await workRow(database.db, id)).toMatchObject({ state: 'done' }));
  // The sentry, one for the queues, one for each of three workers to listen with.
  expect(farewells).toBeGreaterThan(4);
});

/** Stands before PostgreSQL, and adds its "terminating connection due to administrator command" to the welcomes that `isDue` picks. */
function farewellProxy(to: { host: string; port: number }, isDue: () => boolean): Server {
  const welcome = Buffer.from('Z\0\0\0\x05I', 'latin1');
  const fields = Buffer.from(
    'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0',
    'latin1',
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(fields.length + length.length);
  const farewell = Buffer.concat([Buffer.from('E'), length, fields]);

  return createServer((client) => {
    const server: Socket = to.host.startsWith('/') ? connect(`${to.host}/.s.PGSQL.${to.port}`) : connect(to);
    client.on('error', () => server.destroy()).on('close', () => server.destroy());
    server.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.pipe(server);
    let welcomed = false;
    server.on('data', (data: Buffer) => {
      if (welcomed || !data.subarray(-welcome.length).equals(welcome)) return client.write(data);
      welcomed = true;
      if (isDue()) client.end(Buffer.concat([data, farewell]));
      else client.write(data);
    });
  });
}

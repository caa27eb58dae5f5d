import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

export type TestRedis = {
  /** `redis://127.0.0.1:<port>`, the same after `stop` and `start`. */
  url: string;
  /** Ends the server as a crash would (SIGKILL); what its append-only file holds comes back with `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends the server and removes its files. */
  close(): Promise<void>;
};

/** A real redis-server of the calling test file, set up as production needs it. Close it in afterAll. */
export async function testRedis(options: { appendOnly?: boolean; policy?: string } = {}): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server: ChildProcess | undefined;
  const kill = () => server?.kill('SIGKILL');
  process.once('exit', kill);

  async function start(): Promise<void> {
    const started = spawn(
      'redis-server',
      [
        ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
        ['--appendonly', options.appendOnly === false ? 'no' : 'yes', '--appendfsync', 'everysec'],
        ['--maxmemory-policy', options.policy ?? 'noeviction'],
      ].flat(),
      { stdio: ['ignore', 'ignore', 'ignore'] },
    );
    server = started;
    const failed = new Promise<never>((_, reject) => {
      started.once('error', (cause) =>
        reject(new Error('redis-server does not start. Install it: apt-get install -y redis-server', { cause })),
      );
      started.once('exit', (code) => reject(new Error(`redis-server ended with ${code} before it answered`)));
    });
    failed.catch(() => undefined);
    await Promise.race([answers(url), failed]);
  }

  async function stop(): Promise<void> {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    url,
    start,
    stop,
    close: async () => {
      process.off('exit', kill);
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<void> {
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  // Refused until it listens; the client tries on.
  client.on('error', () => undefined);
  try {
    await client.ping();
  } finally {
    client.disconnect();
  }
}

/**
 * Below the ports that the system gives out by itself (from 32768 on): one of those could be taken by anybody, also by a client that
 * tries to come back, while the server is stopped.
 */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = 16_000 + randomInt(16_000);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

import { Redis } from 'ioredis';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { redisBackend } from '../../src/queue/backend.ts';
import { testDatabase } from '../setup/database.ts';
import { eventually } from '../setup/eventually.ts';
import { testRedis } from '../setup/redis.ts';
import { queueContract } from './contract.ts';
import { silent } from './world.ts';

queueContract('Redis', async () => {
  const database = await testDatabase({ poolSize: 10 });
  const redis = await testRedis();
  const prefix = 'contract';
  return {
    database,
    redisUrl: redis.url,
    prefix,
    backend: (timing) => redisBackend({ url: redis.url, prefix, log: silent, timing }),
    stealLock: async (jobId) => {
      const client = new Redis(redis.url);
      await client.set(`${prefix}:mislaid-exchange:${jobId}:lock`, 'somebody else');
      client.disconnect();
    },
    away: redis.stop,
    back: redis.start,
    close: async () => {
      await redis.close();
      await database.close();
    },
  };
});

test('warns of a Redis that evicts or keeps no file, and refuses an evicting one in production', async () => {
  const redis = await testRedis({ appendOnly: false, policy: 'allkeys-lru' });
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
  const lenient = redisBackend({ url: redis.url, prefix: 'p', log });
  const strict = redisBackend({ url: redis.url, prefix: 'p', log, strict: true });
  try {
    // A start tries once; a Redis that did not answer in time is tried again.
    await lenient.start();
    await eventually(() => expect(lenient.awaySince()).toBeUndefined());
    expect(lines.join('')).toMatch(/allkeys-lru.*noeviction/);
    expect(lines.join('')).toMatch(/append-only/);
    await eventually(() => expect(strict.start()).rejects.toMatchObject({ code: 'queue-refused' }));
  } finally {
    await lenient.close();
    await strict.close();
    await redis.close();
  }
});

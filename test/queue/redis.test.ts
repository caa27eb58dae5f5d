import { Redis } from 'ioredis';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { redisBackend } from '../../src/queue/backend.ts';
import { testDatabase } from '../setup/database.ts';
import { testRedis } from '../setup/redis.ts';
import { queueContract } from './contract.ts';
import { quickTiming, silent } from './world.ts';

queueContract('Redis', async () => {
  const database = await testDatabase({ poolSize: 10 });
  const redis = await testRedis();
  const prefix = 'contract';
  return {
    database,
    redisUrl: redis.url,
    prefix,
    backend: () => redisBackend({ url: redis.url, prefix, log: silent, timing: quickTiming }),
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
    await lenient.start();
    expect(lenient.awaySince()).toBeUndefined();
    expect(lines.join('')).toMatch(/allkeys-lru.*noeviction/);
    expect(lines.join('')).toMatch(/append-only/);
    await expect(strict.start()).rejects.toMatchObject({ code: 'queue-refused' });
  } finally {
    await lenient.close();
    await strict.close();
    await redis.close();
  }
});

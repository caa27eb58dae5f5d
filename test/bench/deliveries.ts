import { setTimeout as pause } from 'node:timers/promises';
import { paragraph } from '../../src/message/text.ts';
import { fakeAdapter } from '../fakes/adapter.ts';
import { openBenchBot } from './bot.ts';
import { type BenchResult, rounded } from './result.ts';

const place = 'console:#security';
const messages = 60;

/**
 * How many posts a second reach one place that takes one a second, as Slack does, while more wait there than a second brings: the whole
 * bot with its queue and sweep, jobs and phones at work beside it.
 */
export async function benchDeliveries(): Promise<BenchResult[]> {
  const adapter = fakeAdapter({ name: 'console', postsPerSecond: 1 });
  const times: number[] = [];
  const post: typeof adapter.post = async (target, ...rest) => {
    if (target === place) times.push(performance.now());
    return await adapter.post(target, ...rest);
  };
  const { bot, close } = await openBenchBot({ ...adapter, post });
  try {
    const now = bot.clock.now();
    times.length = 0;
    await bot.db
      .insertInto('delivery')
      .values(
        Array.from({ length: messages }, (_, n) => ({
          kind: 'notice' as const,
          cardId: null,
          place,
          identity: null,
          draft: JSON.stringify({ tone: 'neutral', blocks: [paragraph(`line ${n}`)] }),
          key: `bench:${n}`,
          dueAt: now,
          createdAt: now,
          problem: null,
          doneAt: null,
        })),
      )
      .execute();
    const work = { job: 'deliver', key: place, payload: JSON.stringify({ target: place }), lane: 'deliveries' };
    await bot.db
      .insertInto('work')
      .values({ ...work, dueAt: now, createdAt: now, jobId: null, enqueuedAt: null, lastError: null, doneAt: null })
      .execute();
    while (times.length < messages) await pause(100);
    const [first = 0, last = 0] = [times[0], times.at(-1)];
    const perSecond = ((times.length - 1) * 1000) / (last - first);
    return [
      {
        name: 'posts to one place that takes one a second',
        figures: { posts: times.length, 'posts/s': rounded(perSecond) },
        bar: 'at least 0.95 a second, never more than one',
        pass: perSecond >= 0.95 && perSecond <= 1.02,
      },
    ];
  } finally {
    await close();
  }
}

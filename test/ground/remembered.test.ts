import { expect, it } from 'vitest';
import { RecentMap, Remembered } from '../../src/ground/remembered.ts';

it('a recent map forgets what was set longest ago', () => {
  const map = new RecentMap<string, number>(2);
  map.set('a', 1).set('b', 2).set('a', 3).set('c', 4);

  expect([...map]).toEqual([
    ['a', 3],
    ['c', 4],
  ]);
});

it('an answer is asked for once, believed for its time, and shared while it is on its way', async () => {
  let at = 0;
  let asked = 0;
  const remembered = new Remembered<number>({ most: 10, forMs: 1_000, now: () => at });
  const ask = async () => ++asked;

  expect(await Promise.all([remembered.get('a', ask), remembered.get('a', ask)])).toEqual([1, 1]);
  at = 999;
  expect(await remembered.get('a', ask)).toBe(1);
  at = 1_000;
  expect(await remembered.get('a', ask)).toBe(2);
  expect(await remembered.get('b', ask)).toBe(3);
});

it('a failure is not believed, and what is forgotten is asked for again', async () => {
  const remembered = new Remembered<string>({ most: 10 });

  await expect(remembered.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await remembered.get('a', async () => 'back')).toBe('back');
  remembered.forget('a');
  expect(await remembered.get('a', async () => 'new')).toBe('new');
});

import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inTurns } from '../../src/ground/turns.ts';

describe('inTurns', () => {
  it('does everything in order, and lets others have a turn after so many', async () => {
    const numbers = Array.from({ length: 250 }, (_, index) => index);
    let done = 0;
    const seen: number[] = [];
    let over = false;
    const others = (async () => {
      while (!over) {
        seen.push(done);
        await turn();
      }
    })();
    const made = await inTurns(numbers, 100, (number) => {
      done += 1;
      return number * 2;
    });
    over = true;
    await others;
    expect(made).toEqual(numbers.map((number) => number * 2));
    expect(seen).toEqual(expect.arrayContaining([100, 200]));
    expect(seen.filter((count) => count % 100 !== 0 && count !== 250)).toEqual([]);
  });

  it('makes nothing of nothing', async () => {
    expect(await inTurns([], 10, String)).toEqual([]);
  });
});

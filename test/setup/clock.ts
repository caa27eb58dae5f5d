import type { Clock, Ids } from '../../src/ground/clock.ts';

/** Stands still until it is moved. */
export type TestClock = Clock & { set(instant: Date): void; advance(milliseconds: number): void };

export function testClock(start = new Date('2026-03-02T09:00:00Z')): TestClock {
  let now = start;
  return {
    now: () => now,
    set: (instant) => {
      now = instant;
    },
    advance: (milliseconds) => {
      now = new Date(now.getTime() + milliseconds);
    },
  };
}

/** `last`: what was given out before. */
export function countingIds(last = 0): Ids {
  let given = last;
  const next = () => {
    given += 1;
    return given;
  };
  return {
    token: () => `token-${next()}`,
    uuid: () => `00000000-0000-4000-8000-${String(next()).padStart(12, '0')}`,
  };
}

import { describe, expect, it } from 'vitest';
import { minute } from '../../../src/ground/durations.ts';
import { isGone } from '../../../src/incidents/wipe/absence.ts';

const since = new Date('2026-03-02T09:00:00Z');
const at = (minutes: number) => new Date(since.getTime() + minutes * minute);

describe('a partnership that is not shown', () => {
  it.each([
    [1, 60],
    [2, 60],
    [3, 4.9],
    [30, 0],
  ])('is not known to be gone after %i good readings over %d minutes', (absentReads, minutes) => {
    expect(isGone({ absentSince: since, absentReads }, at(minutes))).toBe(false);
  });

  it('is gone after three good readings over five minutes', () => {
    expect(isGone({ absentSince: since, absentReads: 3 }, at(5))).toBe(true);
  });

  it('that is shown is not', () => {
    expect(isGone({ absentSince: null, absentReads: 0 }, at(60))).toBe(false);
  });
});

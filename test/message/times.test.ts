import { describe, expect, it } from 'vitest';
import { exact, relativeAndExact } from '../../src/message/times.ts';

const timeZone = 'Europe/Berlin';
/** Monday, 09:24 in Berlin. */
const now = new Date('2026-03-02T08:24:30Z');

describe('relativeAndExact', () => {
  it.each([
    ['2026-03-02T08:24:30Z', 'just now, 09:24'],
    ['2026-03-02T08:24:59Z', '09:24, in less than a minute'],
    ['2026-03-02T08:23:30Z', '1 minute ago, 09:23'],
    ['2026-03-02T08:12:00Z', '12 minutes ago, 09:12'],
    ['2026-03-02T06:12:00Z', '2 hours ago, 07:12'],
    ['2026-03-01T22:50:00Z', '9 hours ago, Sun 23:50'],
    ['2026-02-27T16:40:00Z', '3 days ago, Fri 17:40'],
    ['2026-02-20T16:40:00Z', '10 days ago, 20 Feb 17:40'],
    ['2025-08-02T15:40:00Z', '212 days ago, 2 Aug 2025 17:40'],
    ['2026-03-02T08:55:00Z', '09:55, in 30 minutes'],
    ['2026-03-03T07:24:00Z', 'Tue 08:24, in 22 hours'],
    ['2026-03-09T08:24:00Z', '9 Mar 09:24, in 7 days'],
    ['nonsense', 'at a time not known'],
  ])('%s is %s', (instant, expected) => {
    expect(relativeAndExact(instant, { now, timeZone })).toBe(expected);
  });

  it("counts days by the reader's calendar, over a change of clocks too", () => {
    const afterSummerTime = new Date('2026-03-30T07:00:00Z');

    expect(relativeAndExact('2026-03-28T08:00:00Z', { now: afterSummerTime, timeZone })).toBe('2 days ago, Sat 09:00');
    expect(exact('2026-03-30T07:00:00Z', { now: afterSummerTime, timeZone })).toBe('09:00');
  });

  it('is in the zone it is asked for', () => {
    expect(relativeAndExact('2026-03-02T08:12:00Z', { now, timeZone: 'Asia/Kolkata' })).toBe('12 minutes ago, 13:42');
  });
});

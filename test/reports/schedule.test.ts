import { describe, expect, it } from 'vitest';
import { nextTime, parseSchedule } from '../../src/reports/schedule.ts';

describe('schedules', () => {
  it.each([
    ['every weekday at 08:00', '0 8 * * 1-5'],
    ['every day at 17:30', '30 17 * * *'],
    ['every Monday at 9', '0 9 * * 1'],
    ['every mon, thu at 6pm', '0 18 * * 1,4'],
    ['daily at 12am', '0 0 * * *'],
    ['every weekday', '0 8 * * 1-5'],
  ])('%s', (words, cron) => {
    expect(parseSchedule(words).cron).toBe(cron);
  });

  it.each(['', 'sometimes', 'every day at 25:00', 'every day at 8:77', 'every blursday at 8', 'every day at 13pm'])(
    'asks again for “%s”',
    (words) => {
      expect(() => parseSchedule(words)).toThrow('not understood');
    },
  );

  it('keeps the clock of its zone when summer time begins', () => {
    const friday = new Date('2026-03-27T12:00:00Z');
    const monday = nextTime('0 8 * * 1-5', 'Europe/Berlin', friday);
    expect(monday.toISOString()).toBe('2026-03-30T06:00:00.000Z');
    expect(nextTime('0 8 * * 1-5', 'Europe/Berlin', monday).toISOString()).toBe('2026-03-31T06:00:00.000Z');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Counted, checkBrake } from '../../../src/incidents/brake/rules.ts';
import { runs } from '../../setup/runs.ts';
import { policy } from '../facts.ts';

const minute = 60_000;
const start = Date.parse('2026-03-02T09:00:00Z');

/** When each was counted, in minutes after the start. */
type Row = readonly [minutes: number, requester: string];

function issued(...rows: readonly Row[]): readonly Row[] {
  return rows;
}

function ask(requester: string, minutes: number, rows: readonly Row[], unlockedAfter = 0) {
  const counted = rows.map(([at, by], index) => ({ order: index + 1, age: (minutes - at) * minute, requester: by }));
  return checkBrake({ counted, requester, policy: policy(), unlockedAfter });
}

describe('brake', () => {
  it('lets a requester through three times a day, and then refuses only him', () => {
    const three = issued([0, 'hana'], [60, 'hana'], [120, 'hana']);

    expect(ask('hana', 180, three.slice(0, 2))).toEqual({ kind: 'ok' });
    expect(ask('hana', 180, three)).toMatchObject({ kind: 'refuse-requester', count: 3, limit: 3 });
    expect(ask('hugo', 180, three)).toEqual({ kind: 'ok' });
    expect(ask('hana', 24 * 60, three)).toEqual({ kind: 'ok' });
  });

  it('locks everything after five in ten minutes, before the sixth', () => {
    const five = issued([0, 'a'], [1, 'b'], [2, 'a'], [3, 'b'], [4, 'a']);

    expect(ask('c', 5, five.slice(0, 4))).toEqual({ kind: 'ok' });
    expect(ask('c', 5, five)).toMatchObject({ kind: 'lock-all', window: 'ten-minutes', count: 5, people: 2 });
    expect(ask('c', 10, five)).toEqual({ kind: 'ok' });
  });

  it('locks everything after twenty in a day', () => {
    const twenty = issued(...Array.from({ length: 20 }, (_, n) => [n * 60, `person-${n}`] as const));

    expect(ask('c', 20 * 60, twenty.slice(0, 19))).toEqual({ kind: 'ok' });
    expect(ask('c', 20 * 60, twenty)).toMatchObject({ kind: 'lock-all', window: 'day', count: 20, people: 20 });
  });

  it('counts for all from the unlocking on, and for a requester not', () => {
    const five = issued([0, 'a'], [1, 'b'], [2, 'a'], [3, 'b'], [4, 'a']);

    expect(ask('c', 6, five, 5)).toEqual({ kind: 'ok' });
    expect(ask('c', 6, [...five, ...five], 5)).toMatchObject({ kind: 'lock-all' });
    expect(ask('a', 6, five, 5)).toMatchObject({ kind: 'refuse-requester' });
  });

  it('is not opened by a clock that was set back', () => {
    const later = issued([600, 'a'], [600, 'b'], [600, 'a'], [600, 'b'], [600, 'a']);

    expect(ask('c', 0, later)).toMatchObject({ kind: 'lock-all' });
  });

  it('is never exceeded, whoever asks whenever, whatever the clocks of their hosts say', () => {
    const attempt = fc.record({
      requester: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
      afterSeconds: fc.oneof(fc.integer({ min: 0, max: 240 }), fc.integer({ min: 0, max: 20_000 })),
      /** By how much the clock of this host is wrong, in minutes. */
      skew: fc.oneof(fc.constant(0), fc.integer({ min: -50_000, max: 50_000 })),
      unlock: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 80, size: 'max' }), (attempts) => {
        const done: { at: number; host: number; requester: string }[] = [];
        /** As it is: the database's time. */
        let now = start;
        let unlockedAfter = 0;
        let locked = false;
        for (const { requester, afterSeconds, skew, unlock } of attempts) {
          now += afterSeconds * 1000;
          const host = now + skew * minute;
          if (locked && unlock) {
            locked = false;
            unlockedAfter = done.length;
          }
          if (locked) continue;
          const counted: Counted[] = done.map((each, index) => ({
            order: index + 1,
            age: Math.min(now - each.at, host - each.host),
            requester: each.requester,
          }));
          const verdict = checkBrake({ counted, requester, policy: policy(), unlockedAfter });
          if (verdict.kind === 'lock-all') locked = true;
          if (verdict.kind !== 'ok') continue;
          done.push({ at: now, host, requester });

          const since = (milliseconds: number, from = 0) =>
            done.slice(from).filter(({ at }) => at > now - milliseconds);
          if (since(24 * 60 * minute).filter((row) => row.requester === requester).length > 3) return false;
          if (since(10 * minute, unlockedAfter).length > 5 || since(24 * 60 * minute, unlockedAfter).length > 20)
            return false;
        }
        return true;
      }),
      { numRuns: runs(300, 3_000) },
    );
  });
});

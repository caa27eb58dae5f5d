import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkBrake, type Issued } from '../../../src/incidents/brake/rules.ts';
import { policy } from '../facts.ts';
import { runs } from '../runs.ts';

const minute = 60_000;
const start = Date.parse('2026-03-02T09:00:00Z');

function issued(...rows: readonly (readonly [number, string])[]): Issued[] {
  return rows.map(([minutes, requester]) => ({ at: new Date(start + minutes * minute), requester }));
}

function ask(requester: string, minutes: number, issuedAt: readonly Issued[], unlockedAt: Date | null = null) {
  return checkBrake({ issuedAt, requester, now: new Date(start + minutes * minute), policy: policy(), unlockedAt });
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
    const unlockedAt = new Date(start + 5 * minute);

    expect(ask('c', 6, five, unlockedAt)).toEqual({ kind: 'ok' });
    expect(ask('a', 6, five, unlockedAt)).toMatchObject({ kind: 'refuse-requester' });
  });

  it('is not opened by a clock that was set back', () => {
    const later = issued([600, 'a'], [600, 'b'], [600, 'a'], [600, 'b'], [600, 'a']);

    expect(ask('c', 0, later)).toMatchObject({ kind: 'lock-all' });
  });

  it('is never exceeded, whoever asks whenever', () => {
    const attempt = fc.record({
      requester: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
      afterSeconds: fc.oneof(fc.integer({ min: 0, max: 240 }), fc.integer({ min: 0, max: 20_000 })),
      unlock: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 80, size: 'max' }), (attempts) => {
        const done: Issued[] = [];
        let now = start;
        let unlockedAt: Date | null = null;
        let locked = false;
        for (const { requester, afterSeconds, unlock } of attempts) {
          now += afterSeconds * 1000;
          if (locked && unlock) {
            locked = false;
            unlockedAt = new Date(now);
          }
          if (locked) continue;
          const verdict = checkBrake({ issuedAt: done, requester, now: new Date(now), policy: policy(), unlockedAt });
          if (verdict.kind === 'lock-all') locked = true;
          if (verdict.kind !== 'ok') continue;
          done.push({ at: new Date(now), requester });

          const since = (milliseconds: number, from = Number.NEGATIVE_INFINITY) =>
            done.filter(({ at }) => at.getTime() > now - milliseconds && at.getTime() > from);
          const from = unlockedAt?.getTime();
          const own = since(24 * 60 * minute).filter((row) => row.requester === requester).length;
          if (own > 3) return false;
          if (since(10 * minute, from).length > 5 || since(24 * 60 * minute, from).length > 20) return false;
        }
        return true;
      }),
      { numRuns: runs },
    );
  });
});

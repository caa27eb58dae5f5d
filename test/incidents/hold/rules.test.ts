import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Hold,
  type HoldEvent,
  type HoldWipe,
  holdAfter,
  holdClosedBy,
  holdQuestionAt,
  offersResetAnyway,
  stopsWipe,
} from '../../../src/incidents/hold/rules.ts';
import type { Role } from '../../../src/policy.ts';
import type { WipeState } from '../../../src/store/tables/wipes.ts';
import { runs } from '../../setup/runs.ts';
import { policy } from '../facts.ts';

const survivors = [
  'awaiting-approval',
  'approved',
  'issuing',
  'requested',
  'sent',
  'denied',
  'withdrawn',
  'expired',
  'voided',
  'not-asked',
  'refused-by-device',
  'not-reported',
  'partnership-removed',
] as const satisfies readonly WipeState[];
const settling = ['acknowledged', 'cancelled', 'given-up'] as const satisfies readonly WipeState[];

function wipes(...states: readonly (readonly [number, WipeState])[]): HoldWipe[] {
  return states.map(([deviceNumber, state]) => ({ deviceNumber, state }));
}

describe('what wipes do to the hold', () => {
  it.each(survivors)('survives %s', (state) => {
    expect(holdClosedBy(wipes([1, state]))).toBeUndefined();
  });

  it.each(settling)('closes after %s', (state) => {
    expect(holdClosedBy(wipes([1, state]))).toMatch(/\.$/);
  });

  it('stays open without any wipe', () => {
    expect(holdClosedBy([])).toBeUndefined();
  });

  it('waits for every phone that was chosen', () => {
    expect(holdClosedBy(wipes([1, 'acknowledged'], [2, 'requested']))).toBeUndefined();
    expect(holdClosedBy(wipes([1, 'given-up'], [2, 'requested']))).toBeUndefined();
    expect(holdClosedBy(wipes([1, 'acknowledged'], [2, 'acknowledged']))).toContain('Every phone');
  });

  it('looks at the newest wipe of each phone', () => {
    expect(holdClosedBy(wipes([1, 'not-asked'], [1, 'acknowledged']))).toContain('acknowledged');
    expect(holdClosedBy(wipes([1, 'cancelled'], [1, 'awaiting-approval']))).toBeUndefined();
  });
});

describe('what people do to the hold', () => {
  const open = { hold: 'open' } as const;
  const released = (role: Role, reason = 'she found it') =>
    holdAfter(open, [], { kind: 'released', roles: new Set<Role>([role]), reason }).hold;

  it('closes on reset anyway, and when none is chosen', () => {
    expect(holdAfter(open, wipes([1, 'sent']), { kind: 'reset-anyway' }).hold).toBe('closed');
    expect(holdAfter(open, wipes([1, 'withdrawn']), { kind: 'none-chosen' }).hold).toBe('closed');
  });

  it('does not close on "none of these" while a wipe is on its way', () => {
    expect(holdAfter(open, wipes([1, 'requested']), { kind: 'none-chosen' }).hold).toBe('open');
  });

  it('is released by security and admins with a reason, and by nobody else', () => {
    expect(released('security')).toBe('closed');
    expect(released('admin')).toBe('closed');
    expect(released('helpdesk')).toBe('open');
    expect(released('approver')).toBe('open');
    expect(released('security', ' ')).toBe('open');
  });

  it('opens again when somebody says so', () => {
    expect(holdAfter({ hold: 'closed' }, [], { kind: 'opened-again' })).toEqual({ hold: 'open' });
  });
});

describe('sequences', () => {
  const anyState = fc.constantFrom(...survivors, ...settling);
  const anyWipes = fc.array(fc.record({ deviceNumber: fc.integer({ min: 1, max: 3 }), state: anyState }), {
    maxLength: 6,
  });
  const anyEvent: fc.Arbitrary<HoldEvent> = fc.oneof(
    fc.constantFrom<HoldEvent[]>(
      { kind: 'wipe-moved' },
      { kind: 'none-chosen' },
      { kind: 'reset-anyway' },
      { kind: 'opened-again' },
    ),
    fc.record({
      kind: fc.constant('released' as const),
      roles: fc.subarray<Role>(['user', 'helpdesk', 'approver', 'security', 'admin']).map((roles) => new Set(roles)),
      reason: fc.constantFrom('', 'because'),
    }),
  );

  it('close it only for the reasons of the design, and say which', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyWipes, anyEvent), { maxLength: 20, size: 'max' }), (steps) => {
        let hold: Hold = 'open';
        for (const [state, event] of steps) {
          const next = holdAfter({ hold }, state, event);
          if (hold === 'open' && next.hold === 'closed') {
            expect(next.why).toBeDefined();
            expect(mayClose(state, event)).toBe(true);
          }
          if (hold === 'closed' && next.hold === 'open') expect(event.kind).toBe('opened-again');
          hold = next.hold;
        }
      }),
      { numRuns: runs(300, 3_000) },
    );
  });

  /** The design's list, written anew. */
  function mayClose(state: readonly HoldWipe[], event: HoldEvent): boolean {
    const newest = new Map(state.map((wipe) => [wipe.deviceNumber, wipe.state]));
    switch (event.kind) {
      case 'wipe-moved':
        return newest.size > 0 && [...newest.values()].every((one) => settling.some((settled) => settled === one));
      case 'none-chosen':
      case 'reset-anyway':
        return true;
      case 'released':
        return (event.roles.has('security') || event.roles.has('admin')) && event.reason !== '';
      case 'opened-again':
        return false;
    }
  }
});

describe('what is asked while it is open', () => {
  const sentAt = new Date('2026-03-02T09:36:00Z');

  it('offers to reset anyway 15 minutes after sent without an answer', () => {
    expect(offersResetAnyway({ state: 'sent', sentAt }, new Date('2026-03-02T09:50:59Z'))).toBe(false);
    expect(offersResetAnyway({ state: 'sent', sentAt }, new Date('2026-03-02T09:51:00Z'))).toBe(true);
    expect(offersResetAnyway({ state: 'acknowledged', sentAt }, new Date('2026-03-02T10:51:00Z'))).toBe(false);
  });

  it('asks a person after holdMaxHours, and again after as long', () => {
    const openedAt = new Date('2026-03-02T09:00:00Z');

    expect(holdQuestionAt({ openedAt, holdAskedAt: null }, policy())).toEqual(new Date('2026-03-02T13:00:00Z'));
    expect(
      holdQuestionAt({ openedAt, holdAskedAt: new Date('2026-03-02T13:05:00Z') }, policy({ holdMaxHours: 2 })),
    ).toEqual(new Date('2026-03-02T15:05:00Z'));
  });

  it('names what would stop a wipe, the password first', () => {
    expect(stopsWipe()[0]?.act).toContain('password');
    expect(stopsWipe().length).toBeGreaterThanOrEqual(6);
  });
});

import { describe, expect, it } from 'vitest';
import { ladder, type PlanBInput, planBDueAt, planBIsDue } from '../../../src/incidents/plan-b/rules.ts';
import { policy } from '../facts.ts';

const requestedAt = new Date('2026-03-02T09:00:00Z');

function due(changes: Partial<PlanBInput> = {}): string | undefined {
  return planBDueAt({
    state: 'requested',
    requestedAt,
    lastHeartbeatSeconds: null,
    policy: policy(),
    ...changes,
  })?.toISOString();
}

describe('when Plan B is due', () => {
  it.each([
    [null, '2026-03-02T09:30:00.000Z'],
    [900, '2026-03-02T09:30:00.000Z'],
    [1200, '2026-03-02T09:30:00.000Z'],
    [1201, '2026-03-02T09:30:01.000Z'],
    [3540, '2026-03-02T10:09:00.000Z'],
  ])('after the longest wait with a heartbeat of %j s', (lastHeartbeatSeconds, at) => {
    expect(due({ lastHeartbeatSeconds })).toBe(at);
  });

  it.each(['issuing', 'sent', 'acknowledged', 'given-up', 'not-reported'] as const)('never in %s', (state) => {
    expect(due({ state })).toBeUndefined();
  });

  it('comes again while it is unanswered', () => {
    expect(due({ raisedAt: new Date('2026-03-02T09:31:00Z') })).toBe('2026-03-02T10:01:00.000Z');
  });

  it('keeps quiet as long as somebody asked, and no longer', () => {
    const quietUntil = new Date('2026-03-02T13:31:00Z');
    const raisedAt = new Date('2026-03-02T09:31:00Z');

    expect(due({ raisedAt, quietUntil })).toBe('2026-03-02T13:31:00.000Z');
    expect(due({ raisedAt: new Date('2026-03-02T13:31:00Z'), quietUntil })).toBe('2026-03-02T14:01:00.000Z');
  });

  it('is due at its instant, not before', () => {
    const input: PlanBInput = { state: 'requested', requestedAt, lastHeartbeatSeconds: null, policy: policy() };

    expect(planBIsDue(input, new Date('2026-03-02T09:29:59Z'))).toBe(false);
    expect(planBIsDue(input, new Date('2026-03-02T09:30:00Z'))).toBe(true);
  });
});

describe('the ladder', () => {
  it('begins with waiting, the only rung that keeps the chance of a wipe', () => {
    expect(ladder.filter((rung) => !rung.endsWipe).map((rung) => rung.id)).toEqual(['wait']);
    expect(ladder.map((rung) => rung.id)).toEqual(['wait', 'give-up', 'block', 'sign-out', 'suspend-sim']);
  });

  it('says on each rung that ends the chance what that costs', () => {
    for (const rung of ladder.filter((one) => one.afterGivingUp))
      expect(rung.costs).toContain('no longer hear of a wipe');
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { estimateEdge, locateEdge } from '../../src/heartbeat/estimate-edge.ts';
import type { EdgeEstimate, LocatedEdge } from '../../src/heartbeat/reading.ts';
import { runs } from '../setup/runs.ts';
import { type Habit, live, type World } from './generator.ts';
import { withEdge, withoutEdge } from './worlds.ts';

const cases = runs(25, 100);

type Case = { seed: number; seconds: number; located: LocatedEdge; visible: boolean };

/**
 * An edge can be seen, by the truth of the world, when at least ten requests of three phones would have outlived it and, where
 * it is silent and nothing tells its length, phones asked for a little less with success and for a little more in vain.
 */
function withEdges(): Case[] {
  const found: Case[] = [];
  for (let seed = 1; found.filter(({ visible }) => visible).length < cases; seed += 1) {
    const world = withEdge(seed);
    const { seconds, how } = world.edge;
    const { observations, truth } = live(world);
    const bracketed = truth.longestAnswered >= seconds * 0.96 && truth.shortestEnded <= seconds * 1.06;
    const visible = truth.beyond >= 10 && truth.phonesBeyond >= 3 && (how === 'reset' || bracketed);
    found.push({ seed, seconds, located: locateEdge(observations, world.max), visible });
  }
  return found;
}

function isRight({ estimate, scope }: LocatedEdge, seconds: number): boolean {
  return estimate.kind === 'seen' && scope.kind === 'all' && Math.abs(estimate.seconds - seconds) <= seconds * 0.05;
}

function claims({ estimate, scope }: LocatedEdge): boolean {
  return scope.kind === 'all' && (estimate.kind === 'seen' || estimate.kind === 'bounded');
}

describe('over drawn organisations', () => {
  let drawn: Case[] = [];

  beforeAll(() => {
    drawn = withEdges();
  });

  it('finds the edge within 5 % in at least 95 % of the cases that can be seen', () => {
    const visible = drawn.filter((each) => each.visible);
    const wrong = visible.filter(({ located, seconds }) => !isRight(located, seconds));

    expect(visible).toHaveLength(cases);
    expect(wrong.length / visible.length, JSON.stringify(wrong)).toBeLessThanOrEqual(0.05);
  });

  it('says nothing untrue of an edge that it bounds or does not see', () => {
    const untrue = drawn.filter(({ located: { estimate }, seconds }) => {
      if (estimate.kind === 'bounded') return estimate.atLeast > seconds * 1.05 || estimate.atMost < seconds * 0.95;
      if (estimate.kind === 'seen') return Math.abs(estimate.seconds - seconds) > seconds * 0.1;
      return estimate.holds > seconds * 1.05;
    });

    expect(untrue.length / drawn.length, JSON.stringify(untrue)).toBeLessThanOrEqual(0.02);
  });

  it('claims none where there is none', () => {
    const claimed = Array.from({ length: cases }, (_, seed) => seed + 1)
      .map((seed) => ({ seed, located: locateEdge(live(withoutEdge(seed)).observations, 3540) }))
      .filter(({ located }) => claims(located));

    expect(claimed).toEqual([]);
  });
});

describe('one organisation with a known truth', () => {
  const phones = (habit: Habit, count: number, rest: { deviceType?: string; network?: string } = {}) =>
    Array.from({ length: count }, () => ({ habit, deviceType: 'iPhone', network: '', mailsPerHour: 1, ...rest }));
  const patient: Habit = { kind: 'fixed', asked: 1680 };
  const climbing: Habit = { kind: 'climb', first: 240, step: 60, again: 10 };
  const at = (rest: Partial<World>): World => ({
    seed: 5,
    phones: phones(climbing, 12),
    hours: 24,
    lossesPerHour: 0.05,
    max: 3540,
    ...rest,
  });
  const estimateOf = (world: World): EdgeEstimate => estimateEdge(live(world).observations, world.max);

  it('sees connections that are closed at 300 s', () => {
    const edge = { seconds: 300, how: 'reset', lateSeconds: 2 } as const;

    expect(estimateOf(at({ edge }))).toMatchObject({ kind: 'seen', how: 'reset', confidence: 'high' });
  });

  it('sees connections that are forgotten silently at 600 s', () => {
    const found = estimateOf(at({ edge: { seconds: 600, how: 'silent', lateSeconds: 0 } }));

    expect(found).toMatchObject({ kind: 'seen', how: 'silent' });
    expect(found.kind === 'seen' ? found.seconds : 0).toBeGreaterThan(570);
  });

  it('says "at most" where phones ask for half or double of what a silent edge bears', () => {
    const world = at({
      phones: [...phones({ kind: 'fixed', asked: 480 }, 8), ...phones(patient, 8)].map((phone) => ({
        ...phone,
        mailsPerHour: 0.1,
      })),
      edge: { seconds: 900, how: 'silent', lateSeconds: 0 },
    });
    const found = estimateOf(world);

    expect(found.kind).toBe('bounded');
    expect(found.kind === 'bounded' ? [found.atLeast <= 900, found.atMost >= 900] : []).toEqual([true, true]);
  });

  it('sees that connections last', () => {
    expect(estimateOf(at({ phones: phones({ kind: 'fixed', asked: 3540 }, 10) }))).toEqual({
      kind: 'none',
      holds: 3540,
    });
  });

  it('cannot tell what nobody tries', () => {
    expect(estimateOf(at({ phones: phones({ kind: 'fixed', asked: 470 }, 10) }))).toEqual({
      kind: 'unknown',
      holds: 470,
    });
  });

  it('needs more than one phone in a lift', () => {
    const lonely = at({ phones: phones(climbing, 1), edge: { seconds: 300, how: 'reset', lateSeconds: 1 } });

    expect(estimateOf(lonely).kind).toBe('unknown');
  });

  it('does not take an app that hangs up by itself for an edge', () => {
    const app = phones({ kind: 'hangs-up', asked: 900, gives: 240 }, 5, { deviceType: 'BadMail' });
    const { observations } = live(at({ phones: [...phones(patient, 10), ...app] }));

    expect(locateEdge(observations, 3540)).toMatchObject({
      estimate: { kind: 'seen', seconds: 240 },
      scope: { kind: 'device-type', name: 'BadMail' },
    });
  });

  it('names the network whose phones alone are cut', () => {
    const world = at({
      phones: [...phones(patient, 10, { network: 'Office' }), ...phones(climbing, 10, { network: 'Carrier A' })],
      edge: { seconds: 300, how: 'reset', lateSeconds: 1, networks: ['Carrier A'] },
    });

    expect(locateEdge(live(world).observations, 3540).scope).toEqual({ kind: 'network', name: 'Carrier A' });
  });

  it('does not take a pool that is recycled again and again for an edge', () => {
    const waiting = phones({ kind: 'fixed', asked: 3540 }, 30);
    const world = at({
      phones: waiting,
      hours: 1,
      recycledAt: [0, 1, 2, 3, 4, 5].map((times) => (612 + times * 420) / 3600),
    });

    expect(claims(locateEdge(live(world).observations, 3540))).toBe(false);
  });

  it('sees that an edge is outlived since it was changed', () => {
    const before = live(at({ hours: 20, edge: { seconds: 300, how: 'reset', lateSeconds: 1 } })).observations;
    const later = live(at({ seed: 6, hours: 2, phones: phones(patient, 12) })).observations.map((each) => ({
      ...each,
      firstHour: each.firstHour + 24 * 3_600_000,
      lastHour: each.lastHour + 24 * 3_600_000,
    }));

    expect(estimateEdge([...before, ...later], 3540)).toMatchObject({ kind: 'unknown', gone: { seconds: 300 } });
  });
});

/** Organisations drawn by chance, with and without an edge, for the proof of the estimate. */
import { seeded } from '../fixtures/activesync-logs.ts';
import type { Habit, World } from './generator.ts';

/** What boxes come with, and odd ones that somebody typed. */
const timeouts = [
  60, 100, 120, 180, 240, 270, 300, 330, 350, 360, 420, 450, 600, 660, 720, 900, 1100, 1200, 1500, 1800, 2100, 2400,
  2700, 3000,
];

const types = ['iPhone', 'iPad', 'Android', 'SamsungDevice', 'WindowsMail'] as const;

function habitOf(random: () => number): Habit {
  const roll = random();
  const pick = (...values: readonly number[]) => values[Math.floor(random() * values.length)] ?? 600;
  if (roll < 0.4)
    return {
      kind: 'back-off',
      first: pick(900, 960, 1200, 1680, 3540),
      step: pick(60, 120, 180, 240, 480),
      again: pick(8, 12, 20, 40),
    };
  if (roll < 0.8)
    return {
      kind: 'climb',
      first: pick(120, 180, 240, 300, 470, 480),
      step: pick(30, 60, 120, 180, 300),
      again: pick(6, 10, 20, 30),
    };
  return { kind: 'fixed', asked: pick(470, 600, 900, 1680, 1800, 3540) };
}

export function organisation(seed: number): Omit<World, 'edge'> {
  const random = seeded(seed);
  const count = 4 + Math.floor(random() ** 2 * 120);
  const busy = 0.2 + random() * 5;
  return {
    seed,
    phones: Array.from({ length: count }, () => ({
      habit: habitOf(random),
      deviceType: types[Math.floor(random() * types.length)] ?? 'iPhone',
      network: random() < 0.3 ? 'Office' : random() < 0.5 ? 'Carrier A' : '',
      mailsPerHour: busy * (0.2 + random() * 1.6),
    })),
    hours: 16 + Math.floor(random() * 32),
    lossesPerHour: random() * 0.25,
    ...(random() < 0.3 ? { recycledAt: [3 + random() * 10, 14 + random() * 8] } : {}),
    max: 3540,
  };
}

export function withEdge(seed: number): World & Required<Pick<World, 'edge'>> {
  const random = seeded(seed * 31 + 7);
  const seconds =
    random() < 0.7 ? (timeouts[Math.floor(random() * timeouts.length)] ?? 300) : 60 + Math.floor(random() * 2900);
  const how = random() < 0.65 ? 'reset' : 'silent';
  return { ...organisation(seed), edge: { seconds, how, lateSeconds: random() * Math.min(5, seconds * 0.01) } };
}

/** No edge, but what may look like one: an app that hangs up, a carrier that cuts its own, losses, recycled pools. */
export function withoutEdge(seed: number): World {
  const random = seeded(seed * 37 + 11);
  const world = organisation(seed);
  const roll = random();
  if (roll < 0.25) {
    const gives = 120 + Math.floor(random() * 400);
    const app = {
      habit: { kind: 'hangs-up', asked: 900, gives } as const,
      deviceType: 'BadMail',
      network: '',
      mailsPerHour: 1,
    };
    return { ...world, phones: [...world.phones, ...Array.from({ length: 1 + Math.floor(random() * 4) }, () => app)] };
  }
  if (roll < 0.45) {
    return {
      ...world,
      edge: { seconds: 300, how: random() < 0.5 ? 'reset' : 'silent', lateSeconds: 2, networks: ['Carrier A'] },
    };
  }
  if (roll < 0.6) return { ...world, lossesPerHour: 0.3 + random() };
  return world;
}

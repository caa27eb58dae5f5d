/**
 * The average that Exchange keeps: for Ping and for hanging Sync apart, the last HeartbeatSampleSize heartbeats that phones asked
 * for, in the order in which they began to wait. Event 1040 is logged while the buffer is full and the average is at or under
 * HeartbeatAlertThreshold (KB905013). Recycling the pool empties the buffers, which logs do not tell.
 */
import { hour } from '../ground/durations.ts';
import { sumOf } from './observation.ts';
import type { MovingAverage, Pull } from './reading.ts';

export type AskedSample = { startedAt: Date; asked: number; account: string; deviceId: string; deviceType: string };

type Settings = { sampleSize: number; threshold: number };

export function movingAverage(
  samples: readonly AskedSample[],
  { command, sampleSize, threshold }: Settings & { command: string },
): MovingAverage {
  const buffer = bufferOf(samples, sampleSize);
  if (buffer.length === 0) return { command, samples: 0, full: false, firing: false };
  const average = averageOf(buffer);
  const full = buffer.length >= sampleSize;
  const firing = full && average <= threshold;
  const firesInHours = firing ? undefined : hoursUntilEvent(buffer, sampleSize, threshold);
  return { command, average, samples: buffer.length, full, firing, firesInHours };
}

function bufferOf(samples: readonly AskedSample[], sampleSize: number): readonly AskedSample[] {
  return sampleSize === 0 ? [] : samples.slice(-sampleSize);
}

function averageOf(samples: readonly AskedSample[]): number {
  return Math.floor(sumOf(samples, ({ asked }) => asked) / Math.max(1, samples.length));
}

/** Lets the newest quarter repeat itself until the average is at the threshold; undefined if it never gets there. */
function hoursUntilEvent(buffer: readonly AskedSample[], sampleSize: number, threshold: number): number | undefined {
  const newest = buffer.slice(-Math.max(10, Math.ceil(buffer.length / 4)));
  const [first, last] = [newest[0], newest.at(-1)];
  if (newest.length < 10 || first === undefined || last === undefined || averageOf(newest) > threshold)
    return undefined;
  const perHour = (newest.length - 1) / Math.max(1 / 60, (last.startedAt.getTime() - first.startedAt.getTime()) / hour);
  const values = buffer.map(({ asked }) => asked);
  let sum = sumOf(buffer, ({ asked }) => asked);
  for (let more = 1; more <= sampleSize * 2; more += 1) {
    const asked = newest[(more - 1) % newest.length]?.asked ?? 0;
    values.push(asked);
    sum += asked;
    if (values.length > sampleSize) sum -= values.shift() ?? 0;
    if (values.length === sampleSize && Math.floor(sum / sampleSize) <= threshold) return more / perHour;
  }
  return undefined;
}

/** At most so many clients, and at most so large a part of all clients, are "few". */
const mostFew = 5;
const fewShare = 0.25;
/** The average without them must be so much over the threshold. */
const wellOver = 1.25;
/** Clients that pull at least so hard as the strongest are of its kind. */
const alike = 0.3;

/** Who pulls the average down: one bad app with many short Pings is not a firewall. */
export function whoPulls(samples: readonly AskedSample[], { sampleSize, threshold }: Settings): Pull {
  const buffer = bufferOf(samples, sampleSize);
  if (buffer.length === 0 || averageOf(buffer) > threshold * wellOver) return { few: [] };
  const clients = new Map<string, AskedSample[]>();
  for (const sample of buffer) {
    const key = `${sample.deviceId}\n${sample.deviceId === '' ? sample.account : ''}`;
    clients.set(key, [...(clients.get(key) ?? []), sample]);
  }
  const heaviest = [...clients.values()]
    .map((own) => ({ own, pull: sumOf(own, ({ asked }) => threshold - asked) }))
    .filter(({ pull }) => pull > 0)
    .sort((a, b) => b.pull - a.pull);
  const most = Math.min(mostFew, Math.max(1, Math.floor(clients.size * fewShare)));
  let left = buffer.length;
  let sum = sumOf(buffer, ({ asked }) => asked);
  const few: Pull['few'] = [];
  for (const { own, pull } of heaviest.slice(0, most)) {
    // Enough are named when the rest is well; those that pull about as hard belong to them.
    if (left > 0 && sum / left >= threshold * wellOver && pull < (heaviest[0]?.pull ?? 0) * alike) break;
    const [first] = own;
    if (first === undefined) continue;
    const { account, deviceId, deviceType } = first;
    few.push({ account, deviceId, deviceType, samples: own.length, average: averageOf(own) });
    left -= own.length;
    sum -= sumOf(own, ({ asked }) => asked);
  }
  // What is left must be enough to be an average of something.
  if (left < 10 || sum / left < threshold * wellOver) return { few: [] };
  const [deviceType, ...others] = new Set(few.map((client) => client.deviceType));
  return { few, without: Math.floor(sum / left), deviceType: others.length > 0 ? undefined : deviceType || undefined };
}

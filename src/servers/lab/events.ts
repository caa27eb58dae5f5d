/** Event 1040, by Exchange's rule: the average of the last heartbeats that phones asked for is at or under the threshold. */
import { hour } from '../../ground/durations.ts';
import type { Event1040 } from '../port.ts';

export type AskedHeartbeat = { at: Date; seconds: number };

/** Exchange logs it "periodically"; the period is not documented. */
const atMostEvery = hour;

/**
 * The events that the heartbeats of one server give since its pool started, oldest first. Nothing is logged before the
 * buffer of `sampleSize` values is full; a recycled pool begins with an empty one.
 */
export function events1040Of(
  heartbeats: readonly AskedHeartbeat[],
  settings: { server: string; sampleSize: number; alertThreshold: number },
): Event1040[] {
  const { server, sampleSize, alertThreshold } = settings;
  const events: Event1040[] = [];
  const buffer: number[] = [];
  let sum = 0;
  let last = Number.NEGATIVE_INFINITY;
  if (sampleSize === 0) return [];
  for (const { at, seconds } of heartbeats) {
    buffer.push(seconds);
    sum += seconds;
    if (buffer.length > sampleSize) sum -= buffer.shift() ?? 0;
    const average = Math.floor(sum / buffer.length);
    if (buffer.length < sampleSize || average > alertThreshold || at.getTime() - last < atMostEvery) continue;
    last = at.getTime();
    events.push({ server, at, averageSeconds: average, thresholdSeconds: alertThreshold, command: 'Ping' });
  }
  return events;
}

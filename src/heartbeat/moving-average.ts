/**
 * The average that Exchange keeps: for Ping and for hanging Sync apart, the last HeartbeatSampleSize heartbeats that phones asked
 * for, in the order in which they began to wait. Event 1040 is logged while the buffer is full and the average is at or under
 * HeartbeatAlertThreshold (KB905013). Recycling the pool empties the buffers, which logs do not tell.
 */
export type AskedSample = { startedAt: Date; asked: number; account: string; deviceId: string };

export type MovingAverage = {
  command: string;
  /** Whole seconds, as the event writes it; undefined while nothing was asked. */
  average?: number;
  samples: number;
  full: boolean;
  /** At or under the threshold with a full buffer: Exchange logs event 1040 now. */
  firing: boolean;
  /** If phones go on as in the newest quarter of the buffer, the event comes in about so many hours. */
  firesInHours?: number;
};

export function movingAverage(
  samples: readonly AskedSample[],
  settings: { command: string; sampleSize: number; threshold: number },
): MovingAverage {
  const { command, sampleSize, threshold } = settings;
  const buffer = sampleSize === 0 ? [] : samples.slice(-sampleSize);
  if (buffer.length === 0) return { command, samples: 0, full: false, firing: false };
  const average = averageOf(buffer);
  const full = buffer.length >= sampleSize;
  const firing = full && average <= threshold;
  const ahead = firing ? undefined : hoursUntilEvent(buffer, sampleSize, threshold);
  return {
    command,
    average,
    samples: buffer.length,
    full,
    firing,
    ...(ahead === undefined ? {} : { firesInHours: ahead }),
  };
}

export function averageOf(samples: readonly { asked: number }[]): number {
  return Math.floor(samples.reduce((sum, { asked }) => sum + asked, 0) / Math.max(1, samples.length));
}

/** Lets the newest quarter repeat itself until the average is at the threshold; undefined if it never gets there. */
function hoursUntilEvent(buffer: readonly AskedSample[], sampleSize: number, threshold: number): number | undefined {
  const newest = buffer.slice(-Math.max(10, Math.ceil(buffer.length / 4)));
  const first = newest[0];
  const last = newest.at(-1);
  if (newest.length < 10 || first === undefined || last === undefined || averageOf(newest) > threshold)
    return undefined;
  const perHour =
    (newest.length - 1) / Math.max(1 / 60, (last.startedAt.getTime() - first.startedAt.getTime()) / 3_600_000);
  const values = buffer.map(({ asked }) => asked);
  let sum = values.reduce((total, asked) => total + asked, 0);
  for (let more = 1; more <= sampleSize * 2; more += 1) {
    const asked = newest[(more - 1) % newest.length]?.asked ?? 0;
    values.push(asked);
    sum += asked;
    if (values.length > sampleSize) sum -= values.shift() ?? 0;
    if (values.length === sampleSize && Math.floor(sum / sampleSize) <= threshold) return more / perHour;
  }
  return undefined;
}

export type Puller = { account: string; deviceId: string; deviceType: string; samples: number; average: number };

export type Pull = {
  /** The few clients without which the average is well over the threshold, the heaviest first; empty where there are none. */
  few: Puller[];
  /** The average without them. */
  without?: number;
  /** The one kind of client that all of them are, where they are one. */
  deviceType?: string;
};

/** At most so many clients, and at most so large a part of all clients, are "few". */
const MOST_FEW = 5;
const FEW_SHARE = 0.25;
/** The average without them must be so much over the threshold. */
const WELL_OVER = 1.25;
/** Clients that pull at least so hard as the strongest are of its kind. */
const ALIKE = 0.3;

/** Who pulls the average down: one bad app with many short Pings is not a firewall. */
export function whoPulls(
  samples: readonly (AskedSample & { deviceType: string })[],
  settings: { sampleSize: number; threshold: number },
): Pull {
  const { sampleSize, threshold } = settings;
  const buffer = sampleSize === 0 ? [] : samples.slice(-sampleSize);
  if (buffer.length === 0 || averageOf(buffer) > threshold * WELL_OVER) return { few: [] };
  const clients = new Map<string, { puller: Puller; asked: number }>();
  for (const { account, deviceId, deviceType, asked } of buffer) {
    const key = `${deviceId}\n${deviceId === '' ? account : ''}`;
    const known = clients.get(key) ?? { puller: { account, deviceId, deviceType, samples: 0, average: 0 }, asked: 0 };
    known.puller.samples += 1;
    known.asked += asked;
    clients.set(key, known);
  }
  for (const client of clients.values()) client.puller.average = Math.floor(client.asked / client.puller.samples);
  const pullOf = ({ puller, asked }: { puller: Puller; asked: number }) => threshold * puller.samples - asked;
  const heaviest = [...clients.values()].filter((client) => pullOf(client) > 0).sort((a, b) => pullOf(b) - pullOf(a));
  const most = Math.min(MOST_FEW, Math.max(1, Math.floor(clients.size * FEW_SHARE)));
  const strongest = heaviest[0] === undefined ? 0 : pullOf(heaviest[0]);
  let left = buffer.length;
  let sum = buffer.reduce((total, { asked }) => total + asked, 0);
  const few: Puller[] = [];
  for (const client of heaviest.slice(0, most)) {
    // Enough are named when the rest is well; those that pull about as hard belong to them.
    if (left > 0 && sum / left >= threshold * WELL_OVER && pullOf(client) < strongest * ALIKE) break;
    few.push(client.puller);
    left -= client.puller.samples;
    sum -= client.asked;
  }
  // What is left must be enough to be an average of something.
  if (left < 10 || sum / left < threshold * WELL_OVER) return { few: [] };
  const types = new Set(few.map(({ deviceType }) => deviceType));
  const [deviceType] = types;
  return { few, without: Math.floor(sum / left), ...(types.size === 1 && deviceType ? { deviceType } : {}) };
}

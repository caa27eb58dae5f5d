/**
 * A look: all that was seen of Direct Push at one instant, with the verdict drawn from it. JSON-safe, because looks are stored
 * and compared. Seconds everywhere; instants as ISO 8601 text in UTC, hours as milliseconds since 1970.
 */
import { z } from 'zod';
import { EdgeEstimate } from './estimate.ts';

const Count = z.number().nonnegative();

export const Values = z.object({ min: Count, max: Count, sampleSize: Count, threshold: Count });

const Average = z.object({
  command: z.string(),
  average: Count.optional(),
  samples: Count,
  full: z.boolean(),
  firing: z.boolean(),
  firesInHours: z.number().optional(),
});

const Puller = z.object({
  account: z.string(),
  deviceId: z.string(),
  deviceType: z.string(),
  samples: Count,
  average: Count,
});

export const Events = z.object({
  total: Count,
  days: z.array(z.object({ day: z.string(), count: Count })),
  last: z.object({ at: z.string(), average: Count, threshold: Count, command: z.string() }).optional(),
  runningSince: z.string().optional(),
  trend: z.enum(['rising', 'falling', 'steady', 'none']),
});

export const VerdictKind = z.enum([
  'healthy',
  'edge-too-short',
  'clients-too-short',
  'values-wrong',
  'too-little-data',
]);
export type VerdictKind = z.infer<typeof VerdictKind>;

/** Requests of one length asked for, by how they ended: the bars of the chart. */
const Bar = z.object({ asked: Count, answered: Count, mail: Count, failed: Count });
export type Bar = z.infer<typeof Bar>;

const Asked = z.object({
  requests: Count,
  clients: Count,
  average: Count,
  median: Count,
  bars: z.array(Bar),
  ended: z.object({ heartbeat: Count, change: Count, cut: Count, dropped: Count, overlapped: Count, refused: Count }),
  /** How long a connection lasts, on average and as far as nobody cut it. */
  lives: Count,
  byType: z.array(z.object({ name: z.string(), clients: Count, requests: Count, average: Count })),
  byNetwork: z.array(z.object({ name: z.string(), clients: Count, requests: Count, average: Count })),
});
export type Asked = z.infer<typeof Asked>;

export const ServerLook = z.object({
  server: z.string(),
  /** The edge of policy.yaml in front of it. */
  edge: z.string().optional(),
  /** What could not be seen, and why, each a sentence. */
  unseen: z.array(z.string()),
  /** What is odd and no problem of heartbeats: a clock that is off. */
  remarks: z.array(z.string()),
  values: Values,
  /** As the file writes them, for comparing; absent where it could not be read. */
  written: z.record(z.string(), z.string()).optional(),
  valueProblems: z.array(z.string()),
  events: Events.optional(),
  averages: z.array(Average),
  /** Absent where no hanging request was found. */
  asked: Asked.optional(),
  pull: z.object({
    few: z.array(Puller),
    without: Count.optional(),
    deviceType: z.string().optional(),
  }),
  cost: z.object({ now: z.number(), after: z.number(), heartbeat: Count }).optional(),
  verdict: VerdictKind,
});
export type ServerLook = z.infer<typeof ServerLook>;

export const EdgeLook = z.object({
  /** Name in policy.yaml; absent: nothing is listed in front of these servers. */
  name: z.string().optional(),
  edgeKind: z.string().optional(),
  where: z.string().optional(),
  policySeconds: Count.optional(),
  servers: z.array(z.string()),
  estimate: EdgeEstimate,
  scope: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('all') }),
    z.object({ kind: z.literal('network'), name: z.string() }),
    z.object({ kind: z.literal('device-type'), name: z.string() }),
  ]),
  soleType: z.string().optional(),
  /** Connections were seen to live longer than policy.yaml says. */
  policyOutdated: z.boolean(),
});
export type EdgeLook = z.infer<typeof EdgeLook>;

export const Look = z.object({
  at: z.string(),
  /** Hours that `asked` and `cost` are about. */
  hours: Count,
  servers: z.array(ServerLook),
  edges: z.array(EdgeLook),
  /** Values that differ between servers. */
  differences: z.array(z.string()),
  verdict: VerdictKind,
  /** Servers that the verdict is about. */
  about: z.array(z.string()),
  /** Since when it is so, where the logs or events tell; `atLeast`: the logs begin there. */
  since: z.object({ at: z.string(), atLeast: z.boolean() }).optional(),
  /** What is different from the look before it, each a sentence. */
  changes: z.array(z.string()).default([]),
});
export type Look = z.infer<typeof Look>;

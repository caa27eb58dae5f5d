/**
 * A reading: all that was seen of Direct Push at one instant, with its verdict. JSON-safe, because readings are stored and
 * compared. Seconds everywhere; instants as ISO 8601 text in UTC, hours as milliseconds since 1970.
 */
import { z } from 'zod';

const Count = z.number().nonnegative();

/** Seconds, and for the sample size a count: as they are in force. */
const HeartbeatValues = z.object({ min: Count, max: Count, sampleSize: Count, threshold: Count });
export type HeartbeatValues = z.infer<typeof HeartbeatValues>;

const MovingAverage = z.object({
  command: z.string(),
  /** Whole seconds, as the event writes it; absent while nothing was asked. */
  average: Count.optional(),
  samples: Count,
  full: z.boolean(),
  /** At or under the threshold with a full buffer: Exchange logs event 1040 now. */
  firing: z.boolean(),
  /** If phones go on as in the newest quarter of the buffer, the event comes in about so many hours. */
  firesInHours: z.number().optional(),
});
export type MovingAverage = z.infer<typeof MovingAverage>;

const Pull = z.object({
  /** The few clients without which the average is well over the threshold, the heaviest first; empty where there are none. */
  few: z.array(
    z.object({
      account: z.string(),
      deviceId: z.string(),
      deviceType: z.string(),
      samples: Count,
      average: Count,
    }),
  ),
  /** The average without them. */
  without: Count.optional(),
  /** The one kind of client that all of them are, where they are one. */
  deviceType: z.string().optional(),
});
export type Pull = z.infer<typeof Pull>;

const EventSummary = z.object({
  total: Count,
  /** Something could not be read, and there may be more. */
  atLeast: z.boolean().optional(),
  /** Days (in policy's zone, oldest first) with their numbers, days without events left out. */
  days: z.array(z.object({ day: z.string(), count: Count })),
  last: z.object({ at: z.string(), average: Count, threshold: Count, command: z.string() }).optional(),
  /** Begin of the run that is still going on: events that follow each other within a day, the newest less than a day old. */
  runningSince: z.string().optional(),
  /** Of the last three days against the three before. */
  trend: z.enum(['rising', 'falling', 'steady', 'none']),
});
export type EventSummary = z.infer<typeof EventSummary>;

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

/** The clients of one type or network. */
const Part = z.object({ name: z.string(), clients: Count, requests: Count, average: Count });

const Asked = z.object({
  requests: Count,
  clients: Count,
  average: Count,
  bars: z.array(Bar),
  ended: z.object({ heartbeat: Count, change: Count, cut: Count, dropped: Count, overlapped: Count, refused: Count }),
  /** How long a connection lasts, on average and as far as nobody cut it. */
  lives: Count,
  byType: z.array(Part),
  byNetwork: z.array(Part),
});
export type Asked = z.infer<typeof Asked>;

const Cost = z.object({
  /** Hanging requests that a phone opens in an hour on the line. */
  now: z.number(),
  /** What it would be if each request could wait as long as Exchange allows and mail came as it does now. */
  after: z.number(),
});
export type Cost = z.infer<typeof Cost>;

const ServerReading = z.object({
  server: z.string(),
  /** The edge of policy.yaml in front of it. */
  edge: z.string().optional(),
  /** What could not be seen, and why, each a sentence. */
  unseen: z.array(z.string()),
  /** What is odd and no problem of heartbeats: a clock that is off. */
  remarks: z.array(z.string()),
  values: HeartbeatValues,
  /** As the file writes them, for comparing; absent where it could not be read. */
  written: z.record(z.string(), z.string()).optional(),
  valueProblems: z.array(z.string()),
  events: EventSummary.optional(),
  averages: z.array(MovingAverage),
  /** Absent where no hanging request was found. */
  asked: Asked.optional(),
  pull: Pull,
  cost: Cost.optional(),
  verdict: VerdictKind,
});
export type ServerReading = z.infer<typeof ServerReading>;

/** What an estimate rests on: requests and clients, and the hours of the first and the last. */
const support = { requests: z.number(), clients: z.number(), firstHour: z.number(), lastHour: z.number() };

/** What can be said of an idle timeout between phones and servers from how hanging requests ended. */
const EdgeEstimate = z.discriminatedUnion('kind', [
  z.object({
    /** Connections end near one length, and hardly any outlives it. */
    kind: z.literal('seen'),
    seconds: Count,
    /** reset: the connection was closed at that length. silent: it was forgotten, and neither end heard of it. */
    how: z.enum(['reset', 'silent']),
    ...support,
    confidence: z.enum(['high', 'medium']),
  }),
  z.object({
    /** Nothing over `atLeast` is answered any more; somewhere up to `atMost` the way is gone. */
    kind: z.literal('bounded'),
    atLeast: Count,
    atMost: Count,
    ...support,
  }),
  z.object({
    /** Connections live about as long as Exchange allows. */
    kind: z.literal('none'),
    holds: Count,
  }),
  z.object({
    /** Too little is asked beyond `holds` to tell. */
    kind: z.literal('unknown'),
    holds: Count,
    /** An edge that was seen earlier in the same time, and is outlived since. */
    gone: z.object({ seconds: Count, until: z.number() }).optional(),
  }),
]);
export type EdgeEstimate = z.infer<typeof EdgeEstimate>;
export type SeenEdge = Extract<EdgeEstimate, { kind: 'seen' }>;
export type BoundedEdge = Extract<EdgeEstimate, { kind: 'bounded' }>;

const LocatedEdge = z.object({
  estimate: EdgeEstimate,
  /**
   * Whose connections end there: everybody's; some, while others of the same phones last longer, as inside and outside of a firewall;
   * or only those of one network or one app, which is then the cause and no edge.
   */
  scope: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('all') }),
    z.object({ kind: z.literal('some') }),
    z.object({ kind: z.enum(['network', 'device-type']), name: z.string() }),
  ]),
  /** The only kind of client that asks for more than the edge: it may as well hang up by itself. */
  soleType: z.string().optional(),
});
export type LocatedEdge = z.infer<typeof LocatedEdge>;

const EdgeReading = LocatedEdge.extend({
  /** Name in policy.yaml; absent: nothing is listed in front of these servers. */
  name: z.string().optional(),
  edgeKind: z.string().optional(),
  where: z.string().optional(),
  policySeconds: Count.optional(),
  servers: z.array(z.string()),
  /** These are only some of the servers that policy.yaml puts behind it: others are met by something else, or by nothing. */
  parted: z.boolean().optional(),
  /** Most phones were seen to wait longer than policy.yaml says. */
  policyOutdated: z.boolean(),
});
export type EdgeReading = z.infer<typeof EdgeReading>;

export const Reading = z.object({
  at: z.string(),
  /** Hours that `asked` and `cost` are about. */
  hours: Count,
  servers: z.array(ServerReading),
  edges: z.array(EdgeReading),
  /** Values that differ between servers. */
  differences: z.array(z.string()),
  verdict: VerdictKind,
  /** Servers that the verdict is about. */
  about: z.array(z.string()),
  /** Since when it is so, where the logs or events tell; `atLeast`: the logs begin there. */
  since: z.object({ at: z.string(), atLeast: z.boolean() }).optional(),
  /** What is different from the reading before it, each a sentence. */
  changes: z.array(z.string()).default([]),
});
export type Reading = z.infer<typeof Reading>;

/** The length at which connections end, where one is seen or bounded. */
export function lengthOf(estimate: EdgeEstimate): number | undefined {
  if (estimate.kind === 'seen') return estimate.seconds;
  return estimate.kind === 'bounded' ? estimate.atMost : undefined;
}

/** The length at which connections end at an edge, where one is seen or bounded: not what one network or one app meets alone. */
export function edgeLength({ estimate, scope }: LocatedEdge): number | undefined {
  return scope.kind === 'all' || scope.kind === 'some' ? lengthOf(estimate) : undefined;
}

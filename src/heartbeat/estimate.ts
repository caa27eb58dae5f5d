/** What can be said of an idle timeout between phones and servers from how hanging requests ended. */
import { z } from 'zod';

const Seconds = z.number().nonnegative();

export const EdgeEstimate = z.discriminatedUnion('kind', [
  z.object({
    /** Connections end near one length, and hardly any outlives it. */
    kind: z.literal('seen'),
    seconds: Seconds,
    /** reset: the connection was closed at that length. silent: it was forgotten, and nobody was told. */
    how: z.enum(['reset', 'silent']),
    /** Requests and clients that it rests on, and the hours (milliseconds since 1970) of the first and the last. */
    requests: z.number(),
    clients: z.number(),
    firstHour: z.number(),
    lastHour: z.number(),
    confidence: z.enum(['high', 'medium']),
  }),
  z.object({
    /** Nothing over `atLeast` is answered any more; somewhere up to `atMost` the way is gone. */
    kind: z.literal('bounded'),
    atLeast: Seconds,
    atMost: Seconds,
    requests: z.number(),
    clients: z.number(),
    firstHour: z.number(),
    lastHour: z.number(),
  }),
  z.object({
    /** Connections live about as long as Exchange allows. */
    kind: z.literal('none'),
    holds: Seconds,
  }),
  z.object({
    /** Too little is asked beyond `holds` to tell. */
    kind: z.literal('unknown'),
    holds: Seconds,
    /** An edge that was seen earlier in the same time, and is outlived since. */
    gone: z.object({ seconds: Seconds, until: z.number() }).optional(),
  }),
]);
export type EdgeEstimate = z.infer<typeof EdgeEstimate>;

export type SeenEdge = Extract<EdgeEstimate, { kind: 'seen' }>;
export type BoundedEdge = Extract<EdgeEstimate, { kind: 'bounded' }>;

/** Fewest failed requests that make an edge. */
export const fewestFailures = 4;

/** So many different clients must have met it: one phone in a lift is no firewall. */
export function fewestClients(atRisk: number): number {
  return atRisk >= 4 ? 3 : 2;
}

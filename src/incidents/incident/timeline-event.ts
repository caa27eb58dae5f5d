/** What can stand on the timeline of an incident: every kind with its data. A new kind is added here, and nowhere else can it be written. */
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { IncidentEventTable } from '../../store/tables/incidents.ts';

function event<const Kind extends string, Data extends z.ZodType>(kinds: readonly Kind[], data: Data) {
  return z.object({ kind: z.literal(kinds), data });
}

const Nothing = z.strictObject({});
const OfDevice = z.object({ device: z.number() });
const Report = z.object({ kind: z.string(), byOwner: z.boolean(), remark: z.string().optional() });
/** A person's reason, and how they knew that it was the owner who spoke. */
const verifiedCaller = { reason: z.string().optional(), verified: z.string().optional() };

export const TimelineEvent = z.discriminatedUnion('kind', [
  event(['incident.opened', 'incident.reported-again'], Report),
  event(['incident.closed'], z.object({ exchangeHolds: z.boolean() })),
  event(['incident.found'], z.object({ ...verifiedCaller, none: z.boolean() })),
  event(['incident.opened-by-mistake'], z.object({ reason: z.string() })),
  event(['hold.opened', 'hold.asked', 'incident.opened-again'], Nothing),
  event(['hold.closed'], z.object({ why: z.string() })),
  event(['step.ticked'], z.object({ step: z.enum(['password', 'sessions', 'sim']), what: z.string() })),
  event(['roles.suspended', 'roles.suspension-waits'], z.object({ person: z.string(), roles: z.array(z.string()) })),
  event(['roles.restored'], z.object({ person: z.string(), reason: z.string().optional() })),

  event(['owner.reported-found'], Nothing),
  /** What the owner wrote from chat, as they wrote it. */
  event(['owner.noted'], z.object({ text: z.string() })),
  event(['owner.reported-kept', 'owner.reported-lost'], OfDevice),
  event(['device.kept-verified', 'device.kept-withdrawn'], OfDevice.extend(verifiedCaller)),

  event(['devices.read'], z.object({ devices: z.number() })),
  event(['exchange.away'], z.object({ code: z.string(), tries: z.number() })),
  event(['device.named'], z.object({ device: z.string() })),
  event(['device.block-asked', 'device.remove-asked'], OfDevice.extend({ needsApproval: z.boolean() })),
  event(
    [
      'device.unblock-asked',
      'device.blocked',
      'device.unblocked',
      'device.not-changed',
      'device.removed',
      'device.not-removed',
    ],
    OfDevice,
  ),

  event(['approval.one-approved'], z.object({ approval: z.number(), missing: z.number() })),
  event(
    ['wipe.proposed'],
    OfDevice.extend({
      wipe: z.number(),
      scope: z.string(),
      reason: z.string(),
      verification: z.string(),
      ownerInformed: z.boolean(),
      /** How many addresses Exchange is told to notify. */
      notify: z.number(),
    }),
  ),
  event(['wipe.held'], z.object({ wipe: z.number(), because: z.string() })),
  event(['wipe.cancel-asked', 'wipe.give-up-asked'], z.object({ wipe: z.number(), ...verifiedCaller })),
  // One for each state that a wipe can get to.
  event(
    [
      'wipe.awaiting-approval',
      'wipe.approved',
      'wipe.issuing',
      'wipe.requested',
      'wipe.sent',
      'wipe.acknowledged',
      'wipe.denied',
      'wipe.withdrawn',
      'wipe.expired',
      'wipe.voided',
      'wipe.not-asked',
      'wipe.cancelled',
      'wipe.refused-by-device',
      'wipe.given-up',
      'wipe.not-reported',
      'wipe.partnership-removed',
    ],
    OfDevice.extend({
      wipe: z.number(),
      scope: z.string(),
      from: z.string(),
      event: z.string(),
      why: z.string().optional(),
    }),
  ),
  event(['plan-b.raised'], z.object({ wipe: z.number(), minutes: z.number() })),
  event(['plan-b.quiet'], z.object({ hours: z.number() })),
  event(['break-glass.review-due'], z.object({ wipe: z.number(), times: z.number() })),
  event(['break-glass.reviewed'], z.object({ wipe: z.number(), finding: z.string(), usedBy: z.string() })),

  event(['outside-wipe.seen'], z.object({ device: z.string(), scope: z.string(), requestedAt: z.string().nullable() })),
  event(['drill.started'], z.object({ token: z.string() })),
  /** Seconds since the report, by step. */
  event(['drill.ended'], z.record(z.string(), z.number())),
]);
export type TimelineEvent = z.infer<typeof TimelineEvent>;
export type TimelineKind = TimelineEvent['kind'];

/** What a newer version wrote: kept as it is, and read by nobody. */
type UnknownEvent = { kind: 'unknown'; name: string; data: Record<string, unknown> };

type Row = Selectable<IncidentEventTable>;
export type IncidentEvent = Omit<Row, 'kind' | 'data'> & (TimelineEvent | UnknownEvent);

export function parseEvent({ kind, data, ...row }: Row): IncidentEvent {
  const parsed = TimelineEvent.safeParse({ kind, data });
  return parsed.success ? { ...row, ...parsed.data } : { ...row, kind: 'unknown', name: kind, data };
}

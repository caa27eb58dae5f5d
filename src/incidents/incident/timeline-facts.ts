import { minute } from '../../ground/durations.ts';
import { assertNever } from '../../ground/errors.ts';
import type { IncidentEvent } from './timeline-event.ts';

/** What follows from a timeline, for those who show an incident or decide by what happened to it. */
export type TimelineFacts = {
  /** The phone in the words of the report. */
  namedDevice?: string | undefined;
  devicesRead: boolean;
  /** Whole readings in which Exchange showed no phone, since it last showed one: one of them proves nothing. */
  emptyReadings: Date[];
  /** The helpdesk noted that the phone was found, or that none of them is lost; undefined once it is reported, or a wipe asked for, again. */
  found?: { none: boolean; by: string | null; at: Date } | undefined;
  /** It was opened by mistake, as somebody noted who closed it. */
  mistaken: boolean;
  /** Phones that were blocked for this incident, and not unblocked since. */
  blocked: Set<number>;
  /** Phones whose partnership was removed for this incident, and read back. */
  removed: Set<number>;
  /** Exchange did not answer when it was last asked for the phones. */
  exchangeAwaySince?: Date | undefined;
  /** The owner reported from chat that it was found, and nobody has verified it since. */
  unverifiedFindAt?: Date | undefined;
  ticks: { step: 'password' | 'sessions' | 'sim'; what: string; by: string | null; at: Date }[];
  /** Who acted on the report; null: the bot itself. */
  actedBy: Set<string | null>;
};

/** Events oldest first. */
export function timelineFacts(events: readonly IncidentEvent[]): TimelineFacts {
  const facts: TimelineFacts = {
    devicesRead: false,
    emptyReadings: [],
    mistaken: false,
    blocked: new Set(),
    removed: new Set(),
    ticks: [],
    actedBy: new Set(),
  };
  for (const event of events) apply(facts, event);
  return facts;
}

/** Two readings within a minute may be one answer of Exchange, told twice. */
function isApart(last: Date | undefined, at: Date): boolean {
  return last === undefined || at.getTime() - last.getTime() >= minute;
}

function apply(facts: TimelineFacts, event: IncidentEvent): void {
  switch (event.kind) {
    case 'device.named':
      facts.namedDevice = event.data.device;
      return;
    case 'devices.read':
      facts.devicesRead = true;
      if (event.data.devices > 0) facts.emptyReadings = [];
      else if (isApart(facts.emptyReadings.at(-1), event.at)) facts.emptyReadings.push(event.at);
      facts.exchangeAwaySince = undefined;
      return;
    case 'exchange.away':
      facts.exchangeAwaySince = event.at;
      return;
    case 'owner.reported-found':
      facts.unverifiedFindAt = event.at;
      return;
    case 'incident.found':
      facts.unverifiedFindAt = undefined;
      facts.found = { none: event.data.none, by: event.actorGuid, at: event.at };
      return;
    case 'incident.opened-by-mistake':
      facts.mistaken = true;
      return;
    case 'device.blocked':
      facts.blocked.add(event.data.device);
      return;
    case 'device.unblocked':
      facts.blocked.delete(event.data.device);
      return;
    case 'device.removed':
      facts.removed.add(event.data.device);
      return;
    case 'step.ticked':
      facts.ticks.push({ ...event.data, by: event.actorGuid, at: event.at });
      return;
    case 'incident.reported-again':
    case 'wipe.proposed':
      facts.found = undefined;
      facts.actedBy.add(event.actorGuid);
      return;
    case 'incident.opened':
    case 'incident.opened-again':
    case 'incident.closed':
    case 'hold.opened':
    case 'hold.asked':
    case 'hold.closed':
    case 'roles.suspended':
    case 'roles.suspension-waits':
    case 'roles.restored':
    case 'owner.noted':
    case 'owner.reported-kept':
    case 'owner.reported-lost':
    case 'device.kept-verified':
    case 'device.kept-withdrawn':
    case 'device.block-asked':
    case 'device.remove-asked':
    case 'device.unblock-asked':
    case 'device.not-changed':
    case 'device.not-removed':
    case 'approval.one-approved':
    case 'wipe.held':
    case 'wipe.cancel-asked':
    case 'wipe.give-up-asked':
    case 'wipe.awaiting-approval':
    case 'wipe.approved':
    case 'wipe.issuing':
    case 'wipe.requested':
    case 'wipe.sent':
    case 'wipe.acknowledged':
    case 'wipe.denied':
    case 'wipe.withdrawn':
    case 'wipe.expired':
    case 'wipe.voided':
    case 'wipe.not-asked':
    case 'wipe.cancelled':
    case 'wipe.refused-by-device':
    case 'wipe.given-up':
    case 'wipe.not-reported':
    case 'wipe.partnership-removed':
    case 'plan-b.raised':
    case 'plan-b.quiet':
    case 'break-glass.review-due':
    case 'break-glass.reviewed':
    case 'outside-wipe.seen':
    case 'drill.started':
    case 'drill.ended':
    case 'unknown':
      return;
    default:
      assertNever(event, 'timeline event');
  }
}

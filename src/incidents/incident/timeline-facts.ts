import { assertNever } from '../../ground/errors.ts';
import type { IncidentEvent } from './timeline-event.ts';

/** What follows from a timeline, for those who show an incident or decide by what happened to it. */
export type TimelineFacts = {
  /** The phone in the words of the report. */
  namedDevice?: string | undefined;
  devicesRead: boolean;
  /** Exchange did not answer when it was last asked for the phones. */
  exchangeAwaySince?: Date | undefined;
  /** The owner reported from chat that it was found, and nobody has verified it since. */
  unverifiedFindAt?: Date | undefined;
  ticks: { step: 'password' | 'sessions'; what: string; by: string | null; at: Date }[];
  /** Who acted on the report; null: the bot itself. */
  actedBy: Set<string | null>;
};

/** Events oldest first. */
export function timelineFacts(events: readonly IncidentEvent[]): TimelineFacts {
  const facts: TimelineFacts = { devicesRead: false, ticks: [], actedBy: new Set() };
  for (const event of events) apply(facts, event);
  return facts;
}

function apply(facts: TimelineFacts, event: IncidentEvent): void {
  switch (event.kind) {
    case 'device.named':
      facts.namedDevice = event.data.device;
      return;
    case 'devices.read':
      facts.devicesRead = true;
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
      return;
    case 'step.ticked':
      facts.ticks.push({ ...event.data, by: event.actorGuid, at: event.at });
      return;
    case 'incident.reported-again':
    case 'wipe.proposed':
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
    case 'device.blocked':
    case 'device.unblocked':
    case 'device.not-changed':
    case 'device.removed':
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

/** Wipes, their transitions, and the lock on all of them. */
import type { Generated } from 'kysely';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Fixed, Json, NullableJson } from './columns.ts';
import type { WipeEventKind } from './wipe-events.ts';

export type WipeScope = 'full' | 'account-only' | 'outlook-app';

export type WipeState =
  | 'awaiting-approval'
  | 'approved'
  | 'issuing'
  | 'requested'
  | 'sent'
  | 'acknowledged'
  | 'denied'
  | 'withdrawn'
  | 'expired'
  | 'voided'
  | 'not-asked'
  | 'cancelled'
  | 'refused-by-device'
  | 'given-up'
  | 'not-reported'
  | 'partnership-removed';

export type WipeTable = {
  id: Generated<number>;
  organisation: Fixed<Organisation>;
  drill: Fixed<boolean>;
  incidentNumber: Fixed<number>;
  deviceNumber: Fixed<number>;
  deviceGuid: Fixed<string>;
  mailboxGuid: Fixed<string>;
  scope: Fixed<WipeScope>;
  state: WipeState;
  requestedBy: Fixed<string>;
  reason: Fixed<string>;
  /** How the caller was verified, and a note. */
  verification: Json<{ how: string; note: string }>;
  ownerInformed: Fixed<boolean>;
  notify: Json<string[]>;
  /** The frozen facts (Frozen in src/incidents/frozen.ts) that void the proposal when they change. */
  frozen: Json<Record<string, unknown>>;
  /** One person alone, with a reason (break-glass); its review falls due the next day. */
  breakGlassBy: Fixed<string | null>;
  proposedAt: Fixed<Date>;
  /** Why an approved wipe is not issued yet (lock, brake, policy mismatch, audit away); null when nothing holds it. */
  heldBecause: string | null;
  /** The device's wipe times as read just before asking, and when that read was. */
  before: NullableJson<Record<string, unknown>>;
  issuingAt: Date | null;
  /** After this instant plus 16 minutes an unanswered call counts as not asked. */
  callDeadlineAt: Date | null;
  requestedAt: Date | null;
  sentAt: Date | null;
  acknowledgedAt: Date | null;
  endedAt: Date | null;
  /** Step of the watch's back-off, and of reconciling. */
  watchStep: Generated<number>;
  /** Exchange still holds a request for this device (sent without answer, refused, not reported). */
  exchangeHolds: Generated<boolean>;
  /** Since when, and in how many good readings, Exchange has not shown the partnership; null while it does. */
  absentSince: Date | null;
  absentReads: Generated<number>;
  /** By the database's own clock, which also counts while a worker stands still. */
  claimedAt: Date | null;
  /** Since when no reading says what Exchange holds for the device, and whether a person was asked to look. */
  unreadSince: Date | null;
  unreadTold: Generated<boolean>;
  /** When a backup was restored in which it was on its way: Exchange alone knows how it went on. */
  restoredAt: Generated<Date | null>;
};

export type WipeTransitionTable = {
  id: Generated<number>;
  wipeId: Fixed<number>;
  at: Fixed<Date>;
  fromState: Fixed<WipeState | null>;
  toState: Fixed<WipeState>;
  event: Fixed<WipeEventKind>;
  actorGuid: Fixed<string | null>;
  why: Fixed<string | null>;
  /** From which answer of Exchange. */
  evidence: NullableJson<Record<string, unknown>>;
};

export type WipesTables = {
  wipe: WipeTable;
  wipeTransition: WipeTransitionTable;
  /** The wipe lock's history; the newest row is its state. */
  wipeLock: {
    id: Generated<number>;
    at: Fixed<Date>;
    state: Fixed<'locked' | 'unlocked'>;
    cause: Fixed<'person' | 'brake' | 'approval' | 'restore'>;
    actorGuid: Fixed<string | null>;
    reason: Fixed<string>;
    /** Pulled by somebody whose own phone was reported: one other person of security or admin lifts it. */
    suspended: Generated<boolean>;
    /** Of an unlocking: the id of the newest entry that the brake had counted by then. */
    countedBefore: Generated<number>;
  };
  /** What the brake counts, in its order; disabling and blocking many will be kinds beside `wipe`. */
  brakeEntry: {
    id: Generated<number>;
    kind: Fixed<'wipe'>;
    subjectId: Fixed<string>;
    organisation: Fixed<Organisation>;
    drill: Fixed<boolean>;
    requestedBy: Fixed<string>;
    at: Fixed<Date>;
    /** By the clock of the database. */
    countedAt: Generated<Date>;
  };
};

/**
 * The tables as Kysely sees them (camel case here, snake case in PostgreSQL; migrations in migrations/).
 * The store is the system of record: what is not here did not happen.
 */
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { Organisation } from '../ground/identifiers.ts';
import type { DraftMessage } from '../message/model.ts';
import type { ActiveSyncTables } from './tables/activesync.ts';
import type { AppsTables } from './tables/apps.ts';
import type { HeartbeatTables } from './tables/heartbeat.ts';
import type { LabTables } from './tables/lab.ts';
import type { TrustTables } from './tables/trust.ts';
import type { WipeEventKind } from './tables/wipe-events.ts';

/** Written once, then only read. */
type Fixed<T> = ColumnType<T, T, never>;
type Json<T extends object> = JSONColumnType<T>;
type NullableJson<T extends object> = ColumnType<T | null, string | null, string | null>;

/** Directory people; `gone` when the last refresh no longer found them. */
export type PersonTable = {
  guid: Fixed<string>;
  organisation: Fixed<Organisation>;
  displayName: string;
  alias: string;
  upn: string;
  primarySmtp: string;
  addresses: Json<string[]>;
  department: string;
  phones: Json<string[]>;
  managerName: string;
  mailboxType: 'user' | 'shared' | 'room' | 'equipment' | 'other';
  accountEnabled: boolean | null;
  refreshedAt: Date;
  gone: boolean;
};

/** One row: counts the statements that changed `person` (a trigger does), so that what is kept in memory is known to be of now. */
export type DirectoryRevisionTable = { revision: Fixed<number> };

/** Chat accounts that have spoken, and the person each one is. */
export type ChatIdentityTable = {
  identity: Fixed<string>;
  personGuid: string | null;
  displayName: string;
  email: string | null;
  timeZone: string | null;
  /** How the person was found: listed in policy.yaml, or by the platform's e-mail address. */
  foundBy: 'policy' | 'email' | null;
  /** Why this account is refused although it named a person (a second claim); null when it is not. */
  refused: string | null;
  /** Opaque address for private messages, as the adapter last gave it. */
  address: string | null;
  lastSeenAt: Date;
};

/** Every command, stored before it is acknowledged. */
export type InboxTable = {
  id: Generated<number>;
  eventKey: Fixed<string>;
  identity: Fixed<string>;
  /** Incoming of src/chat/port.ts, as it was stored. */
  incoming: Json<Record<string, unknown>>;
  receivedAt: Fixed<Date>;
  /** `refused`: the insert landed after the person had been told that it was not stored. */
  state: 'stored' | 'handled' | 'refused' | 'too-old';
  handledAt: Date | null;
  /** The command's id and how it ended, for metrics and the audit; never its text. */
  command: string | null;
  outcome: string | null;
};

export type IncidentTable = {
  number: Generated<number>;
  organisation: Fixed<Organisation>;
  drill: Fixed<boolean>;
  kind: 'lost' | 'stolen' | 'missing' | 'suspicious' | 'outside-wipe';
  /** The owner of the devices. */
  personGuid: Fixed<string>;
  openedBy: Fixed<string | null>;
  openedVia: Fixed<string | null>;
  /** The owner reported it herself. */
  byOwner: Fixed<boolean>;
  /** What was said of the case, in the reporter's words. */
  remark: string | null;
  openedAt: Fixed<Date>;
  state: 'open' | 'closed';
  closedAt: Date | null;
  closedBy: string | null;
  closeReason: string | null;
  hold: 'open' | 'closed';
  holdClosedAt: Date | null;
  holdClosedBy: string | null;
  holdClosedWhy: string | null;
  /** When holdMaxHours last made us ask a person about the hold. */
  holdAskedAt: Date | null;
  /** Until when Plan B keeps quiet because somebody said `keep waiting`. */
  planBQuietUntil: Date | null;
  planBRaisedAt: Date | null;
  planBRaisedTimes: Generated<number>;
};

/** What is known of one device of an incident; its number is given once and never reused or moved. */
export type IncidentDeviceTable = {
  incidentNumber: Fixed<number>;
  number: Fixed<number>;
  deviceGuid: Fixed<string>;
  /** DeviceFacts (src/incidents/device.ts) as last read. */
  facts: Json<Record<string, unknown>>;
  readAt: Date;
  /** false: the last read no longer found the partnership. */
  present: boolean;
  /** A wipe was chosen for it, or somebody said it is the lost one. */
  chosen: Generated<boolean>;
  /** The owner said from chat that she still has it: a remark, not a fact. */
  keptReportedAt: Date | null;
  /** The last sync as it was when she said so. */
  keptReportedSync: Date | null;
  keptVerifiedBy: string | null;
};

/** The incident's timeline. */
export type IncidentEventTable = {
  id: Generated<number>;
  incidentNumber: Fixed<number>;
  at: Fixed<Date>;
  kind: Fixed<string>;
  actorGuid: Fixed<string | null>;
  data: Json<Record<string, unknown>>;
};

export type ApprovalTable = {
  id: Generated<number>;
  /** wipe, app-block, web-config, unlock, remove-device, block-device, role … */
  subjectKind: Fixed<string>;
  /** The subject's own id (`wipe` 12). */
  subjectId: Fixed<string>;
  incidentNumber: Fixed<number | null>;
  organisation: Fixed<Organisation>;
  /** The frozen payload and its SHA-256 over canonical JSON. */
  payload: Json<Record<string, unknown>>;
  payloadHash: Fixed<string>;
  policyHash: Fixed<string>;
  requestedBy: Fixed<string>;
  requestedVia: Fixed<string>;
  ownerGuid: Fixed<string | null>;
  /** The role that may decide, and how many different people must. */
  role: Fixed<string>;
  needed: Fixed<number>;
  state: 'waiting' | 'approved' | 'denied' | 'withdrawn' | 'expired' | 'voided' | 'executed' | 'lapsed';
  requestedAt: Fixed<Date>;
  expiresAt: Fixed<Date>;
  approvedAt: Date | null;
  /** An approved proposal must be executed before this. */
  executeBy: Date | null;
  closedAt: Date | null;
  closedBy: string | null;
  /** Why it was denied, withdrawn or voided. */
  reason: string | null;
};

export type ApprovalDecisionTable = {
  approvalId: Fixed<number>;
  actorGuid: Fixed<string>;
  identity: Fixed<string>;
  decision: Fixed<'approve' | 'deny'>;
  reason: Fixed<string | null>;
  at: Fixed<Date>;
};

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

/** What a button does: only its id reaches a chat platform. */
export type StoredActionTable = {
  id: Fixed<string>;
  subject: Fixed<string>;
  command: Fixed<string>;
  args: Json<Record<string, unknown>>;
  epoch: Fixed<string>;
  label: Fixed<string>;
  createdAt: Fixed<Date>;
  /** When and by whom its effect happened (null: not yet). A refused click leaves both empty. */
  usedAt: Date | null;
  usedBy: string | null;
};

/** One card of one subject in one place; `wanted` counts changes, `shown` the last one that the place shows. */
export type CardTable = {
  id: Generated<number>;
  /** `incident:104`, `approval:7`, `report:3`. */
  subject: Fixed<string>;
  place: Fixed<string>;
  /** `place` is an identity: this copy is shown to one person alone. */
  personal: Generated<boolean>;
  ref: string | null;
  postKey: Fixed<string>;
  /** A post was tried and its answer may be lost: look before posting again. */
  postTried: Generated<boolean>;
  wanted: Generated<number>;
  shown: Generated<number>;
  /** Hash of the message last shown: an equal one is not sent. */
  shownHash: string | null;
  /** Set when it can never arrive; `problem` says the mend. */
  dead: Generated<boolean>;
  problem: string | null;
  dueAt: Date;
  attempts: Generated<number>;
  createdAt: Fixed<Date>;
};

/** A message on its way that is not a card: a thread reply, a private message, a line in a channel, a home page. */
export type DeliveryTable = {
  id: Generated<number>;
  kind: Fixed<'reply' | 'private' | 'notice' | 'home'>;
  /** reply: the card under which it goes. */
  cardId: Fixed<number | null>;
  place: Fixed<string | null>;
  identity: Fixed<string | null>;
  /** null for a home page, which is rendered as it is now. */
  draft: NullableJson<DraftMessage>;
  /** The core's name of this post; the same key is never delivered twice. */
  key: Fixed<string>;
  tried: Generated<boolean>;
  dueAt: Date;
  state: Generated<'waiting' | 'done' | 'dropped'>;
  attempts: Generated<number>;
  problem: string | null;
  createdAt: Fixed<Date>;
  doneAt: Date | null;
};

/** What wants a job to run; see queue/job.ts. */
export type WorkTable = {
  id: Generated<number>;
  job: Fixed<string>;
  /** At most one waiting row per job and key; null: as many as there are. */
  key: Fixed<string | null>;
  payload: Json<Record<string, unknown>>;
  lane: Fixed<string>;
  dueAt: Date;
  state: Generated<'waiting' | 'done' | 'given-up'>;
  attempts: Generated<number>;
  /** Counts every wish for the same job and key: a run that began before the last wish does not end the row. */
  revision: Generated<number>;
  /** BullMQ's id of the last job that was enqueued for it. */
  jobId: string | null;
  enqueuedAt: Date | null;
  lastError: string | null;
  createdAt: Fixed<Date>;
  doneAt: Date | null;
};

/** Append-only, hash-chained; triggers refuse UPDATE, DELETE and TRUNCATE. */
export type AuditTable = {
  seq: Fixed<number>;
  at: Fixed<Date>;
  actorGuid: Fixed<string | null>;
  actorIdentity: Fixed<string | null>;
  action: Fixed<string>;
  subject: Fixed<string>;
  incidentNumber: Fixed<number | null>;
  data: ColumnType<Record<string, unknown>, string, never>;
  prevHash: Fixed<string>;
  hash: Fixed<string>;
};

/** The wipe lock's history; the newest row is its state. */
export type WipeLockTable = {
  id: Generated<number>;
  at: Fixed<Date>;
  state: Fixed<'locked' | 'unlocked'>;
  cause: Fixed<'person' | 'brake' | 'approval'>;
  actorGuid: Fixed<string | null>;
  reason: Fixed<string>;
};

export type SettingTable = {
  key: Fixed<string>;
  value: Json<Record<string, unknown>>;
};

/** PNGs that messages show. */
export type ImageTable = {
  id: Fixed<string>;
  png: Fixed<Buffer>;
  width: Fixed<number>;
  height: Fixed<number>;
  alt: Fixed<string>;
  createdAt: Fixed<Date>;
};

export type CoreTables = {
  person: PersonTable;
  directoryRevision: DirectoryRevisionTable;
  chatIdentity: ChatIdentityTable;
  inbox: InboxTable;
  incident: IncidentTable;
  incidentDevice: IncidentDeviceTable;
  incidentEvent: IncidentEventTable;
  approval: ApprovalTable;
  approvalDecision: ApprovalDecisionTable;
  wipe: WipeTable;
  wipeTransition: WipeTransitionTable;
  storedAction: StoredActionTable;
  card: CardTable;
  delivery: DeliveryTable;
  work: WorkTable;
  audit: AuditTable;
  wipeLock: WipeLockTable;
  setting: SettingTable;
  image: ImageTable;
};

export type Database = CoreTables & LabTables & ActiveSyncTables & AppsTables & TrustTables & HeartbeatTables;

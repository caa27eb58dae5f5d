/** Proposals that wait for a decision, and the decisions. */
import type { Generated } from 'kysely';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Fixed, Json } from './columns.ts';

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
  /** From when on Exchange may have been asked for it; null: it was not, or its answer proved that it was not reached. */
  askedAt: Generated<Date | null>;
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

/** A code that was sent to whoever decides; only its hash is kept. */
export type ApprovalCodeTable = {
  id: Generated<number>;
  approvalId: Fixed<number>;
  actorGuid: Fixed<string>;
  /** Through which account they decide, and to which the code went. */
  identity: Fixed<string>;
  sentTo: Fixed<string>;
  /** The hash of what they were shown. */
  shown: Fixed<string>;
  salt: Fixed<string>;
  codeHash: Fixed<string>;
  createdAt: Fixed<Date>;
  expiresAt: Fixed<Date>;
  tries: Generated<number>;
  usedAt: Date | null;
};

export type ApprovalsTables = {
  approvalCode: ApprovalCodeTable;
  approval: ApprovalTable;
  approvalDecision: ApprovalDecisionTable;
};

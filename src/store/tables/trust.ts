/** Tables of trust (migration 0004): role grants, reviews of break-glass, and wipe requests that Exchange has shown. */
import type { Generated, JSONColumnType } from 'kysely';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Fixed } from './columns.ts';

/** What somebody lost because a phone of theirs was reported; it outlives the incident. */
export type SuspensionTable = {
  id: Generated<number>;
  personGuid: Fixed<string>;
  incidentNumber: Fixed<number>;
  /** null: no person reported it. */
  reportedBy: Fixed<string | null>;
  reportedAt: Fixed<Date>;
  /** Whether they held more than `user` then; without, it ends with the incident. */
  held: Fixed<boolean>;
  /** `waiting`: for the word of security or an admin; nothing is lost yet. */
  state: 'waiting' | 'active' | 'ended';
  confirmedBy: string | null;
  endedAt: Date | null;
  /** null with `closed` and `host`. */
  endedBy: string | null;
  endedHow: 'restored' | 'closed' | 'host' | null;
};

export type TrustTables = {
  suspension: SuspensionTable;
  /** One chat identity's grant of a role that cools off, as policy.yaml stands; see rules/cooling.ts. */
  roleGrant: {
    /** Which organisation's bot: what stood at once on the lab is new beside a real Exchange. */
    organisation: Fixed<Organisation>;
    role: Fixed<'approver' | 'security' | 'admin'>;
    identity: Fixed<string>;
    /** As policy.yaml writes it, lower case. */
    mailbox: Fixed<string>;
    /** null: it stood in the first policy that the store saw. */
    grantedAt: Fixed<Date | null>;
    /** Admins who accepted it early, as directory persons. */
    acceptedBy: JSONColumnType<string[]>;
  };
  /** Break-glass is looked at by somebody else afterwards. */
  wipeReview: {
    id: Generated<number>;
    wipeId: Fixed<number>;
    incidentNumber: Fixed<number>;
    /** Who broke the glass, and from which chat account. */
    actorGuid: Fixed<string>;
    actorIdentity: Fixed<string>;
    dueAt: Fixed<Date>;
    remindedTimes: Generated<number>;
    closedAt: Date | null;
    closedBy: string | null;
    finding: string | null;
  };
  /** A wipe request as Exchange showed it once: the same one is never reported twice. */
  wipeRequestSeen: {
    organisation: Fixed<Organisation>;
    deviceGuid: Fixed<string>;
    scope: Fixed<'full' | 'account-only'>;
    requestedAt: Fixed<Date>;
    requestor: Fixed<string | null>;
    seenAt: Fixed<Date>;
    /** `ours`: it came from this bot; `before`: from before the bot watched; `outside`: security was told. */
    origin: Fixed<'ours' | 'before' | 'outside'>;
  };
};

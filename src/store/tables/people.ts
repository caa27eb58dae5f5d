/** People of the directory and their chat accounts. */
import type { Organisation } from '../../ground/identifiers.ts';
import type { Fixed, Json } from './columns.ts';

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

export type PeopleTables = {
  person: PersonTable;
  directoryRevision: DirectoryRevisionTable;
  chatIdentity: ChatIdentityTable;
};

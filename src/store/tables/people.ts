/** People of the directory and their chat accounts. */
import type { Generated } from 'kysely';
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
  /** When Exchange last told something new of them. */
  refreshedAt: Date;
  gone: boolean;
  /** The display name, alias and primary address, a line each, of which the forms are kept; others than they are: the forms are to be made. */
  folded: Generated<string | null>;
  /** The last time that Exchange listed them, while its listings lack them. */
  missedSince: Generated<Date | null>;
};

/** One way to spell a person: what names are found by. */
export type PersonFormTable = {
  personGuid: Fixed<string>;
  organisation: Fixed<Organisation>;
  /** Folded: see src/directory/names.ts. */
  form: Fixed<string>;
  /** One word of the display name; else the whole name, the alias, or the local part of the address. */
  word: Fixed<boolean>;
  /** In UTF-16 units, as distances are counted. */
  length: Fixed<number>;
  /** Which letters there are, a bit each: who has few in common is not near. */
  letters: Fixed<number>;
};

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
  /** When it last spoke it was in a group whose members are helpdesk (it counts only while policy has identitiesManaged). */
  helpdeskGroup: Generated<boolean>;
};

export type PeopleTables = {
  person: PersonTable;
  personForm: PersonFormTable;
  chatIdentity: ChatIdentityTable;
};

import type { Organisation, PersonGuid } from '../ground/identifiers.ts';

/** One person of the directory as commands read it: from the store, refreshed by a job. */
export type Person = {
  guid: PersonGuid;
  organisation: Organisation;
  displayName: string;
  alias: string;
  /** User principal name; empty where Exchange reports none. */
  upn: string;
  primarySmtp: string;
  /** Every SMTP address, lower case, the primary one included. */
  addresses: readonly string[];
  department: string;
  /** Telephone numbers of the directory (not of the lost phone): where a call-back goes. */
  phones: readonly string[];
  managerName: string;
  mailboxType: 'user' | 'shared' | 'room' | 'equipment' | 'other';
  /** undefined where Exchange did not say. */
  accountEnabled?: boolean;
};

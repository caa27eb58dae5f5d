import { z } from 'zod';

/** Exchange's ExchangeGuid of the person's mailbox: one person, however many addresses and chat accounts. Lower case. */
export type PersonGuid = string;

/** Lower-cased GUID with dashes, as Exchange prints it. */
export const Guid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i)
  .transform((value) => value.toLowerCase());

/** Which Exchange a row belongs to. Beside a real organisation, lab people exist only inside a drill. */
export type Organisation = 'real' | 'lab';

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

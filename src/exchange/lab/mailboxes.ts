/** Mailboxes as Get-Mailbox, Get-User, Get-Recipient and Get-CASMailbox of the lab print them. */
import type { Selectable } from 'kysely';
import type { LabMailboxTable } from '../../store/tables/lab.ts';
import { notUnique, objectNotFound } from './failures.ts';
import type { LabOrganisation } from './organisation.ts';

export type LabMailbox = Selectable<LabMailboxTable>;

/** The domain of the lab's people, and the folder of its directory. */
export const labDomain = 'contoso.example';

export async function allMailboxes(lab: LabOrganisation): Promise<LabMailbox[]> {
  return lab.db.selectFrom('labMailbox').selectAll().orderBy('displayName').execute();
}

/** What MailboxIdParameter takes: GUIDs, alias, addresses, UPN, display name, path. Throws CmdletFailure when it is not exactly one. */
export async function mailboxByIdentity(lab: LabOrganisation, identity: string): Promise<LabMailbox> {
  const wanted = identity.toLowerCase();
  const found = (await allMailboxes(lab)).filter((mailbox) => namesOf(mailbox).includes(wanted));
  const [only, ...others] = found;
  if (only === undefined) throw objectNotFound(identity);
  if (others.length > 0) throw notUnique(identity);
  return only;
}

/** Ambiguous name resolution: who has a name, alias or address that begins with the text. */
export async function mailboxesByName(lab: LabOrganisation, text: string): Promise<LabMailbox[]> {
  const wanted = text.toLowerCase();
  return (await allMailboxes(lab)).filter((mailbox) =>
    [...namesOf(mailbox), mailbox.firstName.toLowerCase(), mailbox.lastName.toLowerCase()].some((name) =>
      name.startsWith(wanted),
    ),
  );
}

function namesOf(mailbox: LabMailbox): string[] {
  return [
    mailbox.exchangeGuid,
    mailbox.objectGuid,
    mailbox.alias,
    mailbox.upn,
    mailbox.displayName,
    mailboxPath(mailbox),
    ...mailbox.emailAddresses.map((address) => address.replace(/^smtp:/i, '')),
  ].map((name) => name.toLowerCase());
}

/** Canonical name of the directory object. */
export function mailboxPath(mailbox: { displayName: string }): string {
  return `${labDomain}/Users/${mailbox.displayName}`;
}

export function mailboxObject(mailbox: LabMailbox): Record<string, unknown> {
  return {
    Identity: mailboxPath(mailbox),
    Guid: mailbox.objectGuid,
    ExchangeGuid: mailbox.exchangeGuid,
    DisplayName: mailbox.displayName,
    Alias: mailbox.alias,
    UserPrincipalName: mailbox.upn,
    PrimarySmtpAddress: mailbox.primarySmtp,
    EmailAddresses: mailbox.emailAddresses,
    RecipientTypeDetails: mailbox.recipientTypeDetails,
    AccountDisabled: mailbox.accountDisabled,
    ServerName: mailbox.server.toLowerCase(),
    Database: mailbox.database,
  };
}

export function userObject(mailbox: LabMailbox): Record<string, unknown> {
  return {
    Identity: mailboxPath(mailbox),
    Guid: mailbox.objectGuid,
    DisplayName: mailbox.displayName,
    FirstName: mailbox.firstName,
    LastName: mailbox.lastName,
    Department: mailbox.department,
    Title: mailbox.title,
    Phone: mailbox.phone,
    HomePhone: '',
    MobilePhone: mailbox.mobilePhone,
    Manager: mailbox.manager === '' ? null : `${labDomain}/Users/${mailbox.manager}`,
    UserPrincipalName: mailbox.upn,
    RecipientTypeDetails: mailbox.recipientTypeDetails,
  };
}

export function casMailboxObject(mailbox: LabMailbox, partnership: boolean): Record<string, unknown> {
  return {
    Identity: mailboxPath(mailbox),
    Guid: mailbox.objectGuid,
    DisplayName: mailbox.displayName,
    ActiveSyncEnabled: mailbox.activeSyncEnabled,
    ActiveSyncAllowedDeviceIDs: mailbox.allowedIds,
    ActiveSyncBlockedDeviceIDs: mailbox.blockedIds,
    ActiveSyncMailboxPolicy: mailbox.policy,
    // Get-CASMailbox prints false unless it is asked with -ActiveSyncDebugLogging.
    ActiveSyncDebugLogging: false,
    HasActiveSyncDevicePartnership: partnership,
    // Only Exchange Online has it.
    OutlookMobileEnabled: null,
  };
}

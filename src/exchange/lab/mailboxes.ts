/** Mailboxes as Get-Mailbox, Get-User, Get-Recipient and Get-CASMailbox of the lab print them. */
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { LabMailboxTable } from '../../store/tables/lab.ts';
import { notUnique, objectNotFound } from './failures.ts';
import type { LabOrganisation } from './organisation.ts';
import { labMailboxes } from './people.ts';

export type LabMailbox = Selectable<LabMailboxTable>;

/** The domain of the lab's people, and the folder of its directory. */
export const labDomain = 'contoso.example';

/** Rows that the lab reads at once, as an engine answers page by page. */
export const labPage = 250;

/** Whether the lab has as few mailboxes as it is made with, and some more. */
export async function isLabSmall(db: Kysely<Database>): Promise<boolean> {
  const first = db
    .selectFrom('labMailbox')
    .select('exchangeGuid')
    .limit(smallLab + 1);
  return (await first.execute()).length <= smallLab;
}

const smallLab = 500;

/** Every mailbox, page after page, by name. */
export async function* mailboxPages(lab: LabOrganisation): AsyncGenerator<LabMailbox[]> {
  for (let page: LabMailbox[] | undefined; page === undefined || page.length === labPage; yield page) {
    const last = page?.at(-1);
    page = await lab.db
      .selectFrom('labMailbox')
      .selectAll()
      .$if(last !== undefined, (query) =>
        query.where(sql<boolean>`(display_name, exchange_guid) > (${last?.displayName}, ${last?.exchangeGuid})`),
      )
      .orderBy('displayName')
      .orderBy('exchangeGuid')
      .limit(labPage)
      .execute();
  }
}

async function allMailboxes(lab: LabOrganisation): Promise<LabMailbox[]> {
  const mailboxes: LabMailbox[] = [];
  for await (const page of mailboxPages(lab)) mailboxes.push(...page);
  return mailboxes;
}

/** What Get-Mailbox or Get-User prints of everybody. */
export async function* printedMailboxes<Row>(
  lab: LabOrganisation,
  print: (mailbox: LabMailbox) => Row,
): AsyncGenerator<Row[]> {
  for await (const page of mailboxPages(lab)) yield page.map(print);
}

/** What MailboxIdParameter takes: GUIDs, alias, addresses, UPN, display name, path. Throws CmdletFailure when it is not exactly one. */
export async function mailboxByIdentity(lab: LabOrganisation, identity: string): Promise<LabMailbox> {
  const wanted = identity.toLowerCase();
  const found = (await mailboxesOfGuid(lab, wanted)) ?? (await allMailboxes(lab));
  const named = found.filter((mailbox) => namesOf(mailbox).includes(wanted));
  const [only, ...others] = named;
  if (only === undefined) throw objectNotFound(identity);
  if (others.length > 0) throw notUnique(identity);
  return only;
}

/** By index, as rounds ask for one mailbox after the other; undefined where it is no GUID of a mailbox. */
async function mailboxesOfGuid(lab: LabOrganisation, wanted: string): Promise<LabMailbox[] | undefined> {
  const found = await lab.db
    .selectFrom('labMailbox')
    .selectAll()
    .where(({ or, eb }) => or([eb('exchangeGuid', '=', wanted), eb('objectGuid', '=', wanted)]))
    .execute();
  return found.length === 0 ? undefined : found;
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

/** Whether this is an address, the UPN or the alias of a person of the lab, for who looks before the lab was seeded. */
export function isLabMailbox(name: string): boolean {
  const [alias, domain] = name.trim().toLowerCase().split('@');
  const isDomain = domain === undefined || domain === labDomain || domain === `mail.${labDomain}`;
  return isDomain && labMailboxes.some((mailbox) => mailbox.alias.toLowerCase() === alias);
}

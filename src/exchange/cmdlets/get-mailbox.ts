import { z } from 'zod';
import { mailboxByIdentity, mailboxObject } from '../lab/mailboxes.ts';
import { defineCmdlet } from '../port.ts';
import { flagValue, guidValue, rowOf, textListValue, textValue } from '../values.ts';

/** A mailbox as Get-Mailbox prints it. */
export const mailboxRow = rowOf(
  ['ExchangeGuid', 'Guid'],
  {
    ExchangeGuid: guidValue,
    Guid: guidValue,
    DisplayName: textValue,
    Alias: textValue,
    UserPrincipalName: textValue,
    PrimarySmtpAddress: textValue,
    EmailAddresses: textListValue,
    RecipientTypeDetails: textValue,
    AccountDisabled: flagValue,
    ServerName: textValue,
  },
  (row) => ({
    /** ExchangeGuid: what a person is known by. */
    guid: row.ExchangeGuid,
    /** GUID of the directory object: Get-User and Get-CASMailbox know it by this. */
    objectGuid: row.Guid,
    displayName: row.DisplayName,
    alias: row.Alias,
    upn: row.UserPrincipalName,
    primarySmtp: row.PrimarySmtpAddress,
    /** SMTP addresses alone, lower case, without their prefix. */
    addresses: row.EmailAddresses.filter((address) => /^smtp:/i.test(address) || !address.includes(':')).map(
      (address) => address.replace(/^smtp:/i, '').toLowerCase(),
    ),
    /** `UserMailbox`, `SharedMailbox`, `RoomMailbox` … */
    recipientTypeDetails: row.RecipientTypeDetails,
    accountDisabled: row.AccountDisabled,
    /** Where the database is active: a phone's requests end there. */
    serverName: row.ServerName,
  }),
);
export type MailboxRow = z.output<typeof mailboxRow.row>;

/** One mailbox by GUID, alias, address or name; `exchange-not-found` when there is none. */
export const getMailbox = defineCmdlet({
  id: 'get-mailbox',
  name: 'Get-Mailbox',
  effect: 'read',
  params: z.strictObject({ Identity: z.string() }),
  identity: 'Identity',
  ...mailboxRow,
  simulate: async (lab, { Identity }) => [mailboxObject(await mailboxByIdentity(lab, Identity))],
});

import { z } from 'zod';
import { mailboxesByName, mailboxObject } from '../lab/mailboxes.ts';
import { defineCmdlet } from '../port.ts';
import { optionalGuidValue, rowOf, textValue } from '../values.ts';

/** A recipient as Get-Recipient prints it; contacts and groups have no mailbox, and an ExchangeGuid of zeros. */
export const recipientRow = rowOf(
  [],
  {
    ExchangeGuid: optionalGuidValue,
    DisplayName: textValue,
    Alias: textValue,
    PrimarySmtpAddress: textValue,
    RecipientTypeDetails: textValue,
  },
  (row) => ({
    /** The mailbox's GUID; undefined where there is no mailbox. */
    mailboxGuid: row.ExchangeGuid,
    displayName: row.DisplayName,
    alias: row.Alias,
    primarySmtp: row.PrimarySmtpAddress,
    recipientTypeDetails: row.RecipientTypeDetails,
  }),
);
export type RecipientRow = z.output<typeof recipientRow.row>;

/** Ambiguous name resolution, as the address box of Outlook does it: whose name, alias or address begins with the text. */
export const getRecipient = defineCmdlet({
  id: 'get-recipient',
  name: 'Get-Recipient',
  effect: 'read',
  params: z.strictObject({ Anr: z.string() }),
  identity: 'Anr',
  // Enough to see that a name is not unique.
  fixed: { ResultSize: 20 },
  ...recipientRow,
  simulate: async (lab, { Anr }) => (await mailboxesByName(lab, Anr)).slice(0, 20).map(mailboxObject),
});

import { z } from 'zod';
import { mailboxObject, printedMailboxes } from '../lab/mailboxes.ts';
import { defineCmdlet } from '../port.ts';
import { guidValue, rowOf, textValue } from '../values.ts';

/** The names under which a mailbox's devices are filed. */
export const mailboxIdentityRow = rowOf(
  ['ExchangeGuid'],
  {
    ExchangeGuid: guidValue,
    Identity: textValue,
    DistinguishedName: textValue,
  },
  (row) => ({
    guid: row.ExchangeGuid,
    identity: row.Identity,
    /** Empty where Exchange does not print it. */
    distinguishedName: row.DistinguishedName,
  }),
);
export type MailboxIdentityRow = z.output<typeof mailboxIdentityRow.row>;

/** Every mailbox by its names: a device of Get-MobileDevice names its owner by path only. */
export const listMailboxIdentities = defineCmdlet({
  id: 'list-mailbox-identities',
  name: 'Get-Mailbox',
  effect: 'read',
  params: z.strictObject({}),
  fixed: { ResultSize: 'Unlimited' },
  ...mailboxIdentityRow,
  unique: { property: 'ExchangeGuid', of: ({ guid }) => guid },
  simulate: (lab) => printedMailboxes(lab, mailboxObject),
});

import { z } from 'zod';
import { allMailboxes, mailboxObject } from '../lab/mailboxes.ts';
import { defineCmdlet } from '../port.ts';
import { guidValue, rowOf, textValue } from '../values.ts';

/** The names under which a mailbox's devices are filed. */
export const MailboxIdentityRow = rowOf(['ExchangeGuid'], {
  ExchangeGuid: guidValue,
  Identity: textValue,
  DistinguishedName: textValue,
}).transform((row) => ({
  unreadable: row.unreadable,
  guid: row.ExchangeGuid,
  identity: row.Identity,
  /** Empty where Exchange does not print it. */
  distinguishedName: row.DistinguishedName,
}));
export type MailboxIdentityRow = z.output<typeof MailboxIdentityRow>;

/** Every mailbox by its names: a device of Get-MobileDevice names its owner by path only. */
export const listMailboxIdentities = defineCmdlet({
  id: 'list-mailbox-identities',
  name: 'Get-Mailbox',
  effect: 'read',
  params: z.strictObject({}),
  fixed: { ResultSize: 'Unlimited' },
  select: ['ExchangeGuid', 'Identity', 'DistinguishedName'],
  row: MailboxIdentityRow,
  simulate: async (lab) => (await allMailboxes(lab)).map(mailboxObject),
});

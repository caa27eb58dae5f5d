import { z } from 'zod';
import { mailboxObject, printedMailboxes } from '../lab/mailboxes.ts';
import { defineCmdlet } from '../port.ts';
import { mailboxRow } from './get-mailbox.ts';

/** Every mailbox: for the directory. A description of its own, so that a lost identity can never mean "all". */
export const listMailboxes = defineCmdlet({
  id: 'list-mailboxes',
  name: 'Get-Mailbox',
  effect: 'read',
  params: z.strictObject({}),
  // Without it Exchange stops at 1000.
  fixed: { ResultSize: 'Unlimited' },
  ...mailboxRow,
  unique: { property: 'ExchangeGuid', of: ({ guid }) => guid },
  simulate: (lab) => printedMailboxes(lab, mailboxObject),
});

import { z } from 'zod';
import { printedMailboxes, userObject } from '../lab/mailboxes.ts';
import { defineCmdlet } from '../port.ts';
import { userRow } from './get-user.ts';

/** Every user with a mailbox: departments, telephone numbers and managers for the directory. */
export const listUsers = defineCmdlet({
  id: 'list-users',
  name: 'Get-User',
  effect: 'read',
  params: z.strictObject({}),
  fixed: { ResultSize: 'Unlimited' },
  ...userRow,
  simulate: (lab) => printedMailboxes(lab, userObject),
});

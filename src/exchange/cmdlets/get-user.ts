import { z } from 'zod';
import { mailboxByIdentity, userObject } from '../lab/mailboxes.ts';
import { defineCmdlet } from '../port.ts';
import { guidValue, rowOf, textValue } from '../values.ts';

/** A directory user as Get-User prints it. */
export const userRow = rowOf(
  ['Guid'],
  {
    Guid: guidValue,
    DisplayName: textValue,
    Department: textValue,
    Title: textValue,
    Phone: textValue,
    HomePhone: textValue,
    MobilePhone: textValue,
    Manager: textValue,
    UserPrincipalName: textValue,
  },
  (row) => ({
    /** The same object as MailboxRow's `objectGuid`. */
    objectGuid: row.Guid,
    displayName: row.DisplayName,
    department: row.Department,
    title: row.Title,
    phone: row.Phone,
    homePhone: row.HomePhone,
    /** May be the lost phone: never a number for a call-back. */
    mobilePhone: row.MobilePhone,
    /** The last part of the manager's path. */
    managerName: row.Manager.split('/').at(-1) ?? '',
    upn: row.UserPrincipalName,
  }),
);
export type UserRow = z.output<typeof userRow.row>;

/** One user by GUID, UPN or name; `exchange-not-found` when there is none. */
export const getUser = defineCmdlet({
  id: 'get-user',
  name: 'Get-User',
  effect: 'read',
  params: z.strictObject({ Identity: z.string() }),
  identity: 'Identity',
  ...userRow,
  simulate: async (lab, { Identity }) => [userObject(await mailboxByIdentity(lab, Identity))],
});

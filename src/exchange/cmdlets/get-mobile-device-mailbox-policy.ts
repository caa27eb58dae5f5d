import { z } from 'zod';
import { labPolicies } from '../lab/settings.ts';
import { defineCmdlet } from '../port.ts';
import { countValue, flagValue, rowOf, textValue } from '../values.ts';

/** What a policy asks of a phone, as far as it matters when one is lost. */
export const mailboxPolicyRow = rowOf(
  [],
  {
    Name: textValue,
    IsDefault: flagValue,
    PasswordEnabled: flagValue,
    MinPasswordLength: countValue,
    RequireDeviceEncryption: flagValue,
    AllowNonProvisionableDevices: flagValue,
  },
  (row) => ({
    name: row.Name,
    isDefault: row.IsDefault,
    /** Whether a phone that applied it must have a passcode; null: not known. */
    passwordEnabled: row.PasswordEnabled,
    /** null: no least length. */
    minPasswordLength: row.MinPasswordLength,
    requireDeviceEncryption: row.RequireDeviceEncryption,
    /** Phones that apply only parts of the policy may sync all the same. */
    allowNonProvisionable: row.AllowNonProvisionableDevices,
  }),
);
export type MailboxPolicyRow = z.output<typeof mailboxPolicyRow.row>;

/** Every mobile device mailbox policy; statistics name the one that a phone applied. */
export const getMobileDeviceMailboxPolicy = defineCmdlet({
  id: 'get-mobile-device-mailbox-policy',
  name: 'Get-MobileDeviceMailboxPolicy',
  effect: 'read',
  params: z.strictObject({}),
  ...mailboxPolicyRow,
  simulate: async () => labPolicies,
});

import { z } from 'zod';
import { allPartnerships } from '../lab/devices.ts';
import { casMailboxObject, mailboxByIdentity } from '../lab/mailboxes.ts';
import { defineCmdlet } from '../port.ts';
import { flagValue, guidValue, rowOf, textListValue, textValue } from '../values.ts';

/** What a mailbox lets mobile clients do. */
export const casMailboxRow = rowOf(
  ['Guid'],
  {
    Guid: guidValue,
    DisplayName: textValue,
    ActiveSyncEnabled: flagValue,
    ActiveSyncAllowedDeviceIDs: textListValue,
    ActiveSyncBlockedDeviceIDs: textListValue,
    ActiveSyncMailboxPolicy: textValue,
    HasActiveSyncDevicePartnership: flagValue,
    OutlookMobileEnabled: flagValue,
  },
  (row) => ({
    objectGuid: row.Guid,
    displayName: row.DisplayName,
    activeSyncEnabled: row.ActiveSyncEnabled,
    /** DeviceIds that are let in or kept out whatever the rules say; blocked comes first. */
    allowedDeviceIds: row.ActiveSyncAllowedDeviceIDs,
    blockedDeviceIds: row.ActiveSyncBlockedDeviceIDs,
    /** Name of its mobile device mailbox policy. */
    policy: row.ActiveSyncMailboxPolicy.split('/').at(-1) ?? '',
    hasPartnership: row.HasActiveSyncDevicePartnership,
    /** null on premises, where there is no such setting. */
    outlookMobileEnabled: row.OutlookMobileEnabled,
  }),
);
export type CasMailboxRow = z.output<typeof casMailboxRow.row>;

/** The mobile settings of one mailbox. */
export const getCasMailbox = defineCmdlet({
  id: 'get-cas-mailbox',
  name: 'Get-CASMailbox',
  effect: 'read',
  params: z.strictObject({ Identity: z.string() }),
  identity: 'Identity',
  ...casMailboxRow,
  simulate: async (lab, { Identity }) => {
    const mailbox = await mailboxByIdentity(lab, Identity);
    const partnerships = await allPartnerships(lab);
    return [
      casMailboxObject(
        mailbox,
        partnerships.some((one) => one.device.mailboxGuid === mailbox.exchangeGuid),
      ),
    ];
  },
});

import { z } from 'zod';
import { Guid } from '../../ground/identifiers.ts';
import { deviceObject, partnershipsByIdentity, partnershipsOf } from '../lab/devices.ts';
import { defineCmdlet } from '../port.ts';
import { exactlyOneTarget } from '../target.ts';
import { easVersionValue, flagValue, guidValue, instantValue, rowOf, textValue } from '../values.ts';

/** A partnership as the directory knows it: no sync times, no wipe times. */
export const mobileDeviceRow = rowOf(
  ['Guid'],
  {
    Guid: guidValue,
    Identity: textValue,
    Name: textValue,
    FriendlyName: textValue,
    DeviceId: textValue,
    DeviceType: textValue,
    DeviceModel: textValue,
    DeviceOS: textValue,
    DeviceUserAgent: textValue,
    DeviceImei: textValue,
    DeviceTelephoneNumber: textValue,
    DeviceMobileOperator: textValue,
    UserDisplayName: textValue,
    ClientType: textValue,
    ClientVersion: easVersionValue,
    DeviceAccessState: textValue,
    DeviceAccessStateReason: textValue,
    DeviceAccessControlRule: textValue,
    FirstSyncTime: instantValue,
    IsManaged: flagValue,
    IsCompliant: flagValue,
    IsDisabled: flagValue,
  },
  (row) => ({
    guid: row.Guid,
    identity: row.Identity,
    name: row.Name,
    friendlyName: row.FriendlyName,
    deviceId: row.DeviceId,
    deviceType: row.DeviceType,
    deviceModel: row.DeviceModel,
    deviceOs: row.DeviceOS,
    userAgent: row.DeviceUserAgent,
    imei: row.DeviceImei,
    phoneNumber: row.DeviceTelephoneNumber,
    mobileOperator: row.DeviceMobileOperator,
    userDisplayName: row.UserDisplayName,
    /** `EAS`, `REST`, `Outlook`, `MOWA` … */
    clientType: row.ClientType,
    /** EAS version times ten (161 is 16.1); null where it is not known. */
    clientVersion: row.ClientVersion,
    /** `Allowed`, `Blocked`, `Quarantined`, or a name that is not known. */
    accessState: row.DeviceAccessState,
    /** `Global`, `Individual`, `DeviceRule`, `ExternallyManaged` … */
    accessReason: row.DeviceAccessStateReason,
    /** The device access rule that decided; empty when none did. */
    accessRule: row.DeviceAccessControlRule,
    firstSyncTime: row.FirstSyncTime,
    managed: row.IsManaged,
    compliant: row.IsCompliant,
    disabled: row.IsDisabled,
  }),
);
export type MobileDeviceRow = z.output<typeof mobileDeviceRow.row>;

/** The devices of one mailbox, or the one device of a GUID (no row when there is none). */
export const getMobileDevice = defineCmdlet({
  id: 'get-mobile-device',
  name: 'Get-MobileDevice',
  effect: 'read',
  params: exactlyOneTarget(z.strictObject({ Mailbox: z.string().optional(), Identity: Guid.optional() })),
  ...mobileDeviceRow,
  concerns: ({ Identity }, row) => Identity === undefined || row.guid === Identity,
  simulate: async (lab, { Mailbox, Identity }) => {
    const found = Mailbox === undefined ? partnershipsByIdentity(lab, Identity ?? '') : partnershipsOf(lab, Mailbox);
    return (await found).map(deviceObject);
  },
});

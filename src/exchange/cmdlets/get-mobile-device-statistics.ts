import { z } from 'zod';
import { Guid } from '../../ground/identifiers.ts';
import { partnershipsByIdentity, partnershipsOf, statisticsObject } from '../lab/devices.ts';
import { defineCmdlet } from '../port.ts';
import { exactlyOneTarget } from '../target.ts';
import {
  countValue,
  easVersionValue,
  flagValue,
  guidValue,
  instantValue,
  rowOf,
  textValue,
  wipeStatusValue,
} from '../values.ts';

/** A partnership as the mailbox knows it: sync times and how far a wipe got. */
export const mobileDeviceStatisticsRow = rowOf(
  ['Guid'],
  {
    Guid: guidValue,
    Identity: textValue,
    DeviceID: textValue,
    DeviceType: textValue,
    DeviceModel: textValue,
    DeviceOS: textValue,
    DeviceUserAgent: textValue,
    DeviceFriendlyName: textValue,
    DevicePhoneNumber: textValue,
    ClientType: textValue,
    ClientVersion: easVersionValue,
    FirstSyncTime: instantValue,
    LastPolicyUpdateTime: instantValue,
    LastSyncAttemptTime: instantValue,
    LastSuccessSync: instantValue,
    LastPingHeartbeat: countValue,
    DeviceWipeRequestTime: instantValue,
    DeviceWipeSentTime: instantValue,
    DeviceWipeAckTime: instantValue,
    LastDeviceWipeRequestor: textValue,
    AccountOnlyDeviceWipeRequestTime: instantValue,
    AccountOnlyDeviceWipeSentTime: instantValue,
    AccountOnlyDeviceWipeAckTime: instantValue,
    LastAccountOnlyDeviceWipeRequestor: textValue,
    IsRemoteWipeSupported: flagValue,
    Status: wipeStatusValue,
    DeviceAccessState: textValue,
    DeviceAccessStateReason: textValue,
    DeviceAccessControlRule: textValue,
    DevicePolicyApplied: textValue,
    DevicePolicyApplicationStatus: textValue,
    NumberOfFoldersSynced: countValue,
  },
  (row) => ({
    guid: row.Guid,
    identity: row.Identity,
    deviceId: row.DeviceID,
    deviceType: row.DeviceType,
    deviceModel: row.DeviceModel,
    deviceOs: row.DeviceOS,
    userAgent: row.DeviceUserAgent,
    friendlyName: row.DeviceFriendlyName,
    /** Hidden but for its end. */
    phoneNumber: row.DevicePhoneNumber,
    clientType: row.ClientType,
    /** EAS version times ten (161 is 16.1); null where it is not known. */
    clientVersion: row.ClientVersion,
    /** Times are null for never. */
    firstSyncTime: row.FirstSyncTime,
    lastPolicyUpdate: row.LastPolicyUpdateTime,
    lastSyncAttempt: row.LastSyncAttemptTime,
    lastSuccessSync: row.LastSuccessSync,
    /** Seconds that the phone asked for in its last Ping. */
    lastPingHeartbeat: row.LastPingHeartbeat,
    /** Asked, handed to the device, acknowledged by it. */
    wipeRequestTime: row.DeviceWipeRequestTime,
    wipeSentTime: row.DeviceWipeSentTime,
    wipeAckTime: row.DeviceWipeAckTime,
    /** SMTP address; empty when the asking account has no mailbox. */
    wipeRequestor: row.LastDeviceWipeRequestor,
    accountWipeRequestTime: row.AccountOnlyDeviceWipeRequestTime,
    accountWipeSentTime: row.AccountOnlyDeviceWipeSentTime,
    accountWipeAckTime: row.AccountOnlyDeviceWipeAckTime,
    accountWipeRequestor: row.LastAccountOnlyDeviceWipeRequestor,
    wipeSupported: row.IsRemoteWipeSupported,
    /** `DeviceOk`, `DeviceBlocked`, `DeviceWipePending`, `DeviceWipeSucceeded`, `AccountOnly…`; a name not known is not ok. */
    status: row.Status,
    accessState: row.DeviceAccessState,
    accessReason: row.DeviceAccessStateReason,
    accessRule: row.DeviceAccessControlRule,
    /** Name of the mobile device mailbox policy that it applied; empty when it applied none. */
    policyApplied: row.DevicePolicyApplied.split('/').at(-1) ?? '',
    /** `AppliedInFull`, `PartiallyApplied`, `NotApplied`, `Unknown`. */
    policyStatus: row.DevicePolicyApplicationStatus,
    foldersSynced: row.NumberOfFoldersSynced,
  }),
  ['DeviceWipeRequestTime', 'DeviceWipeSentTime', 'DeviceWipeAckTime'],
);
export type MobileDeviceStatisticsRow = z.output<typeof mobileDeviceStatisticsRow.row>;

/** Statistics of all devices of one mailbox, or of the one device of a GUID (no row when there is none). */
export const getMobileDeviceStatistics = defineCmdlet({
  id: 'get-mobile-device-statistics',
  name: 'Get-MobileDeviceStatistics',
  effect: 'read',
  params: exactlyOneTarget(z.strictObject({ Mailbox: z.string().optional(), Identity: Guid.optional() })),
  ...mobileDeviceStatisticsRow,
  concerns: ({ Identity }, row) => Identity === undefined || row.guid === Identity,
  simulate: async (lab, { Mailbox, Identity }) => {
    const found = Mailbox === undefined ? partnershipsByIdentity(lab, Identity ?? '') : partnershipsOf(lab, Mailbox);
    return (await found).map(statisticsObject);
  },
});

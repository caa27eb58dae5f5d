import { z } from 'zod';
import { deviceObject, partnershipPages } from '../lab/devices.ts';
import { defineCmdlet } from '../port.ts';
import { easVersionValue, guidValue, instantValue, rowOf, textValue } from '../values.ts';

/** A partnership as the organisation's inventory keeps it. */
export const inventoryDeviceRow = rowOf(
  ['Guid'],
  {
    Guid: guidValue,
    Identity: textValue,
    DistinguishedName: textValue,
    FriendlyName: textValue,
    DeviceId: textValue,
    DeviceType: textValue,
    DeviceModel: textValue,
    DeviceOS: textValue,
    DeviceUserAgent: textValue,
    ClientType: textValue,
    ClientVersion: easVersionValue,
    DeviceAccessState: textValue,
    DeviceAccessStateReason: textValue,
    DeviceAccessControlRule: textValue,
    FirstSyncTime: instantValue,
  },
  (row) => ({
    guid: row.Guid,
    /** `<mailbox>/ExchangeActiveSyncDevices/<name>`: whose it is. */
    identity: row.Identity,
    /** `CN=<name>,CN=ExchangeActiveSyncDevices,<mailbox>`; empty where Exchange does not print it. */
    distinguishedName: row.DistinguishedName,
    friendlyName: row.FriendlyName,
    deviceId: row.DeviceId,
    deviceType: row.DeviceType,
    deviceModel: row.DeviceModel,
    deviceOs: row.DeviceOS,
    userAgent: row.DeviceUserAgent,
    clientType: row.ClientType,
    clientVersion: row.ClientVersion,
    accessState: row.DeviceAccessState,
    accessReason: row.DeviceAccessStateReason,
    accessRule: row.DeviceAccessControlRule,
    firstSync: row.FirstSyncTime,
  }),
);
export type InventoryDeviceRow = z.output<typeof inventoryDeviceRow.row>;

/** Every partnership of the organisation, on purpose: a description of its own, so that a lost identity can never mean "all". */
export const listMobileDevices = defineCmdlet({
  id: 'list-mobile-devices',
  name: 'Get-MobileDevice',
  effect: 'read',
  params: z.strictObject({}),
  // Without it Exchange stops at 1000.
  fixed: { ResultSize: 'Unlimited' },
  ...inventoryDeviceRow,
  unique: { property: 'Guid', of: ({ guid }) => guid },
  simulate: async function* (lab) {
    for await (const page of partnershipPages(lab)) yield page.map(deviceObject);
  },
});

import { z } from 'zod';
import { deviceClasses } from '../lab/settings.ts';
import { defineCmdlet } from '../port.ts';
import { instantValue, rowOf, textValue } from '../values.ts';

/** A kind of device that this organisation has seen. */
export const deviceClassRow = rowOf(
  [],
  {
    DeviceType: textValue,
    DeviceModel: textValue,
    LastUpdateTime: instantValue,
  },
  (row) => ({
    deviceType: row.DeviceType,
    deviceModel: row.DeviceModel,
    lastUpdate: row.LastUpdateTime,
  }),
);
export type DeviceClassRow = z.output<typeof deviceClassRow.row>;

/** Every kind of device; a new one appears with some hours' delay, and goes 90 days after its last use. */
export const getActiveSyncDeviceClass = defineCmdlet({
  id: 'get-activesync-device-class',
  name: 'Get-ActiveSyncDeviceClass',
  effect: 'read',
  params: z.strictObject({}),
  ...deviceClassRow,
  simulate: (lab) => deviceClasses(lab),
});

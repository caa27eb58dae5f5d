import { z } from 'zod';
import { accessRules } from '../lab/settings.ts';
import { defineCmdlet } from '../port.ts';
import { guidValue, rowOf, textValue } from '../values.ts';

/** A device access rule: every device whose characteristic is exactly this string. */
export const accessRuleRow = rowOf(
  ['Guid'],
  {
    Guid: guidValue,
    Name: textValue,
    Characteristic: textValue,
    QueryString: textValue,
    AccessLevel: textValue,
  },
  (row) => ({
    guid: row.Guid,
    /** `QueryString(Characteristic)`. */
    name: row.Name,
    /** `DeviceType`, `DeviceModel`, `DeviceOS`, `UserAgent`, `XMSWLHeader`. */
    characteristic: row.Characteristic,
    queryString: row.QueryString,
    /** `Allow`, `Block`, `Quarantine`. */
    accessLevel: row.AccessLevel,
  }),
);
export type AccessRuleRow = z.output<typeof accessRuleRow.row>;

/** Every device access rule of the organisation. */
export const getActiveSyncDeviceAccessRule = defineCmdlet({
  id: 'get-activesync-device-access-rule',
  name: 'Get-ActiveSyncDeviceAccessRule',
  effect: 'read',
  params: z.strictObject({}),
  ...accessRuleRow,
  unique: { property: 'Guid', of: ({ guid }) => guid },
  simulate: (lab) => accessRules(lab),
});

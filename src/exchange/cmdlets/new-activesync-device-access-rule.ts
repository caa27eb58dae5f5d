import { z } from 'zod';
import { addAccessRule } from '../lab/settings.ts';
import { defineCmdlet } from '../port.ts';
import { accessRuleRow } from './get-activesync-device-access-rule.ts';

export const AccessLevel = z.enum(['Allow', 'Block', 'Quarantine']);
export type AccessLevel = z.infer<typeof AccessLevel>;

/** Adds a rule for every device whose characteristic is exactly this string: no wildcards, no parts. */
export const newActiveSyncDeviceAccessRule = defineCmdlet({
  id: 'new-activesync-device-access-rule',
  name: 'New-ActiveSyncDeviceAccessRule',
  effect: 'change',
  params: z.strictObject({
    AccessLevel,
    Characteristic: z.enum(['DeviceType', 'DeviceModel', 'DeviceOS', 'UserAgent']),
    QueryString: z.string(),
  }),
  fixed: { Confirm: false },
  identity: 'QueryString',
  ...accessRuleRow,
  simulate: async (lab, rule) => [
    await addAccessRule(lab, {
      accessLevel: rule.AccessLevel,
      characteristic: rule.Characteristic,
      queryString: rule.QueryString,
    }),
  ],
});

import { z } from 'zod';
import { Guid } from '../../ground/identifiers.ts';
import { removeAccessRule } from '../lab/settings.ts';
import { defineCmdlet } from '../port.ts';
import { noRows } from '../values.ts';

/** Takes a rule away; the devices fall back to the organisation's default. A rule can be made again, so this destroys nothing. */
export const removeActiveSyncDeviceAccessRule = defineCmdlet({
  id: 'remove-activesync-device-access-rule',
  name: 'Remove-ActiveSyncDeviceAccessRule',
  effect: 'change',
  params: z.strictObject({ Identity: Guid }),
  fixed: { Confirm: false },
  identity: 'Identity',
  ...noRows,
  simulate: async (lab, { Identity }) => {
    await removeAccessRule(lab, Identity);
    return [];
  },
});

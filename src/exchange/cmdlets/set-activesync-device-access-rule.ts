import { z } from 'zod';
import { Guid } from '../../ground/identifiers.ts';
import { changeAccessRule } from '../lab/settings.ts';
import { defineCmdlet } from '../port.ts';
import { noRows } from '../values.ts';
import { AccessLevel } from './new-activesync-device-access-rule.ts';

/** Changes a rule's level; what it applies to cannot be changed. */
export const setActiveSyncDeviceAccessRule = defineCmdlet({
  id: 'set-activesync-device-access-rule',
  name: 'Set-ActiveSyncDeviceAccessRule',
  effect: 'change',
  params: z.strictObject({ Identity: Guid, AccessLevel }),
  fixed: { Confirm: false },
  identity: 'Identity',
  ...noRows,
  simulate: async (lab, params) => {
    await changeAccessRule(lab, params.Identity, params.AccessLevel);
    return [];
  },
});

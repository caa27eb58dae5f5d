import { z } from 'zod';
import { changeEwsBlockList } from '../lab/ews.ts';
import { defineCmdlet } from '../port.ts';
import { noRows } from '../values.ts';

/**
 * Adds user agents to the list of apps that may not use Exchange Web Services, or takes them off. A plain list would overwrite
 * what is there, so it only grows or shrinks. The organisation is the only object; the policy names what is changed.
 */
export const setOrganizationConfig = defineCmdlet({
  id: 'set-organization-config',
  name: 'Set-OrganizationConfig',
  effect: 'change',
  params: z.strictObject({
    EwsApplicationAccessPolicy: z.literal('EnforceBlockList'),
    EwsBlockList: z.union([
      z.strictObject({ Add: z.array(z.string()).min(1) }),
      z.strictObject({ Remove: z.array(z.string()).min(1) }),
    ]),
  }),
  fixed: { Confirm: false },
  identity: 'EwsApplicationAccessPolicy',
  ...noRows,
  simulate: async (lab, params) => {
    await changeEwsBlockList(lab, { policy: params.EwsApplicationAccessPolicy, blockList: params.EwsBlockList });
    return [];
  },
});

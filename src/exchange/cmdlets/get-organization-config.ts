import { z } from 'zod';
import { organizationConfigObject } from '../lab/ews.ts';
import { defineCmdlet } from '../port.ts';
import { flagValue, rowOf, textListValue, textValue } from '../values.ts';

/** What the organisation lets in over Exchange Web Services. */
export const organizationConfigRow = rowOf(
  [],
  {
    EwsEnabled: flagValue,
    EwsApplicationAccessPolicy: textValue,
    EwsBlockList: textListValue,
    EwsAllowList: textListValue,
  },
  (row) => ({
    /** null: neither switched on nor off for all. */
    ewsEnabled: row.EwsEnabled,
    /** `EnforceAllowList`, `EnforceBlockList`; empty: no list counts. */
    ewsPolicy: row.EwsApplicationAccessPolicy,
    /** User agents, `*` stands for anything. */
    ewsBlockList: row.EwsBlockList,
    ewsAllowList: row.EwsAllowList,
  }),
);
export type OrganizationConfigRow = z.output<typeof organizationConfigRow.row>;

export const getOrganizationConfig = defineCmdlet({
  id: 'get-organization-config',
  name: 'Get-OrganizationConfig',
  effect: 'read',
  params: z.strictObject({}),
  ...organizationConfigRow,
  simulate: async (lab) => [await organizationConfigObject(lab)],
});

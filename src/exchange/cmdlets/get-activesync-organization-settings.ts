import { z } from 'zod';
import { organisationSettings } from '../lab/settings.ts';
import { defineCmdlet } from '../port.ts';
import { rowOf, textListValue, textValue } from '../values.ts';

/** What happens to a device that no list and no rule names. */
export const organizationSettingsRow = rowOf(
  [],
  {
    DefaultAccessLevel: textValue,
    AdminMailRecipients: textListValue,
  },
  (row) => ({
    /** `Allow`, `Block`, `Quarantine`. */
    defaultAccessLevel: row.DefaultAccessLevel,
    /** Who is told of quarantined devices. */
    adminMailRecipients: row.AdminMailRecipients,
  }),
);
export type OrganizationSettingsRow = z.output<typeof organizationSettingsRow.row>;

export const getActiveSyncOrganizationSettings = defineCmdlet({
  id: 'get-activesync-organization-settings',
  name: 'Get-ActiveSyncOrganizationSettings',
  effect: 'read',
  params: z.strictObject({}),
  ...organizationSettingsRow,
  simulate: async (lab) => [await organisationSettings(lab)],
});

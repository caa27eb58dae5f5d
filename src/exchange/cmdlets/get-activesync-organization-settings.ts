import { z } from 'zod';
import { organisationSettings } from '../lab/settings.ts';
import { defineCmdlet } from '../port.ts';
import { rowOf, textListValue, textValue } from '../values.ts';

/** What happens to a device that no list and no rule names. */
export const OrganizationSettingsRow = rowOf([], {
  DefaultAccessLevel: textValue,
  AdminMailRecipients: textListValue,
}).transform((row) => ({
  unreadable: row.unreadable,
  /** `Allow`, `Block`, `Quarantine`. */
  defaultAccessLevel: row.DefaultAccessLevel,
  /** Who is told of quarantined devices. */
  adminMailRecipients: row.AdminMailRecipients,
}));
export type OrganizationSettingsRow = z.output<typeof OrganizationSettingsRow>;

export const getActiveSyncOrganizationSettings = defineCmdlet({
  id: 'get-activesync-organization-settings',
  name: 'Get-ActiveSyncOrganizationSettings',
  effect: 'read',
  params: z.strictObject({}),
  select: ['DefaultAccessLevel', 'AdminMailRecipients'],
  row: OrganizationSettingsRow,
  simulate: async (lab) => [await organisationSettings(lab)],
});

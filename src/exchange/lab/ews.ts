/** The lab's EWS settings of the organisation, as Get- and Set-OrganizationConfig print and change them. */
import type { LabOrganisation } from './organisation.ts';

export async function organizationConfigObject(lab: LabOrganisation): Promise<Record<string, unknown>> {
  const row = await lab.db.selectFrom('labEws').selectAll().executeTakeFirstOrThrow();
  return {
    EwsEnabled: null,
    EwsApplicationAccessPolicy: row.policy === '' ? null : row.policy,
    EwsBlockList: row.blockList,
    EwsAllowList: row.allowList,
  };
}

export async function changeEwsBlockList(
  lab: LabOrganisation,
  input: {
    policy: 'EnforceBlockList';
    blockList: { readonly Add: readonly string[] } | { readonly Remove: readonly string[] };
  },
): Promise<void> {
  const row = await lab.db.selectFrom('labEws').selectAll().forUpdate().executeTakeFirstOrThrow();
  const named = 'Add' in input.blockList ? input.blockList.Add : input.blockList.Remove;
  const others = row.blockList.filter((one) => !named.some((name) => name.toLowerCase() === one.toLowerCase()));
  const blockList = 'Add' in input.blockList ? [...others, ...named] : others;
  await lab.db
    .updateTable('labEws')
    .set({ policy: input.policy, blockList: JSON.stringify(blockList) })
    .execute();
}

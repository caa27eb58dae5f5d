/** What Set-CASMailbox and the access rules change in the lab. */
import { alreadyExists, objectNotFound } from './failures.ts';
import { guidFrom } from './guids.ts';
import { mailboxByIdentity } from './mailboxes.ts';
import type { LabOrganisation } from './organisation.ts';

type ListChange = { readonly Add: readonly string[] } | { readonly Remove: readonly string[] };

export async function changeMobileSettings(
  lab: LabOrganisation,
  input: {
    identity: string;
    blocked: ListChange | undefined;
    allowed: ListChange | undefined;
    activeSyncEnabled: boolean | undefined;
  },
): Promise<void> {
  const mailbox = await mailboxByIdentity(lab, input.identity);
  const current = await lab.db
    .selectFrom('labMailbox')
    .selectAll()
    .where('exchangeGuid', '=', mailbox.exchangeGuid)
    .forUpdate()
    .executeTakeFirstOrThrow();
  await lab.db
    .updateTable('labMailbox')
    .set({
      blockedIds: JSON.stringify(changed(current.blockedIds, input.blocked)),
      allowedIds: JSON.stringify(changed(current.allowedIds, input.allowed)),
      activeSyncEnabled: input.activeSyncEnabled ?? current.activeSyncEnabled,
    })
    .where('exchangeGuid', '=', mailbox.exchangeGuid)
    .execute();
}

function changed(list: readonly string[], change: ListChange | undefined): readonly string[] {
  if (change === undefined) return list;
  const named = 'Add' in change ? change.Add : change.Remove;
  const others = list.filter((id) => !named.some((one) => one.toLowerCase() === id.toLowerCase()));
  return 'Add' in change ? [...others, ...named] : others;
}

export type LabAccessRule = {
  characteristic: string;
  queryString: string;
  accessLevel: 'Allow' | 'Block' | 'Quarantine';
};

/** Exchange names a rule `QueryString(Characteristic)`. */
export async function addAccessRule(lab: LabOrganisation, rule: LabAccessRule): Promise<Record<string, unknown>> {
  const name = `${rule.queryString}(${rule.characteristic})`;
  const inserted = await lab.db
    .insertInto('labAccessRule')
    .values({ guid: guidFrom(`rule ${name}`), name, ...rule })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (inserted === undefined) throw alreadyExists(name);
  return accessRuleObject(inserted);
}

export async function accessRules(lab: LabOrganisation): Promise<Record<string, unknown>[]> {
  const rules = await lab.db.selectFrom('labAccessRule').selectAll().orderBy('name').execute();
  return rules.map(accessRuleObject);
}

export async function changeAccessRule(
  lab: LabOrganisation,
  guid: string,
  accessLevel: LabAccessRule['accessLevel'],
): Promise<void> {
  const result = await lab.db
    .updateTable('labAccessRule')
    .set({ accessLevel })
    .where('guid', '=', guid)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) throw objectNotFound(guid);
}

export async function removeAccessRule(lab: LabOrganisation, guid: string): Promise<void> {
  const result = await lab.db.deleteFrom('labAccessRule').where('guid', '=', guid).executeTakeFirst();
  if (result.numDeletedRows === 0n) throw objectNotFound(guid);
}

function accessRuleObject(rule: { guid: string; name: string } & LabAccessRule): Record<string, unknown> {
  return {
    Guid: rule.guid,
    Name: rule.name,
    Identity: rule.name,
    Characteristic: rule.characteristic,
    QueryString: rule.queryString,
    AccessLevel: rule.accessLevel,
  };
}

export async function organisationSettings(lab: LabOrganisation): Promise<Record<string, unknown>> {
  const state = await lab.db.selectFrom('labState').select('defaultAccessLevel').executeTakeFirstOrThrow();
  return { DefaultAccessLevel: state.defaultAccessLevel, AdminMailRecipients: [] };
}

export async function deviceClasses(lab: LabOrganisation): Promise<Record<string, unknown>[]> {
  const classes = await lab.db
    .selectFrom('labDevice')
    .select(['deviceType', 'deviceModel'])
    .select((eb) => eb.fn.max('lastSyncAttempt').as('last'))
    .where('present', '=', true)
    .groupBy(['deviceType', 'deviceModel'])
    .orderBy('deviceType')
    .orderBy('deviceModel')
    .execute();
  return classes.map(({ deviceType, deviceModel, last }) => ({
    DeviceType: deviceType,
    DeviceModel: deviceModel,
    LastUpdateTime: last?.toISOString() ?? null,
  }));
}

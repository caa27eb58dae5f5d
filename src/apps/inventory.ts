/** The organisation's devices, rules and default, read from Exchange as a whole and kept, so that questions need not wait for it. */
import type { Insertable, Kysely } from 'kysely';
import { getActiveSyncDeviceAccessRule } from '../exchange/cmdlets/get-activesync-device-access-rule.ts';
import { getActiveSyncOrganizationSettings } from '../exchange/cmdlets/get-activesync-organization-settings.ts';
import { listMailboxIdentities, type MailboxIdentityRow } from '../exchange/cmdlets/list-mailbox-identities.ts';
import { type InventoryDeviceRow, listMobileDevices } from '../exchange/cmdlets/list-mobile-devices.ts';
import type { Exchange } from '../exchange/port.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import type { AccessRuleTable, MobileDeviceTable } from '../store/tables/apps.ts';

export type Inventory = {
  devices: Insertable<MobileDeviceTable>[];
  rules: Omit<Insertable<AccessRuleTable>, 'firstSeenAt'>[];
  defaultAccessLevel: string;
  readAt: Date;
};

/** Rows per statement: PostgreSQL takes at most 65,535 parameters. */
const batch = 1000;

/** Reads everything before anything is written: half an inventory would make phones look gone. Throws ExchangeError. */
export async function readInventory(
  exchange: Exchange<'read'>,
  organisation: Organisation,
  readAt: Date,
): Promise<Inventory> {
  const mailboxes = await exchange.run(listMailboxIdentities, {});
  const devices = await exchange.run(listMobileDevices, {});
  const rules = await exchange.run(getActiveSyncDeviceAccessRule, {});
  const [settings] = await exchange.run(getActiveSyncOrganizationSettings, {});
  const ownerOf = owners(mailboxes);
  return {
    readAt,
    defaultAccessLevel: settings?.defaultAccessLevel ?? '',
    devices: devices.map(({ identity: _identity, distinguishedName: _name, unreadable: _unreadable, ...row }) => ({
      ...row,
      organisation,
      personGuid: ownerOf({ identity: _identity, distinguishedName: _name }) ?? null,
      firstSeenAt: readAt,
      readAt,
      gone: false,
    })),
    rules: rules.map(({ unreadable: _unreadable, ...rule }) => ({ ...rule, organisation, readAt, goneAt: null })),
  };
}

/** Keeps it; answers the rules that were there at the last look and are not any more. */
export async function storeInventory(
  db: Kysely<Database>,
  organisation: Organisation,
  inventory: Inventory,
): Promise<{ goneRules: { guid: string; name: string }[] }> {
  const { readAt } = inventory;
  for (let from = 0; from < inventory.devices.length; from += batch) {
    await db
      .insertInto('mobileDevice')
      .values(inventory.devices.slice(from, from + batch))
      .onConflict((conflict) =>
        conflict.columns(['organisation', 'guid']).doUpdateSet((eb) => ({
          personGuid: eb.ref('excluded.personGuid'),
          deviceId: eb.ref('excluded.deviceId'),
          friendlyName: eb.ref('excluded.friendlyName'),
          deviceType: eb.ref('excluded.deviceType'),
          deviceModel: eb.ref('excluded.deviceModel'),
          deviceOs: eb.ref('excluded.deviceOs'),
          userAgent: eb.ref('excluded.userAgent'),
          clientType: eb.ref('excluded.clientType'),
          clientVersion: eb.ref('excluded.clientVersion'),
          accessState: eb.ref('excluded.accessState'),
          accessReason: eb.ref('excluded.accessReason'),
          accessRule: eb.ref('excluded.accessRule'),
          firstSync: eb.ref('excluded.firstSync'),
          readAt: eb.ref('excluded.readAt'),
          gone: eb.ref('excluded.gone'),
        })),
      )
      .execute();
  }
  await db
    .updateTable('mobileDevice')
    .set({ gone: true })
    .where('organisation', '=', organisation)
    .where('gone', '=', false)
    .where('readAt', '<', readAt)
    .execute();
  const goneRules = await storeRules(db, organisation, inventory);
  await db
    .insertInto('appInventory')
    .values({ organisation, defaultAccessLevel: inventory.defaultAccessLevel, readAt, problem: null })
    .onConflict((conflict) =>
      conflict
        .column('organisation')
        .doUpdateSet({ defaultAccessLevel: inventory.defaultAccessLevel, readAt, problem: null }),
    )
    .execute();
  return { goneRules };
}

async function storeRules(
  db: Kysely<Database>,
  organisation: Organisation,
  { rules, readAt }: Inventory,
): Promise<{ guid: string; name: string }[]> {
  if (rules.length > 0) {
    await db
      .insertInto('accessRule')
      .values(rules.map((rule) => ({ ...rule, firstSeenAt: readAt })))
      .onConflict((conflict) =>
        conflict.columns(['organisation', 'guid']).doUpdateSet((eb) => ({
          name: eb.ref('excluded.name'),
          characteristic: eb.ref('excluded.characteristic'),
          queryString: eb.ref('excluded.queryString'),
          accessLevel: eb.ref('excluded.accessLevel'),
          readAt: eb.ref('excluded.readAt'),
          goneAt: null,
        })),
      )
      .execute();
  }
  return db
    .updateTable('accessRule')
    .set({ goneAt: readAt })
    .where('organisation', '=', organisation)
    .where('goneAt', 'is', null)
    .where('readAt', '<', readAt)
    .returning(['guid', 'name'])
    .execute();
}

/**
 * Whose a device is: its object stands two steps below the mailbox's, in both spellings of a path. A display name that two
 * people share names nobody.
 */
export function owners(
  mailboxes: readonly MailboxIdentityRow[],
): (device: Pick<InventoryDeviceRow, 'identity' | 'distinguishedName'>) => string | undefined {
  const byName = new Map<string, string>();
  for (const { guid, identity, distinguishedName } of mailboxes) {
    for (const name of [identity, distinguishedName]) if (name !== '') byName.set(name.toLowerCase(), guid);
  }
  return ({ identity, distinguishedName }) => {
    const above = /,CN=ExchangeActiveSyncDevices,(.+)$/i.exec(distinguishedName)?.[1];
    const path = /^(.+?)[/\\]ExchangeActiveSyncDevices[/\\]/i.exec(identity)?.[1];
    return byName.get(above?.toLowerCase() ?? '') ?? byName.get(path?.toLowerCase() ?? '');
  };
}

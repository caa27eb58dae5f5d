/** The organisation's devices, rules and default, read from Exchange as a whole and kept, so that questions need not wait for it. */
import { type Insertable, type Kysely, sql } from 'kysely';
import { getActiveSyncDeviceAccessRule } from '../exchange/cmdlets/get-activesync-device-access-rule.ts';
import { getActiveSyncOrganizationSettings } from '../exchange/cmdlets/get-activesync-organization-settings.ts';
import { listMailboxIdentities, type MailboxIdentityRow } from '../exchange/cmdlets/list-mailbox-identities.ts';
import { type InventoryDeviceRow, listMobileDevices } from '../exchange/cmdlets/list-mobile-devices.ts';
import { type Exchange, ExchangeError, type Unreadable } from '../exchange/port.ts';
import { minute } from '../ground/durations.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { packedRows } from '../ground/packed-rows.ts';
import type { JobContext } from '../incidents/job.ts';
import { excluded } from '../store/excluded.ts';
import { jsonRows } from '../store/json-rows.ts';
import { pagesOf } from '../store/pages.ts';
import type { Database } from '../store/schema.ts';
import type { AccessRuleTable, MobileDeviceTable } from '../store/tables/apps.ts';

export type Inventory = {
  /** Made one after the other as they are stored: twice as many would take twice the memory. */
  devices: Iterable<Insertable<MobileDeviceTable>>;
  rules: Omit<Insertable<AccessRuleTable>, 'firstSeenAt'>[];
  defaultAccessLevel: string;
  readAt: Date;
  /** Every row was read: what is not listed is not there. */
  whole: { devices: boolean; rules: boolean };
};

/** Rows per statement, and in one turn of the event loop. */
const batch = 500;

/** Reads everything before anything is written: half an inventory would make phones look gone. Throws ExchangeError. */
export async function readInventory(
  exchange: Exchange<'read'>,
  organisation: Organisation,
  readAt: Date,
): Promise<Inventory> {
  const owners = mailboxOwners();
  await exchange.run(
    listMailboxIdentities,
    {},
    { onUnreadable: () => undefined, into: { begin: owners.clear, take: owners.note } },
  );
  const whole = { devices: true, rules: true };
  const lost = (what: keyof typeof whole) => ({
    onUnreadable: ({ rowLost }: Unreadable) => {
      whole[what] &&= !rowLost;
    },
  });
  const devices = packedRows<PackedDevice>(batch);
  await exchange.run(
    listMobileDevices,
    {},
    { ...lost('devices'), into: { begin: devices.clear, take: (rows) => devices.add(rows.map(packedDevice)) } },
  );
  const rules = await exchange.run(getActiveSyncDeviceAccessRule, {}, lost('rules'));
  const [settings] = await exchange.run(getActiveSyncOrganizationSettings, {});
  return {
    readAt,
    whole,
    defaultAccessLevel: settings?.defaultAccessLevel ?? '',
    devices: {
      *[Symbol.iterator]() {
        for (const page of devices.pages()) {
          for (const { identity, distinguishedName, unreadable: _unreadable, firstSync, ...row } of page) {
            const personGuid = owners.ownerOf({ identity, distinguishedName }) ?? null;
            const first = firstSync === null ? null : new Date(firstSync);
            yield { ...row, firstSync: first, organisation, personGuid, firstSeenAt: readAt, readAt, gone: false };
          }
        }
      },
    },
    rules: rules.map(({ unreadable: _unreadable, ...rule }) => ({ ...rule, organisation, readAt, goneAt: null })),
  };
}

type PackedDevice = Omit<InventoryDeviceRow, 'firstSync'> & { firstSync: string | null };

function packedDevice({ firstSync, ...row }: InventoryDeviceRow): PackedDevice {
  return { ...row, firstSync: firstSync?.toISOString() ?? null };
}

/** Keeps what is new in it; answers the rules that were there at the last look and are not any more, and how many devices were written. */
export async function storeInventory(
  db: Kysely<Database>,
  organisation: Organisation,
  inventory: Inventory,
): Promise<{ goneRules: { guid: string; name: string }[]; written: number }> {
  const { readAt, defaultAccessLevel, devices, rules, whole } = inventory;
  const told = new Set<string>();
  let written = 0;
  let some: Insertable<MobileDeviceTable>[] = [];
  for (const device of devices) {
    told.add(device.guid);
    some.push(device);
    if (some.length < batch) continue;
    written += await writeChanged(db, some);
    some = [];
  }
  written += await writeChanged(db, some);
  if (whole.devices) written += await markGone(db, organisation, told);
  if (rules.length > 0) {
    await db
      .insertInto('accessRule')
      .values(rules.map((rule) => ({ ...rule, firstSeenAt: readAt })))
      .onConflict((conflict) => conflict.columns(['organisation', 'guid']).doUpdateSet(excluded(...ruleColumns)))
      .execute();
  }
  const goneRules = !whole.rules
    ? []
    : await db
        .updateTable('accessRule')
        .set({ goneAt: readAt })
        .where('organisation', '=', organisation)
        .where('goneAt', 'is', null)
        .where('readAt', '<', readAt)
        .returning(['guid', 'name'])
        .execute();
  const read = { defaultAccessLevel, readAt, problem: null };
  await db
    .insertInto('appInventory')
    .values({ organisation, ...read })
    .onConflict((conflict) => conflict.column('organisation').doUpdateSet(read))
    .execute();
  return { goneRules, written };
}

const ruleColumns = ['name', 'characteristic', 'queryString', 'accessLevel', 'readAt', 'goneAt'] as const;

/** Writes the devices that are not known as they are told, and answers how many those were. */
async function writeChanged(db: Kysely<Database>, devices: readonly Insertable<MobileDeviceTable>[]): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into mobile_device (organisation, guid, person_guid, device_id, friendly_name, device_type, device_model, device_os, user_agent,
      client_type, client_version, access_state, access_reason, access_rule, first_sync, first_seen_at, read_at, gone)
    select told.organisation, told.guid, told."personGuid", told."deviceId", told."friendlyName", told."deviceType", told."deviceModel",
      told."deviceOs", told."userAgent", told."clientType", told."clientVersion", told."accessState", told."accessReason",
      told."accessRule", told."firstSync", told."firstSeenAt", told."readAt", false
    from jsonb_to_recordset(${jsonRows(devices)}) as told (organisation text, guid text, "personGuid" text, "deviceId" text,
        "friendlyName" text, "deviceType" text, "deviceModel" text, "deviceOs" text, "userAgent" text, "clientType" text,
        "clientVersion" integer, "accessState" text, "accessReason" text, "accessRule" text, "firstSync" timestamptz,
        "firstSeenAt" timestamptz, "readAt" timestamptz)
      left join mobile_device as known on known.organisation = told.organisation and known.guid = told.guid
    where known.guid is null or known.gone or (known.person_guid, known.device_id, known.friendly_name, known.device_type,
        known.device_model, known.device_os, known.user_agent, known.client_type, known.client_version, known.access_state,
        known.access_reason, known.access_rule, known.first_sync)
      is distinct from (told."personGuid", told."deviceId", told."friendlyName", told."deviceType", told."deviceModel",
        told."deviceOs", told."userAgent", told."clientType", told."clientVersion", told."accessState", told."accessReason",
        told."accessRule", told."firstSync")
    on conflict (organisation, guid) do update set person_guid = excluded.person_guid, device_id = excluded.device_id,
      friendly_name = excluded.friendly_name, device_type = excluded.device_type, device_model = excluded.device_model,
      device_os = excluded.device_os, user_agent = excluded.user_agent, client_type = excluded.client_type,
      client_version = excluded.client_version, access_state = excluded.access_state, access_reason = excluded.access_reason,
      access_rule = excluded.access_rule, first_sync = excluded.first_sync, read_at = excluded.read_at, gone = false`.execute(
    db,
  );
  return Number(numAffectedRows ?? 0);
}

async function markGone(db: Kysely<Database>, organisation: Organisation, told: ReadonlySet<string>): Promise<number> {
  let gone = 0;
  const known = db
    .selectFrom('mobileDevice')
    .select('guid')
    .where('organisation', '=', organisation)
    .where('gone', '=', false);
  for await (const some of pagesOf((last, most) =>
    known.where('guid', '>', last).orderBy('guid').limit(most).execute(),
  )) {
    const absent = some.flatMap(({ guid }) => (told.has(guid) ? [] : [guid]));
    if (absent.length === 0) continue;
    await sql`
      update mobile_device set gone = true where organisation = ${organisation} and guid = any(${absent}::text[])`.execute(
      db,
    );
    gone += absent.length;
  }
  return gone;
}

/**
 * Whose a device is: its object stands two steps below the mailbox's, in both spellings of a path. A display name that two
 * people share names nobody.
 */
export function mailboxOwners(): {
  clear(): void;
  note(mailboxes: readonly MailboxIdentityRow[]): void;
  ownerOf(device: Pick<InventoryDeviceRow, 'identity' | 'distinguishedName'>): string | undefined;
} {
  /** null: several mailboxes have this name. */
  const byName = new Map<string, string | null>();
  return {
    clear: () => byName.clear(),
    note: (mailboxes) => {
      for (const { guid, identity, distinguishedName } of mailboxes)
        for (const name of [identity, distinguishedName].map((each) => each.toLowerCase())) {
          if (name !== '') byName.set(name, byName.has(name) && byName.get(name) !== guid ? null : guid);
        }
    },
    ownerOf: ({ identity, distinguishedName }) => {
      const above = /,CN=ExchangeActiveSyncDevices,(.+)$/i.exec(distinguishedName)?.[1];
      const path = /^(.+?)[/\\]ExchangeActiveSyncDevices[/\\]/i.exec(identity)?.[1];
      return byName.get(above?.toLowerCase() ?? '') ?? byName.get(path?.toLowerCase() ?? '') ?? undefined;
    },
  };
}

/** For so long what was read answers. */
const freshMs = 5 * minute;

/** Since when the inventory is as it is, and why it is not newer. */
export type InventoryState = { readAt: Date | null; problem: string | null; defaultAccessLevel: string };

/** As it was read last. */
export async function storedInventory(db: Kysely<Database>, organisation: Organisation): Promise<InventoryState> {
  const known = await db
    .selectFrom('appInventory')
    .select(['readAt', 'problem', 'defaultAccessLevel'])
    .where('organisation', '=', organisation)
    .executeTakeFirst();
  return known ?? { readAt: null, problem: null, defaultAccessLevel: '' };
}

/** Reads devices and rules again unless they were read within the last minutes. With Exchange away, what is known stands. */
export async function refreshInventory(
  context: JobContext,
  organisation: Organisation,
  options: { force?: boolean } = {},
): Promise<InventoryState & { goneRules: { guid: string; name: string }[] }> {
  const { store, clock } = context;
  const known = await store.db
    .selectFrom('appInventory')
    .selectAll()
    .where('organisation', '=', organisation)
    .executeTakeFirst();
  const now = clock.now();
  const state = {
    readAt: known?.readAt ?? null,
    problem: null,
    defaultAccessLevel: known?.defaultAccessLevel ?? '',
    goneRules: [],
  };
  if (options.force !== true && known !== undefined && now.getTime() - known.readAt.getTime() < freshMs) return state;
  try {
    const inventory = await readInventory(context.exchange(organisation), organisation, now);
    const stored = await store.change((change) => storeInventory(change.tx, organisation, inventory));
    return { ...state, ...stored, readAt: now, defaultAccessLevel: inventory.defaultAccessLevel };
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    context.log.warn({ err: error }, 'the inventory could not be read');
    return { ...state, problem: error.userMessage };
  }
}

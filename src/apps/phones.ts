/** Phones as helpdesk thinks of them: what Exchange's inventory and the logs say of one device of one person, together. */
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import { accountOwners, bareAccount } from '../activesync/account.ts';
import type { Person } from '../directory/person.ts';
import type { Database } from '../store/schema.ts';
import type { MobileDeviceTable } from '../store/tables/apps.ts';
import { type App, appOf } from './app.ts';
import { summaryOf, type UsageClient, type UsageQuery, type UsageSummary, usageOf } from './usage.ts';

export type InventoryDevice = Selectable<MobileDeviceTable>;

export type Phone = {
  /** Lower-case device id with its owner: what stays the same over refreshes. */
  key: string;
  owner: { guid: string; name: string } | null;
  /** The account as it was logged, where no person could be named. */
  account: string;
  deviceId: string;
  /** Absent: only the logs know it. */
  device?: InventoryDevice;
  app: App;
  /** What it says of itself, the inventory first. */
  names: { type: string; model: string; os: string; agent: string; strays: readonly string[] };
  clients: readonly UsageClient[];
  usage: UsageSummary;
  /** Earliest of the first sync, what the logs show, and when the bot first saw it. */
  firstSeen: Date | null;
  lastSeen: Date | null;
};

/** With `deviceIds` nothing is read of anybody else. */
export type PhonesQuery = Omit<UsageQuery, 'person'> & {
  /** Only this person's. */
  person?: Person;
};

/** Every phone that Exchange lists or that made requests since then. */
export async function loadPhones(db: Kysely<Database>, query: PhonesQuery): Promise<Phone[]> {
  const [{ nameOf, ownerOf, clients }, inventory] = await Promise.all([clientsOf(db, query), inventoryOf(db, query)]);

  const groups = new Map<string, { device?: InventoryDevice; owner: string | undefined; clients: UsageClient[] }>();
  for (const device of inventory) {
    groups.set(keyOf(device.deviceId, device.personGuid ?? ''), {
      device,
      owner: device.personGuid ?? undefined,
      clients: [],
    });
  }
  for (const client of clients) {
    const owner = ownerOf(client.account);
    const key = keyOf(client.deviceId === '' ? client.userAgent : client.deviceId, owner ?? client.account);
    const group = groups.get(key) ?? { owner, clients: [] };
    groups.set(key, group);
    group.clients.push(client);
  }
  return [...groups].map(([key, group]) => phoneOf(key, group, nameOf));
}

type Read = {
  nameOf: ReadonlyMap<string, string>;
  ownerOf: (account: string) => string | undefined;
  clients: UsageClient[];
};

/** One person's clients with these device ids, by lower-case device id: what the logs alone know. */
export async function clientsOfPerson(
  db: Kysely<Database>,
  query: PhonesQuery & { person: Person; deviceIds: readonly string[] },
): Promise<ReadonlyMap<string, UsageClient[]>> {
  const byId = new Map<string, UsageClient[]>();
  for (const client of (await clientsOf(db, query)).clients) {
    const id = client.deviceId.toLowerCase();
    byId.set(id, [...(byId.get(id) ?? []), client]);
  }
  return byId;
}

/** The clients that are asked about, with those people whose account theirs may be: of one person's phones nobody else is read. */
async function clientsOf(db: Kysely<Database>, query: PhonesQuery): Promise<Read> {
  const { organisation, person } = query;
  const ofAll = person === undefined && query.deviceIds === undefined;
  const found = await usageOf(db, query);
  const accounts = [...new Set(found.map(({ account }) => account.trim().toLowerCase()))];
  const people = await db
    .selectFrom('person')
    .selectAll()
    .where('organisation', '=', organisation)
    .$if(!ofAll, (some) => some.where(hasAccount(accounts)))
    .execute();
  const nameOf = namesOf(person === undefined ? people : [...people, person]);
  const ownerOf = accountOwners(people.filter(({ gone }) => !gone));
  const clients = person === undefined ? found : found.filter(({ account }) => ownerOf(account) === person.guid);
  return { nameOf, ownerOf, clients };
}

/** For a query over `person`: whether one of these accounts (lower case) may be his, by address or by bare name. */
function hasAccount(accounts: readonly string[]): RawBuilder<boolean> {
  const bare = [...new Set(accounts.map(bareAccount))];
  return sql<boolean>`(lower(upn) = any(${accounts}::text[]) or lower(primary_smtp) = any(${accounts}::text[]) or addresses ?| ${accounts}::text[]
    or lower(alias) = any(${bare}::text[]) or lower(split_part(upn, '@', 1)) = any(${bare}::text[]))`;
}

function namesOf(people: readonly { guid: string; displayName: string }[]): ReadonlyMap<string, string> {
  return new Map(people.map(({ guid, displayName }) => [guid, displayName]));
}

async function inventoryOf(
  db: Kysely<Database>,
  { organisation, person, deviceIds }: PhonesQuery,
): Promise<InventoryDevice[]> {
  let found = db
    .selectFrom('mobileDevice')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('gone', '=', false)
    .orderBy('guid');
  if (person !== undefined) found = found.where('personGuid', '=', person.guid);
  if (deviceIds !== undefined) {
    const ids = deviceIds.map((id) => id.toLowerCase());
    found = found.where(sql<boolean>`lower(device_id) = any(${ids}::text[])`);
  }
  return await found.execute();
}

function keyOf(deviceId: string, owner: string): string {
  return `${deviceId.toLowerCase()}\n${owner.toLowerCase()}`;
}

function phoneOf(
  key: string,
  { device, owner, clients }: { device?: InventoryDevice; owner: string | undefined; clients: UsageClient[] },
  nameOf: ReadonlyMap<string, string>,
): Phone {
  const newest = clients.toSorted((one, other) => other.lastAt.getTime() - one.lastAt.getTime())[0];
  const strays = [...new Set(clients.map(({ stray }) => stray).filter((stray) => stray !== ''))];
  const names = {
    type: device?.deviceType || newest?.deviceType || '',
    model: device?.deviceModel || newest?.model || '',
    os: device?.deviceOs || newest?.os || '',
    agent: device?.userAgent || newest?.userAgent || '',
    strays,
  };
  const usage = summaryOf(clients);
  const firsts = [device?.firstSync ?? null, usage.firstAt].filter((at) => at !== null);
  return {
    key,
    owner: owner === undefined ? null : { guid: owner, name: nameOf.get(owner) ?? 'somebody not in the directory' },
    account: newest?.account ?? '',
    deviceId: device?.deviceId ?? newest?.deviceId ?? '',
    ...(device === undefined ? {} : { device }),
    app: appOf({
      deviceType: names.type,
      deviceModel: names.model,
      userAgent: names.agent,
      stray: strays.join(' '),
    }),
    names,
    clients,
    usage,
    firstSeen:
      firsts.length === 0 ? (device?.firstSeenAt ?? null) : new Date(Math.min(...firsts.map((at) => at.getTime()))),
    lastSeen: usage.lastAttempt?.end ?? null,
  };
}

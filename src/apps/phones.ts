/** Phones as helpdesk thinks of them: what Exchange's inventory and the logs say of one device of one person, together. */
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import { accountIndex, bareAccount } from '../activesync/account.ts';
import type { Person } from '../directory/person.ts';
import { groupedBy } from '../ground/grouped.ts';
import { earliest } from '../ground/instants.ts';
import { inTurns } from '../ground/turns.ts';
import { pagesOf } from '../store/pages.ts';
import type { Database } from '../store/schema.ts';
import type { MobileDeviceTable } from '../store/tables/apps.ts';
import { type App, appOf, type ClientNames } from './app.ts';
import { hasDeviceId, summaryOf, type UsageClient, type UsageQuery, type UsageSummary, usageOf } from './usage.ts';

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

/** Parts and phones that are put together in one turn of the event loop. */
const atOnce = 2000;

/** Every phone that Exchange lists or that made requests since then. */
export async function loadPhones(db: Kysely<Database>, query: PhonesQuery): Promise<Phone[]> {
  const [{ nameOf, ownerOf, clients }, inventory] = await Promise.all([clientsOf(db, query), inventoryOf(db, query)]);
  await nameOwners(db, inventory, nameOf);
  const groups = new Map<string, [Part, ...Part[]]>();
  const add = (part: Part): void => {
    const key = `${part.deviceId}\n${part.owner ?? part.client?.account ?? ''}`.toLowerCase();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [part]);
    else group.push(part);
  };
  await inTurns(inventory, atOnce, (device) =>
    add({ device, owner: device.personGuid ?? undefined, deviceId: device.deviceId }),
  );
  await inTurns(clients, atOnce, (client) =>
    add({
      client,
      owner: ownerOf(client.account),
      deviceId: client.deviceId === '' ? client.userAgent : client.deviceId,
    }),
  );
  const apps = appsOnce();
  // Who did not log in makes no phone: their attempts are counted beside the one that they name, where there is one.
  const named = [...groups].filter(([, parts]) => parts.some(({ client }) => client?.anonymous !== true));
  return await inTurns(named, atOnce, ([key, parts]) => phoneOf(key, parts, nameOf, apps));
}

/** What one side knows of a phone: Exchange's inventory, or a client of the logs. */
type Part = { device?: InventoryDevice; client?: UsageClient; owner: string | undefined; deviceId: string };

/** One person's clients with these device ids, by lower-case device id: what the logs alone know. */
export async function clientsOfPerson(
  db: Kysely<Database>,
  query: PhonesQuery & { person: Person; deviceIds: readonly string[] },
): Promise<ReadonlyMap<string, UsageClient[]>> {
  const { clients } = await clientsOf(db, query);
  return groupedBy(clients, ({ deviceId }) => deviceId.toLowerCase());
}

/** The clients that are asked about, with those people whose account theirs may be: of one person's phones nobody else is read. */
async function clientsOf(
  db: Kysely<Database>,
  query: PhonesQuery,
): Promise<{
  nameOf: Map<string, string>;
  ownerOf: (account: string) => string | undefined;
  clients: UsageClient[];
}> {
  const { organisation, person, deviceIds } = query;
  const ofAll = person === undefined && deviceIds === undefined;
  const found = await usageOf(db, query);
  const accounts = ofAll ? [] : [...new Set(found.map(({ account }) => account.trim().toLowerCase()))];
  const nameOf = new Map(person === undefined ? [] : [[person.guid, person.displayName]]);
  const index = accountIndex();
  let people = db
    .selectFrom('person')
    .select(['guid', 'displayName', 'alias', 'upn', 'primarySmtp', 'addresses', 'gone'])
    .where('organisation', '=', organisation);
  if (!ofAll) people = people.where(hasAccount(accounts));
  if (!ofAll && accounts.length === 0) return { nameOf, ownerOf: index.ownerOf, clients: [] };
  for await (const some of pagesOf((last, most) =>
    people.where('guid', '>', last).orderBy('guid').limit(most).execute(),
  )) {
    for (const one of some) {
      nameOf.set(one.guid, one.displayName);
      if (!one.gone && found.length > 0) index.note(one);
    }
  }
  const { ownerOf } = index;
  return {
    nameOf,
    ownerOf,
    clients: person === undefined ? found : found.filter(({ account }) => ownerOf(account) === person.guid),
  };
}

/** Adds the names of those owners that are not in it. */
async function nameOwners(
  db: Kysely<Database>,
  inventory: readonly InventoryDevice[],
  nameOf: Map<string, string>,
): Promise<void> {
  const guids = new Set(inventory.flatMap(({ personGuid }) => personGuid ?? []));
  const unknown = [...guids].filter((guid) => !nameOf.has(guid));
  if (unknown.length === 0) return;
  const owners = db
    .selectFrom('person')
    .select(['guid', 'displayName'])
    .where(sql<boolean>`guid = any(${unknown}::text[])`);
  for (const { guid, displayName } of await owners.execute()) nameOf.set(guid, displayName);
}

/** For a query over `person`: whether one of these accounts (lower case) may be theirs, by address or by bare name. */
function hasAccount(accounts: readonly string[]): RawBuilder<boolean> {
  const bare = [...new Set(accounts.map(bareAccount))];
  return sql<boolean>`(lower(upn) = any(${accounts}::text[]) or lower(primary_smtp) = any(${accounts}::text[]) or addresses ?| ${accounts}::text[]
    or lower(alias) = any(${bare}::text[]) or lower(split_part(upn, '@', 1)) = any(${bare}::text[]))`;
}

async function inventoryOf(
  db: Kysely<Database>,
  { organisation, person, deviceIds }: PhonesQuery,
): Promise<InventoryDevice[]> {
  let found = db
    .selectFrom('mobileDevice')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('gone', '=', false);
  if (person !== undefined) found = found.where('personGuid', '=', person.guid);
  if (deviceIds !== undefined) found = found.where(hasDeviceId(deviceIds));
  const devices: InventoryDevice[] = [];
  const text = knownOnce((same: string) => same);
  for await (const some of pagesOf((last, most) =>
    found.where('guid', '>', last).orderBy('guid').limit(most).execute(),
  )) {
    for (const device of some) {
      // Thousands of phones say the same of themselves: it is kept once.
      for (const name of repeated) device[name] = text(device[name]);
      devices.push(device);
    }
  }
  return devices;
}

const repeated = [
  ...(['deviceType', 'deviceModel', 'deviceOs', 'userAgent', 'clientType'] as const),
  ...(['accessState', 'accessReason', 'accessRule'] as const),
];

/** Remembers what was made of each text. */
function knownOnce<T>(make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const made = make(text);
    known.set(text, made);
    return made;
  };
}

/** `appOf`, which tries every name on every known app, once for the same names. */
function appsOnce(): (names: ClientNames) => App {
  const known = new Map<string, App>();
  return (names) => {
    const key = [names.deviceType, names.deviceModel, names.userAgent, names.stray].join('\n');
    const app = known.get(key) ?? appOf(names);
    known.set(key, app);
    return app;
  };
}

const noUsage = summaryOf([]);

/** Of several entries of the inventory with one id and one owner the last counts. */
function phoneOf(
  key: string,
  parts: readonly [Part, ...Part[]],
  nameOf: ReadonlyMap<string, string>,
  app: (names: ClientNames) => App,
): Phone {
  const device = parts.findLast((part) => part.device !== undefined)?.device;
  const clients = parts.flatMap(({ client }) => client ?? []);
  const { owner } = parts[0];
  const known = clients.filter(({ anonymous }) => !anonymous);
  const newest = known.toSorted((one, other) => other.lastAt.getTime() - one.lastAt.getTime())[0];
  const strays = [...new Set(known.map(({ stray }) => stray).filter((stray) => stray !== ''))];
  const type = device?.deviceType || newest?.deviceType || '';
  const model = device?.deviceModel || newest?.model || '';
  const agent = device?.userAgent || newest?.userAgent || '';
  const usage = clients.length === 0 ? noUsage : summaryOf(clients);
  return {
    key,
    owner: owner === undefined ? null : { guid: owner, name: nameOf.get(owner) ?? 'somebody not in the directory' },
    account: newest?.account ?? '',
    deviceId: device?.deviceId ?? newest?.deviceId ?? '',
    ...(device === undefined ? {} : { device }),
    app: app({ deviceType: type, deviceModel: model, userAgent: agent, stray: strays.join(' ') }),
    names: { type, model, os: device?.deviceOs || newest?.os || '', agent, strays },
    clients,
    usage,
    firstSeen: earliest([device?.firstSync, usage.firstAt]) ?? device?.firstSeenAt ?? null,
    lastSeen: usage.lastAttempt?.end ?? null,
  };
}

/** Reads the facts of a person's devices from Exchange: the directory's rows and the mailbox's statistics, joined by GUID. */
import { isDeepStrictEqual } from 'node:util';
import type { Kysely } from 'kysely';
import type { Person } from '../../directory/person.ts';
import { getMailbox } from '../../exchange/cmdlets/get-mailbox.ts';
import { getMobileDevice, type MobileDeviceRow } from '../../exchange/cmdlets/get-mobile-device.ts';
import {
  getMobileDeviceStatistics,
  type MobileDeviceStatisticsRow,
} from '../../exchange/cmdlets/get-mobile-device-statistics.ts';
import type { Exchange, Unreadable } from '../../exchange/port.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import type { Database } from '../../store/schema.ts';
import { clientKind, clocksDiffer, DeviceFacts, deviceDisplayName, type WipeTimes, wipeTimesRead } from './device.ts';

export type DeviceReading = {
  readonly devices: readonly DeviceFacts[];
  /** Both of Exchange's lists were read, every row of them. Otherwise a device that is not among `devices` is not known to be absent. */
  readonly whole: boolean;
};

/** The Exchange that is read, and the store whose inventory knows whose phones are whose. */
export type DeviceSource = { readonly exchange: Exchange<'read'>; readonly db: Kysely<Database> };

/**
 * Every device of one mailbox. The mailbox is resolved again to exactly one GUID first: an alias may name somebody else by
 * now, and a missing one makes Exchange answer with every device. A device that the inventory knows as somebody
 * else's is contradicted: Exchange answered with more than it was asked for, or the inventory is old. Throws ExchangeError.
 */
export async function readDevices({ exchange, db }: DeviceSource, mailboxGuid: PersonGuid): Promise<DeviceReading> {
  let whole = true;
  const options = {
    onUnreadable: ({ rowLost }: Unreadable) => {
      whole &&= !rowLost;
    },
  };
  const [mailbox] = await exchange.run(getMailbox, { Identity: mailboxGuid }, options);
  if (mailbox?.guid !== mailboxGuid) return { devices: [], whole: false };
  const directory = byGuid(await exchange.run(getMobileDevice, { Mailbox: mailbox.guid }, options));
  const statistics = byGuid(await exchange.run(getMobileDeviceStatistics, { Mailbox: mailbox.guid }, options));
  const answered = [...new Set([...directory.keys(), ...statistics.keys()])];
  const foreign = await devicesOfOthers(db, mailboxGuid, answered);
  const devices = answered.flatMap((guid) => {
    const facts = factsOf(directory.get(guid) ?? [], statistics.get(guid) ?? []);
    return facts === undefined ? [] : { ...facts, contradicted: facts.contradicted || foreign.has(guid) };
  });
  return { devices, whole };
}

/** The same without whether it is all. */
export async function readDeviceFacts(source: DeviceSource, mailboxGuid: PersonGuid): Promise<DeviceFacts[]> {
  return [...(await readDevices(source, mailboxGuid)).devices];
}

/** What one reading says of one device. `absent`: neither list has it, and both were read whole; one such reading proves nothing yet. */
export type DeviceAnswer = { kind: 'found'; facts: DeviceFacts } | { kind: 'absent' } | { kind: 'not-known' };

export async function readDevice(
  source: DeviceSource,
  mailboxGuid: PersonGuid,
  deviceGuid: string,
): Promise<DeviceAnswer> {
  const { devices, whole } = await readDevices(source, mailboxGuid);
  const facts = devices.find((device) => device.guid === deviceGuid);
  if (facts !== undefined) return { kind: 'found', facts };
  return { kind: whole ? 'absent' : 'not-known' };
}

function byGuid<Row extends { readonly guid: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) found.set(row.guid, [...(found.get(row.guid) ?? []), row]);
  return found;
}

async function devicesOfOthers(
  db: Kysely<Database>,
  person: PersonGuid,
  guids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (guids.length === 0) return new Set();
  const rows = await db
    .selectFrom('mobileDevice')
    .select('guid')
    .where('personGuid', '!=', person)
    .where('guid', 'in', guids)
    .execute();
  return new Set(rows.map(({ guid }) => guid));
}

/** What a look for wipes from elsewhere needs of a device. */
export type DeviceWipeTimes = Pick<DeviceFacts, 'guid' | 'name' | 'wipe'>;

/**
 * The wipe times of one mailbox's devices, in one call. The directory is not asked for them: what the inventory knows as somebody
 * else's is left out instead, should Exchange answer with more than it was asked for. Throws ExchangeError.
 */
export async function readWipeTimes(
  { exchange, db }: DeviceSource,
  person: Pick<Person, 'guid'>,
): Promise<DeviceWipeTimes[]> {
  const rows = await exchange.run(getMobileDeviceStatistics, { Mailbox: person.guid });
  // What cannot be read, or is told twice and differently, is no request: the devices of an incident say so.
  const known = [...byGuid(rows).values()].flatMap(([row, ...more]) =>
    row !== undefined && wipeTimesRead(row) && areAlike([row, ...more].map(wipesOf)) ? [row] : [],
  );
  const wiped = known.filter((row) => row.wipeRequestTime !== null || row.accountWipeRequestTime !== null);
  if (wiped.length === 0) return [];
  const foreign = await devicesOfOthers(
    db,
    person.guid,
    wiped.map(({ guid }) => guid),
  );
  return wiped
    .filter(({ guid }) => !foreign.has(guid))
    .map((row) => ({
      guid: row.guid,
      name: deviceDisplayName({ friendlyName: row.friendlyName, model: row.deviceModel, type: row.deviceType }),
      wipe: wipesOf(row),
    }));
}

/**
 * One device from all rows of it. Without its directory row names and access come from the mailbox's; without statistics times are
 * not known. Rows that say the same of identity and wipes are one; others contradict each other.
 */
export function factsOf(
  devices: readonly MobileDeviceRow[],
  rows: readonly MobileDeviceStatisticsRow[],
): DeviceFacts | undefined {
  const [device] = devices;
  const [statistics] = rows;
  const either = device ?? statistics;
  if (either === undefined) return undefined;
  // What one list leaves empty the other may tell.
  const other = statistics ?? either;
  const type = either.deviceType || other.deviceType;
  const model = either.deviceModel || other.deviceModel;
  return DeviceFacts.parse({
    guid: either.guid,
    deviceId: either.deviceId || other.deviceId,
    name: deviceDisplayName({ friendlyName: either.friendlyName || other.friendlyName, model, type }),
    os: either.deviceOs || other.deviceOs,
    client: clientKind(either.clientType || other.clientType),
    clientVersion: either.clientVersion ?? other.clientVersion,
    model,
    type,
    userAgent: either.userAgent || other.userAgent,
    accessState: either.accessState || other.accessState,
    accessReason: either.accessReason || other.accessReason,
    firstSync: iso(statistics?.firstSyncTime ?? device?.firstSyncTime),
    lastSync: iso(statistics?.lastSuccessSync),
    lastAttempt: iso(statistics?.lastSyncAttempt),
    lastHeartbeatSeconds: statistics?.lastPingHeartbeat ?? null,
    wipe: wipesOf(statistics),
    status: statistics?.status ?? '',
    wipeSupported: statistics?.wipeSupported ?? null,
    policyApplied: policyWord(statistics?.policyStatus ?? ''),
    managedByMdm: device?.managed === true || either.accessReason.toLowerCase().startsWith('external'),
    phoneHint: statistics?.phoneNumber ?? '',
    knownTo: device === undefined ? 'mailbox' : statistics === undefined ? 'directory' : 'both',
    unreadable: [...new Set([...devices, ...rows].flatMap((row) => row.unreadable))],
    contradicted:
      !areAlike(devices.map(identityOfRow)) || !areAlike(rows.map(wipesOf)) || !areAlike(rows.map(identityOfRow)),
    disagreeing: device === undefined || statistics === undefined ? [] : disagreements(device, statistics),
  });
}

/** Properties that say what a wipe does on it, where both lists tell them, and differently. */
function disagreements(device: MobileDeviceRow, statistics: MobileDeviceStatisticsRow): string[] {
  const pairs = [
    ['DeviceType', device.deviceType, statistics.deviceType],
    ['ClientType', device.clientType, statistics.clientType],
    ['ClientVersion', device.clientVersion, statistics.clientVersion],
  ] as const;
  const plain = (value: string | number | null) => String(value ?? '').toLowerCase();
  return pairs
    .filter(([, one, two]) => plain(one) !== '' && plain(two) !== '' && plain(one) !== plain(two))
    .map(([name]) => name);
}

function identityOfRow(row: MobileDeviceRow | MobileDeviceStatisticsRow) {
  return [row.deviceId, row.deviceType, row.clientType, row.clientVersion];
}

function areAlike(values: readonly unknown[]): boolean {
  return values.every((value) => isDeepStrictEqual(value, values[0]));
}

function wipesOf(statistics: MobileDeviceStatisticsRow | undefined): DeviceFacts['wipe'] {
  return {
    full: ofThisRequest({
      requested: iso(statistics?.wipeRequestTime),
      sent: iso(statistics?.wipeSentTime),
      acknowledged: iso(statistics?.wipeAckTime),
      requestor: statistics?.wipeRequestor ?? null,
    }),
    accountOnly: ofThisRequest({
      requested: iso(statistics?.accountWipeRequestTime),
      sent: iso(statistics?.accountWipeSentTime),
      acknowledged: iso(statistics?.accountWipeAckTime),
      requestor: statistics?.accountWipeRequestor ?? null,
    }),
  };
}

/** What the phone was told, or promised, before this request was made belongs to an earlier one. */
function ofThisRequest(times: WipeTimes): WipeTimes {
  const { requested } = times;
  if (requested === null) return times;
  const since = (time: string | null) =>
    time !== null && Date.parse(time) < Date.parse(requested) - clocksDiffer ? null : time;
  return { ...times, sent: since(times.sent), acknowledged: since(times.acknowledged) };
}

function policyWord(status: string): 'full' | 'partly' | 'none' | null {
  switch (status.toLowerCase()) {
    case 'appliedinfull':
      return 'full';
    case 'partiallyapplied':
      return 'partly';
    case 'notapplied':
      return 'none';
    default:
      return null;
  }
}

function iso(date: Date | null | undefined): string | null {
  return date?.toISOString() ?? null;
}

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
import { clientKind, DeviceFacts, deviceDisplayName } from './device.ts';

export type DeviceReading = {
  readonly devices: readonly DeviceFacts[];
  /** Both of Exchange's lists were read, every row of them. Otherwise a device that is not among `devices` is not known to be absent. */
  readonly whole: boolean;
};

/**
 * Every device of one mailbox. The mailbox is resolved again to exactly one GUID first: an alias may name somebody else by
 * now, and a missing one makes Exchange answer with every device. Throws ExchangeError.
 */
export async function readDevices(exchange: Exchange<'read'>, mailboxGuid: PersonGuid): Promise<DeviceReading> {
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
  const guids = [...new Set([...directory.keys(), ...statistics.keys()])];
  const devices = guids.flatMap((guid) => factsOf(directory.get(guid) ?? [], statistics.get(guid) ?? []) ?? []);
  return { devices, whole };
}

/** The same without whether it is all. */
export async function readDeviceFacts(exchange: Exchange<'read'>, mailboxGuid: PersonGuid): Promise<DeviceFacts[]> {
  return [...(await readDevices(exchange, mailboxGuid)).devices];
}

/** What one reading says of one device. `absent`: neither list has it, and both were read whole; one such reading proves nothing yet. */
export type DeviceAnswer = { kind: 'found'; facts: DeviceFacts } | { kind: 'absent' } | { kind: 'not-known' };

export async function readDevice(
  exchange: Exchange<'read'>,
  mailboxGuid: PersonGuid,
  deviceGuid: string,
): Promise<DeviceAnswer> {
  const { devices, whole } = await readDevices(exchange, mailboxGuid);
  const facts = devices.find((device) => device.guid === deviceGuid);
  if (facts !== undefined) return { kind: 'found', facts };
  return { kind: whole ? 'absent' : 'not-known' };
}

function byGuid<Row extends { readonly guid: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) found.set(row.guid, [...(found.get(row.guid) ?? []), row]);
  return found;
}

/** What a look for wipes from elsewhere needs of a device. */
export type DeviceWipeTimes = Pick<DeviceFacts, 'guid' | 'name' | 'wipe'>;

/**
 * The wipe times of one mailbox's devices, in one call. The directory is not asked for them: what the inventory knows as somebody
 * else's is left out instead, should Exchange answer with more than it was asked for. Throws ExchangeError.
 */
export async function readWipeTimes(
  db: Kysely<Database>,
  exchange: Exchange<'read'>,
  person: Pick<Person, 'guid' | 'organisation'>,
): Promise<DeviceWipeTimes[]> {
  const rows = await exchange.run(getMobileDeviceStatistics, { Mailbox: person.guid });
  const wiped = rows.filter((row) => row.wipeRequestTime !== null || row.accountWipeRequestTime !== null);
  if (wiped.length === 0) return [];
  const others = await db
    .selectFrom('mobileDevice')
    .select('guid')
    .where('organisation', '=', person.organisation)
    .where('personGuid', '!=', person.guid)
    .where(
      'guid',
      'in',
      wiped.map(({ guid }) => guid),
    )
    .execute();
  const foreign = new Set(others.map(({ guid }) => guid));
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
  const { guid, deviceId, deviceModel: model, deviceType: type, friendlyName, userAgent, clientVersion } = either;
  return DeviceFacts.parse({
    guid,
    deviceId,
    name: deviceDisplayName({ friendlyName, model, type }),
    os: either.deviceOs,
    client: clientKind(either.clientType),
    clientVersion,
    model,
    type,
    userAgent,
    accessState: either.accessState,
    accessReason: either.accessReason,
    firstSync: iso(statistics?.firstSyncTime ?? device?.firstSyncTime),
    lastSync: iso(statistics?.lastSuccessSync),
    lastAttempt: iso(statistics?.lastSyncAttempt),
    lastHeartbeatSeconds: statistics?.lastPingHeartbeat ?? null,
    wipe: wipesOf(statistics),
    status: statistics?.status ?? '',
    wipeSupported: statistics?.wipeSupported ?? null,
    policyApplied: policyWord(statistics?.policyStatus ?? ''),
    // What the applied policy demands is not asked yet; an applied policy alone proves no passcode.
    passcodeEnforced: null,
    managedByMdm: device?.managed === true || either.accessReason.toLowerCase().startsWith('external'),
    phoneHint: statistics?.phoneNumber ?? '',
    knownTo: device === undefined ? 'mailbox' : statistics === undefined ? 'directory' : 'both',
    unreadable: [...new Set([...devices, ...rows].flatMap((row) => row.unreadable))],
    contradicted:
      !areAlike(devices.map(identityOfRow)) || !areAlike(rows.map(wipesOf)) || !areAlike(rows.map(identityOfRow)),
  });
}

function identityOfRow(row: MobileDeviceRow | MobileDeviceStatisticsRow) {
  return [row.deviceId, row.deviceType, row.clientType, row.clientVersion];
}

function areAlike(values: readonly unknown[]): boolean {
  return values.every((value) => isDeepStrictEqual(value, values[0]));
}

function wipesOf(statistics: MobileDeviceStatisticsRow | undefined): DeviceFacts['wipe'] {
  return {
    full: {
      requested: iso(statistics?.wipeRequestTime),
      sent: iso(statistics?.wipeSentTime),
      acknowledged: iso(statistics?.wipeAckTime),
      requestor: statistics?.wipeRequestor ?? null,
    },
    accountOnly: {
      requested: iso(statistics?.accountWipeRequestTime),
      sent: iso(statistics?.accountWipeSentTime),
      acknowledged: iso(statistics?.accountWipeAckTime),
      requestor: statistics?.accountWipeRequestor ?? null,
    },
  };
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

/** Reads the facts of a person's devices from Exchange: the directory's rows and the mailbox's statistics, joined by GUID. */
import type { Kysely } from 'kysely';
import type { Person } from '../../directory/person.ts';
import { getMailbox } from '../../exchange/cmdlets/get-mailbox.ts';
import { getMobileDevice, type MobileDeviceRow } from '../../exchange/cmdlets/get-mobile-device.ts';
import {
  getMobileDeviceStatistics,
  type MobileDeviceStatisticsRow,
} from '../../exchange/cmdlets/get-mobile-device-statistics.ts';
import type { Exchange } from '../../exchange/port.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import type { Database } from '../../store/schema.ts';
import { clientKind, DeviceFacts, deviceDisplayName } from './device.ts';

/**
 * Every device of one mailbox. The mailbox is resolved again to exactly one GUID first: an alias may name somebody else by
 * now, and a missing one makes Exchange answer with every device. Throws ExchangeError.
 */
export async function readDeviceFacts(exchange: Exchange<'read'>, mailboxGuid: PersonGuid): Promise<DeviceFacts[]> {
  const [mailbox] = await exchange.run(getMailbox, { Identity: mailboxGuid });
  if (mailbox?.guid !== mailboxGuid) return [];
  const devices = await exchange.run(getMobileDevice, { Mailbox: mailbox.guid });
  const statistics = await exchange.run(getMobileDeviceStatistics, { Mailbox: mailbox.guid });
  const byGuid = new Map(statistics.map((row) => [row.guid, row]));
  return devices.map((device) => factsOf(device, byGuid.get(device.guid)));
}

/** One device by its GUID, only if this mailbox still has it. */
export async function readOneDevice(
  exchange: Exchange<'read'>,
  mailboxGuid: PersonGuid,
  deviceGuid: string,
): Promise<DeviceFacts | undefined> {
  const facts = await readDeviceFacts(exchange, mailboxGuid);
  return facts.find((device) => device.guid === deviceGuid);
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

/** Without statistics (the mailbox never synced it, or cannot be opened) times are unknown, not zero. */
export function factsOf(device: MobileDeviceRow, statistics: MobileDeviceStatisticsRow | undefined): DeviceFacts {
  const policyApplied = policyWord(statistics?.policyStatus ?? '');
  return DeviceFacts.parse({
    guid: device.guid,
    deviceId: device.deviceId,
    name: deviceDisplayName({ friendlyName: device.friendlyName, model: device.deviceModel, type: device.deviceType }),
    os: device.deviceOs,
    client: clientKind(device.clientType),
    clientVersion: device.clientVersion,
    model: device.deviceModel,
    type: device.deviceType,
    userAgent: device.userAgent,
    accessState: device.accessState,
    accessReason: device.accessReason,
    firstSync: iso(statistics?.firstSyncTime ?? device.firstSyncTime),
    lastSync: iso(statistics?.lastSuccessSync),
    lastAttempt: iso(statistics?.lastSyncAttempt),
    lastHeartbeatSeconds: statistics?.lastPingHeartbeat ?? null,
    wipe: wipesOf(statistics),
    status: statistics?.status ?? '',
    wipeSupported: statistics?.wipeSupported ?? null,
    policyApplied,
    // What the applied policy demands is not asked yet; an applied policy alone proves no passcode.
    passcodeEnforced: null,
    managedByMdm: device.managed === true || device.accessReason.toLowerCase().startsWith('external'),
    phoneHint: statistics?.phoneNumber ?? '',
  });
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

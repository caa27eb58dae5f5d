/** Reads the facts of a person's devices from Exchange: the directory's rows and the mailbox's statistics, joined by GUID. */
import type { PersonGuid } from '../directory/person.ts';
import { getMailbox } from '../exchange/cmdlets/get-mailbox.ts';
import { getMobileDevice, type MobileDeviceRow } from '../exchange/cmdlets/get-mobile-device.ts';
import {
  getMobileDeviceStatistics,
  type MobileDeviceStatisticsRow,
} from '../exchange/cmdlets/get-mobile-device-statistics.ts';
import type { Exchange } from '../exchange/port.ts';
import { clientKind, DeviceFacts, deviceName } from './device.ts';

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

/** Without statistics (the mailbox never synced it, or cannot be opened) times are unknown, not zero. */
export function factsOf(device: MobileDeviceRow, statistics: MobileDeviceStatisticsRow | undefined): DeviceFacts {
  const policyApplied = policyWord(statistics?.policyStatus ?? '');
  return DeviceFacts.parse({
    guid: device.guid,
    deviceId: device.deviceId,
    name: deviceName({ friendlyName: device.friendlyName, model: device.deviceModel, type: device.deviceType }),
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
    wipe: {
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
    },
    status: statistics?.status ?? '',
    wipeSupported: statistics?.wipeSupported ?? null,
    policyApplied,
    // What the applied policy demands is not asked yet; an applied policy alone proves no passcode.
    passcodeEnforced: null,
    managedByMdm: device.managed === true || device.accessReason.toLowerCase().startsWith('external'),
    phoneHint: statistics?.phoneNumber ?? '',
  });
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

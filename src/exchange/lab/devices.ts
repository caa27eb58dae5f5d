import { sql } from 'kysely';
import { accessOf, accessSettings, type LabAccess } from './access.ts';
import type { LabDevice } from './device-row.ts';
import { type LabMailbox, labPage, mailboxByIdentity, mailboxPath } from './mailboxes.ts';
import type { LabOrganisation } from './organisation.ts';

/** A partnership with its mailbox and what Exchange thinks of it. */
export type LabPartnership = { device: LabDevice; mailbox: LabMailbox; access: LabAccess };

/** Every partnership of a mailbox; throws CmdletFailure when the mailbox does not exist. */
export async function partnershipsOf(lab: LabOrganisation, mailboxIdentity: string): Promise<LabPartnership[]> {
  const mailbox = await mailboxByIdentity(lab, mailboxIdentity);
  const settings = await accessSettings(lab);
  const devices = await present(lab).where('mailboxGuid', '=', mailbox.exchangeGuid).execute();
  return devices.map((device) => ({ device, mailbox, access: accessOf(device, mailbox, settings) }));
}

/**
 * The trap of Get-MobileDevice and Get-MobileDeviceStatistics: an identity that does not exist counts as none given,
 * and every device of the organisation comes back (documented at both cmdlets).
 */
export async function partnershipsByIdentity(lab: LabOrganisation, identity: string): Promise<LabPartnership[]> {
  const [known] = await present(lab).where('guid', '=', identity.toLowerCase()).execute();
  const all = known === undefined ? await allPartnerships(lab) : await partnershipsOf(lab, known.mailboxGuid);
  const found = all.filter((one) => isIdentity(one, identity));
  return found.length > 0 ? found : all;
}

function present(lab: LabOrganisation) {
  return lab.db.selectFrom('labDevice').selectAll().where('present', '=', true).orderBy('id');
}

export async function allPartnerships(lab: LabOrganisation): Promise<LabPartnership[]> {
  const partnerships: LabPartnership[] = [];
  for await (const page of partnershipPages(lab)) partnerships.push(...page);
  return partnerships;
}

/** Every partnership of the organisation, page after page. */
export async function* partnershipPages(lab: LabOrganisation): AsyncGenerator<LabPartnership[]> {
  const settings = await accessSettings(lab);
  for (let last = 0, more = true; more; ) {
    const devices = await present(lab).where('id', '>', last).limit(labPage).execute();
    more = devices.length === labPage;
    last = devices.at(-1)?.id ?? last;
    const guids = [...new Set(devices.map(({ mailboxGuid }) => mailboxGuid))];
    const owners = await lab.db
      .selectFrom('labMailbox')
      .selectAll()
      .where(sql<boolean>`exchange_guid = any(${guids}::text[])`)
      .execute();
    const byGuid = new Map(owners.map((mailbox) => [mailbox.exchangeGuid, mailbox]));
    yield devices.flatMap((device) => {
      const mailbox = byGuid.get(device.mailboxGuid);
      return mailbox === undefined ? [] : [{ device, mailbox, access: accessOf(device, mailbox, settings) }];
    });
  }
}

function isIdentity({ device, mailbox }: LabPartnership, identity: string): boolean {
  const wanted = identity.toLowerCase();
  return [
    device.guid,
    devicePath(device, mailbox),
    `${mailbox.displayName}\\ExchangeActiveSyncDevices\\${labDeviceName(device)}`,
  ]
    .map((name) => name.toLowerCase())
    .includes(wanted);
}

/** The object's name; its separator is U+00A7. */
export function labDeviceName(device: LabDevice): string {
  const parts = device.clientType === 'EAS' ? [device.deviceType] : ['REST', device.deviceType];
  return [...parts, device.deviceId].join('§');
}

function devicePath(device: LabDevice, mailbox: LabMailbox): string {
  return `${mailboxPath(mailbox)}/ExchangeActiveSyncDevices/${labDeviceName(device)}`;
}

/** Computed, as Exchange computes it: acknowledged, else nothing asked, else not supported, else pending. */
export function wipeStatusOf(device: LabDevice): string {
  if (device.wipeAckTime !== null) return 'DeviceWipeSucceeded';
  if (device.accountWipeAckTime !== null) return 'AccountOnlyDeviceWipeSucceeded';
  const full = device.wipeRequestTime ?? device.wipeSentTime;
  const account = device.accountWipeRequestTime ?? device.accountWipeSentTime;
  if (full === null && account === null) return 'DeviceOk';
  if (!device.wipeSupported) return 'DeviceBlocked';
  return full === null ? 'AccountOnlyDeviceWipePending' : 'DeviceWipePending';
}

export function deviceObject({ device, mailbox, access }: LabPartnership): Record<string, unknown> {
  return {
    Identity: devicePath(device, mailbox),
    Guid: device.guid,
    Name: labDeviceName(device),
    FriendlyName: device.friendlyName,
    DeviceId: device.deviceId,
    DeviceType: device.deviceType,
    DeviceModel: device.deviceModel,
    DeviceOS: device.deviceOs,
    DeviceOSLanguage: 'en',
    DeviceUserAgent: device.userAgent,
    DeviceImei: device.imei,
    DeviceTelephoneNumber: obfuscated(device.phoneNumber),
    DeviceMobileOperator: device.operator,
    UserDisplayName: mailboxPath(mailbox),
    ClientType: device.clientType,
    ClientVersion: device.clientVersion,
    DeviceAccessState: access.state,
    DeviceAccessStateReason: access.reason,
    DeviceAccessControlRule: access.rule,
    FirstSyncTime: iso(device.firstSyncTime),
    IsManaged: device.managed,
    IsCompliant: device.compliant,
    IsDisabled: false,
  };
}

export function statisticsObject({ device, mailbox, access }: LabPartnership): Record<string, unknown> {
  const status = wipeStatusOf(device);
  return {
    Identity: devicePath(device, mailbox),
    Guid: device.guid,
    DeviceID: device.deviceId,
    DeviceType: device.deviceType,
    DeviceModel: device.deviceModel,
    DeviceOS: device.deviceOs,
    DeviceUserAgent: device.userAgent,
    DeviceFriendlyName: device.friendlyName,
    DevicePhoneNumber: obfuscated(device.phoneNumber),
    DeviceMobileOperator: device.operator,
    ClientType: device.clientType,
    ClientVersion: device.clientVersion,
    FirstSyncTime: iso(device.firstSyncTime),
    LastPolicyUpdateTime: iso(device.lastPolicyUpdate),
    LastSyncAttemptTime: iso(device.lastSyncAttempt),
    LastSuccessSync: iso(device.lastSuccessSync),
    LastPingHeartbeat: device.lastPingHeartbeat,
    DeviceWipeRequestTime: iso(device.wipeRequestTime),
    DeviceWipeSentTime: iso(device.wipeSentTime),
    DeviceWipeAckTime: iso(device.wipeAckTime),
    LastDeviceWipeRequestor: device.wipeRequestor,
    AccountOnlyDeviceWipeRequestTime: iso(device.accountWipeRequestTime),
    AccountOnlyDeviceWipeSentTime: iso(device.accountWipeSentTime),
    AccountOnlyDeviceWipeAckTime: iso(device.accountWipeAckTime),
    LastAccountOnlyDeviceWipeRequestor: device.accountWipeRequestor,
    IsRemoteWipeSupported: device.wipeSupported,
    Status: status,
    StatusNote:
      status === 'DeviceWipePending' || status === 'DeviceWipeSucceeded' ? 'A remote wipe was asked for.' : '',
    DeviceAccessState: access.state,
    DeviceAccessStateReason: access.reason,
    DeviceAccessControlRule: access.rule,
    DevicePolicyApplied: device.policyStatus === 'NotApplied' ? null : mailbox.policy,
    DevicePolicyApplicationStatus: device.policyStatus,
    NumberOfFoldersSynced: device.folders,
  };
}

/** The server hides all but the end of a phone number. */
function obfuscated(number: string): string {
  return number === '' ? '' : `${'*'.repeat(Math.max(0, number.length - 4))}${number.slice(-4)}`;
}

/** Objects leave a session as JSON: dates are ISO text. */
function iso(at: Date | null): string | null {
  return at === null ? null : at.toISOString();
}

/**
 * The people and phones of the fake Exchange: those of the lab, with the same GUIDs, so that one policy and one contract
 * suite fit both. Times are milliseconds before the first start (contacts: after it). `seed.json` is this, written out:
 * `WRITE_SEED=1 npx vitest run test/powershell/seed.test.ts`.
 */
import { guidFrom } from '../../src/exchange/lab/guids.ts';
import { labDomain } from '../../src/exchange/lab/mailboxes.ts';
import { labMailboxes } from '../../src/exchange/lab/people.ts';
import { labPhones } from '../../src/exchange/lab/phones.ts';
import { labMailboxGuid } from '../../src/exchange/lab/seed.ts';

const seed = 'contoso';
const hour = 3_600_000;

export function fakeSeed() {
  return {
    defaultAccessLevel: 'Allow',
    rules: [],
    ews: { Policy: null, BlockList: [] },
    mailboxes: labMailboxes.map((mailbox) => {
      const address = `${mailbox.alias}@${labDomain}`;
      return {
        ExchangeGuid: labMailboxGuid(mailbox.alias, seed),
        Guid: guidFrom(`${seed} user ${mailbox.alias}`),
        DisplayName: mailbox.displayName,
        FirstName: mailbox.firstName,
        LastName: mailbox.lastName,
        Alias: mailbox.alias,
        Upn: address,
        EmailAddresses: [`SMTP:${address}`, `smtp:${mailbox.alias}@mail.${labDomain}`],
        Department: mailbox.department,
        Title: mailbox.title,
        Phone: mailbox.phone,
        MobilePhone: mailbox.mobilePhone,
        Manager: mailbox.manager,
        Kind: mailbox.kind ?? 'UserMailbox',
        Disabled: mailbox.disabled ?? false,
        Server: mailbox.server,
        ActiveSyncEnabled: true,
        AllowedIds: [],
        BlockedIds: labPhones.flatMap((phone, index) =>
          phone.owner === mailbox.alias && phone.blocked === true ? [deviceIdOf(index)] : [],
        ),
        Policy: mailbox.department === 'Warehouse' ? 'Open' : 'Default',
      };
    }),
    devices: labPhones.map((phone, index) => {
      const silent = phone.silentForHours === undefined ? 0 : phone.silentForHours * hour;
      const never = phone.neverSynced === true;
      const comes = phone.silentForHours === undefined && !never;
      return {
        Guid: guidFrom(`${seed} phone ${index} partnership`),
        Present: true,
        Mailbox: labMailboxGuid(phone.owner, seed),
        DeviceId: deviceIdOf(index),
        FriendlyName: phone.friendlyName,
        DeviceType: phone.make.deviceType,
        DeviceModel: phone.model,
        DeviceOS: phone.make.deviceOs,
        DeviceUserAgent: phone.make.userAgent,
        PhoneNumber:
          phone.make.clientType === 'EAS' && phone.network === 'mobile'
            ? `+1555020${String(index).padStart(2, '0')}`
            : '',
        ClientType: phone.make.clientType,
        ClientVersion: phone.make.clientVersion,
        FirstSync: never ? null : silent + (60 + index) * 24 * hour,
        LastSync: never ? null : silent + 60_000,
        LastAttempt: never ? null : silent + 60_000,
        LastPolicy: never ? null : silent + (60 + index) * 24 * hour,
        Heartbeat: phone.rhythm === 'push' && !never ? phone.seconds : null,
        PeriodMs: phone.seconds * 1000,
        NextContact: comes ? (index + 1) * 60_000 : null,
        WipeRequest: null,
        WipeSent: null,
        WipeAck: null,
        WipeRequestor: null,
        AccountWipeRequest: null,
        AccountWipeSent: null,
        AccountWipeAck: null,
        AccountWipeRequestor: null,
        WipeSupported: phone.make.wipeSupported,
        AccessState: phone.access?.state ?? 'Allowed',
        AccessReason: phone.access?.reason ?? 'Global',
        Managed: phone.managed ?? false,
        PolicyStatus: never ? 'Unknown' : (phone.policyStatus ?? 'AppliedInFull'),
        Folders: never ? 0 : 6 + (index % 9),
        StalePassword: phone.stalePassword ?? false,
        RefusesWipe: phone.refusesWipe ?? false,
        SilentWipe: phone.silentWipe ?? false,
      };
    }),
  };
}

function deviceIdOf(index: number): string {
  const hex = guidFrom(`${seed} phone ${index} id`).replaceAll('-', '');
  return labPhones[index]?.make.deviceId(hex) ?? '';
}

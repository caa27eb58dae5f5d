/** Allow, block, quarantine: who decides about one device, in Exchange's order. */
import type { Selectable } from 'kysely';
import type { LabAccessRuleTable } from '../../store/tables/lab.ts';
import type { LabDevice } from './device-row.ts';
import type { LabMailbox } from './mailboxes.ts';
import type { LabOrganisation } from './organisation.ts';

export type LabAccess = { state: string; reason: string; rule: string | null };

/** What counts for every device: the organisation's default and its device access rules. */
export type LabAccessSettings = {
  defaultLevel: 'Allow' | 'Block' | 'Quarantine';
  rules: readonly Selectable<LabAccessRuleTable>[];
};

export async function accessSettings(lab: Pick<LabOrganisation, 'db'>): Promise<LabAccessSettings> {
  const state = await lab.db.selectFrom('labState').select('defaultAccessLevel').executeTakeFirstOrThrow();
  const rules = await lab.db.selectFrom('labAccessRule').selectAll().orderBy('name').execute();
  return { defaultLevel: state.defaultAccessLevel, rules };
}

/** Personal block, personal allow, device rule, what Exchange holds against the device itself, the organisation's default. */
export function accessOf(device: LabDevice, mailbox: LabMailbox, settings: LabAccessSettings): LabAccess {
  const isDevice = (id: string) => id.toLowerCase() === device.deviceId.toLowerCase();
  if (mailbox.blockedIds.some(isDevice)) return { state: 'Blocked', reason: 'Individual', rule: null };
  if (mailbox.allowedIds.some(isDevice)) return { state: 'Allowed', reason: 'Individual', rule: null };
  const rule = settings.rules.find(
    (candidate) => characteristicOf(device, candidate.characteristic) === candidate.queryString,
  );
  if (rule !== undefined) return { state: stateOf(rule.accessLevel), reason: 'DeviceRule', rule: rule.name };
  if (device.accessState !== 'Allowed' || device.accessReason !== 'Global') {
    return { state: device.accessState, reason: device.accessReason, rule: null };
  }
  return { state: stateOf(settings.defaultLevel), reason: 'Global', rule: null };
}

function characteristicOf(device: LabDevice, characteristic: string): string | undefined {
  const known: Record<string, string> = {
    DeviceModel: device.deviceModel,
    DeviceType: device.deviceType,
    DeviceOS: device.deviceOs,
    UserAgent: device.userAgent,
  };
  return known[characteristic];
}

function stateOf(level: 'Allow' | 'Block' | 'Quarantine'): string {
  return { Allow: 'Allowed', Block: 'Blocked', Quarantine: 'Quarantined' }[level];
}

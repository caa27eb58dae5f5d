/** What keeps devices out: rules with what they catch, single blocks, quarantine, the default. Pure. */
import type { Selectable } from 'kysely';
import type { AccessRuleTable } from '../store/tables/apps.ts';
import { isCaught } from './block/rules.ts';
import type { Phone } from './phones.ts';

export type AccessRule = Selectable<AccessRuleTable>;

export type RuleUse = {
  rule: AccessRule;
  caught: readonly Phone[];
  /** Refusals in the time that was looked at, and the last one. */
  denied: number;
  lastDenied: Date | null;
};

export type ReasonUse = { state: 'blocked' | 'quarantined'; reason: string; words: string; phones: readonly Phone[] };

export type Blocked = { rules: RuleUse[]; idle: RuleUse[]; reasons: ReasonUse[] };

export function blockedOf(rules: readonly AccessRule[], phones: readonly Phone[]): Blocked {
  const uses = rules
    .map((rule): RuleUse => {
      const caught = phones.filter(({ device }) => device !== undefined && isCaught(device, rule));
      const refusals = caught.flatMap(({ usage }) => (usage.lastRefused === null ? [] : [usage.lastRefused.at]));
      return {
        rule,
        caught,
        denied: rule.accessLevel === 'Allow' ? 0 : caught.reduce((sum, { usage }) => sum + usage.refused, 0),
        lastDenied: refusals.length === 0 ? null : new Date(Math.max(...refusals.map((at) => at.getTime()))),
      };
    })
    .sort((one, other) => other.caught.length - one.caught.length || (one.rule.name < other.rule.name ? -1 : 1));
  return {
    rules: uses.filter(({ caught }) => caught.length > 0),
    idle: uses.filter(({ caught }) => caught.length === 0),
    reasons: reasonsOf(phones),
  };
}

/** DeviceAccessStateReason in words; unknown names stay as Exchange spells them. */
const words: Readonly<Record<string, string>> = {
  devicerule: 'by a device access rule',
  individual: "by the mailbox's own list",
  global: "by the organisation's default",
  upgrade: 'while Exchange upgrades its device',
  policy: 'because it does not apply the mailbox policy',
  useragentschanges: 'automatically: its user agent changed too often',
  recentcommands: 'automatically: the same commands again and again',
  watsons: 'automatically: it made the server fail',
  outofbudgets: 'automatically: it took too much of the server',
  synccommands: 'automatically: too many syncs',
  commandfrequency: 'automatically: too many commands; clears by itself',
  externallymanaged: 'by device management',
  externalcompliance: 'by device management: not compliant',
  externalenrollment: 'by device management: not enrolled',
};

function reasonsOf(phones: readonly Phone[]): ReasonUse[] {
  const groups = new Map<string, { state: 'blocked' | 'quarantined'; reason: string; phones: Phone[] }>();
  for (const phone of phones) {
    const state = phone.device?.accessState.toLowerCase();
    if (state !== 'blocked' && state !== 'quarantined') continue;
    const reason = phone.device?.accessReason ?? '';
    const group = groups.get(`${state} ${reason}`) ?? { state, reason, phones: [] };
    groups.set(`${state} ${reason}`, group);
    group.phones.push(phone);
  }
  return [...groups.values()]
    .map((group) => ({ ...group, words: words[group.reason.toLowerCase()] ?? `reason ${group.reason || 'not told'}` }))
    .sort((one, other) => other.phones.length - one.phones.length);
}

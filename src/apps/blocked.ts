/** What keeps devices out: rules with what they catch, single blocks, quarantine, the default. Pure. */
import type { Selectable } from 'kysely';
import { groupedBy } from '../ground/grouped.ts';
import { latest } from '../ground/instants.ts';
import type { AccessRuleTable } from '../store/tables/apps.ts';
import { catchesAmong } from './block/rules.ts';
import type { Phone } from './phones.ts';

export type AccessRule = Selectable<AccessRuleTable>;

export type RuleUse = {
  rule: AccessRule;
  caught: readonly Phone[];
  /** Refusals in the time that was looked at, and the last one. */
  denied: number;
  lastDenied: Date | null;
};

type ReasonUse = { state: string; words: string; phones: readonly Phone[] };

export type Blocked = { rules: RuleUse[]; idle: RuleUse[]; reasons: ReasonUse[] };

export function blockedOf(rules: readonly AccessRule[], phones: readonly Phone[]): Blocked {
  const catches = catchesAmong(phones);
  const uses = rules
    .map((rule): RuleUse => {
      const caught = catches(rule);
      return {
        rule,
        caught,
        denied: rule.accessLevel === 'Allow' ? 0 : caught.reduce((sum, { usage }) => sum + usage.refused, 0),
        lastDenied: latest(caught.map(({ usage }) => usage.lastRefused?.at)),
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
  const keptOut = phones.flatMap((phone) => {
    const state = phone.device?.accessState.toLowerCase() ?? '';
    const reason = phone.device?.accessReason ?? '';
    return state === 'blocked' || state === 'quarantined' ? [{ phone, state, reason }] : [];
  });
  return [...groupedBy(keptOut, ({ state, reason }) => `${state} ${reason}`).values()]
    .map((group) => {
      const [{ state, reason }] = group;
      const inWords = words[reason.toLowerCase()] ?? `reason ${reason || 'not told'}`;
      return { state, words: inWords, phones: group.map(({ phone }) => phone) };
    })
    .sort((one, other) => other.phones.length - one.phones.length);
}

/** What keeps devices out: rules with what they catch, single blocks, quarantine, the default. */
import type { Kysely, Selectable } from 'kysely';
import { groupedBy } from '../ground/grouped.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import type { AccessRuleTable } from '../store/tables/apps.ts';
import { type Caught, countCaught, type KeptOut, listKeptOut } from './counts.ts';

export type AccessRule = Selectable<AccessRuleTable>;

export type RuleUse = {
  rule: AccessRule;
  /** Phones that it catches now. */
  caught: number;
  /** Refusals in the time that was looked at, and the last one. */
  denied: number;
  lastDenied: Date | null;
};

type ReasonUse = Pick<KeptOut, 'state' | 'phones' | 'people' | 'names'> & { words: string };

export type Blocked = { rules: RuleUse[]; idle: RuleUse[]; reasons: ReasonUse[] };

/** People of one reason that are named. */
const mostNames = 10;

/** Of all phones, as they were added up. */
export async function loadBlocked(
  db: Kysely<Database>,
  organisation: Organisation,
  rules: readonly AccessRule[],
): Promise<Blocked> {
  const uses: RuleUse[] = [];
  for (const [characteristic, own] of groupedBy(rules, (rule) => rule.characteristic)) {
    const strings = own.map(({ queryString }) => queryString);
    const caught = await countCaught(db, organisation, { characteristic, strings });
    for (const rule of own) {
      const { phones, refused, refusedAt } = caught.get(rule.queryString.toLowerCase()) ?? none;
      const denied = rule.accessLevel === 'Allow' ? 0 : refused;
      uses.push({ rule, caught: phones, denied, lastDenied: refusedAt });
    }
  }
  uses.sort((one, other) => other.caught - one.caught || (one.rule.name < other.rule.name ? -1 : 1));
  const keptOut = await listKeptOut(db, organisation, mostNames);
  return {
    rules: uses.filter(({ caught }) => caught > 0),
    idle: uses.filter(({ caught }) => caught === 0),
    reasons: keptOut.map(({ reason, ...rest }) => ({
      ...rest,
      words: words[reason.toLowerCase()] ?? `reason ${reason || 'not told'}`,
    })),
  };
}

const none: Caught = { phones: 0, refused: 0, refusedAt: null };

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

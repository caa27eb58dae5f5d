import type { Block, DraftMessage, Text } from '../../message/model.ts';
import { code, list, note, paragraph, present, strong, text, time } from '../../message/text.ts';
import { counted } from '../../message/words.ts';
import type { Blocked, RuleUse } from '../blocked.ts';
import type { Freshness } from '../freshen.ts';
import type { InventoryState } from '../inventory.ts';
import { usageDays } from '../phone-sums.ts';
import { sources } from './apps.ts';

const mostRules = 40;
const mostNames = 10;

/** What is answered to `blocked apps`, and posted on a schedule. In a channel nobody is named. */
export function blockedMessage(input: {
  blocked: Blocked;
  inventory: InventoryState;
  freshness: Freshness;
  summed?: Date | undefined;
  names: boolean;
}): DraftMessage {
  const { rules, idle, reasons } = input.blocked;
  const all = [...rules, ...idle];
  return {
    title: 'Blocked apps and phones',
    tone: 'neutral',
    blocks: present<Block<never>>(
      paragraph(strong(defaults[input.inventory.defaultAccessLevel] ?? unknownDefault)),
      all.length === 0
        ? paragraph('There is no device access rule.')
        : {
            kind: 'table',
            columns: ['Rule', 'Matches exactly', 'Does', 'Phones', `Denied, ${usageDays} days`, 'Last denied'],
            rows: all.slice(0, mostRules).map(ruleRow),
          },
      all.length > mostRules && note(`… ${all.length - mostRules} more rules`),
      idle.length > 0 &&
        paragraph(
          `${counted(idle.length, 'rule catches', 'rules catch')} no phone now: ${idle
            .slice(0, mostNames)
            .map(({ rule }) => rule.name)
            .join(', ')}${idle.length > mostNames ? ' …' : ''}. A string that nobody spells so catches nobody.`,
        ),
      ...reasonBlocks(reasons, input.names),
      note(...sources(input)),
    ),
  };
}

function ruleRow({ rule, caught, denied, lastDenied }: RuleUse): Text[] {
  const does: Readonly<Record<string, string>> = { Block: 'blocks', Quarantine: 'quarantines', Allow: 'lets in' };
  return [
    text(rule.name),
    text(`${rule.characteristic} `, code(rule.queryString)),
    text(does[rule.accessLevel] ?? rule.accessLevel),
    text(String(caught)),
    text(String(denied)),
    lastDenied === null || rule.accessLevel === 'Allow' ? text('–') : text(time(lastDenied)),
  ];
}

function reasonBlocks(reasons: Blocked['reasons'], names: boolean): Block<never>[] {
  if (reasons.length === 0) return [paragraph('No phone is blocked or quarantined.')];
  return [
    paragraph('Phones that are kept out:'),
    list(
      ...reasons.map(({ state, words, phones, people, names: first }) => {
        const more = people - first.length;
        const who = names ? `: ${first.join(', ')}${more > 0 ? ` … ${more} more` : ''}` : '';
        return text(strong(`${phones} ${state}`), ` ${words}${who}`);
      }),
    ),
  ];
}

const defaults: Readonly<Record<string, string>> = {
  Allow: 'A phone that no list and no rule names is let in.',
  Block: 'A phone that no list and no rule names is blocked.',
  Quarantine: 'A phone that no list and no rule names is quarantined.',
};
const unknownDefault = 'What happens to a phone that no list and no rule names is not known.';

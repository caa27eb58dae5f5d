/** Sentences as people write them, with the right reading of each: the files beside this one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyCommand } from '../../src/commands/command.ts';
import { commands } from '../../src/commands/index.ts';
import { formsOf } from '../../src/directory/names.ts';
import { labMailboxes } from '../../src/exchange/lab/people.ts';
import { type Reading, readIntent } from '../../src/language/reading/intent.ts';
import { namedIn } from '../../src/language/reading/names.ts';
import { splitSentence } from '../../src/language/sentence.ts';

export type Sentence = {
  readonly file: string;
  readonly role: 'user' | 'helpdesk' | 'approver' | 'security' | 'admin';
  /** The case in whose thread it is said. */
  readonly here: number | undefined;
  /** The speaker has an open case of their own. */
  readonly ownCase: boolean;
  readonly text: string;
  /** Command, whom it is about, kind of loss; `refused` with its code; `note`; `none`. */
  readonly reading: string;
  /** One in three was not looked at while the reader was tuned. */
  readonly heldOut: boolean;
};

type Person = { guid: string; alias: string };

export const corpus: readonly Sentence[] = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.txt'))
  .flatMap((file) =>
    readFileSync(join(import.meta.dirname, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line, index) => sentenceOf(file, line, index % 3 === 2 && file !== 'outside.txt')),
  );

function sentenceOf(file: string, line: string, heldOut: boolean): Sentence {
  const [who = '', text = '', reading = ''] = line.split(' | ');
  const said = /^(user|helpdesk|approver|security|admin)(\+)?(?:@(\d+))?$/.exec(who);
  const role = (['user', 'helpdesk', 'approver', 'security', 'admin'] as const).find((each) => each === said?.[1]);
  if (role === undefined || reading === '') throw new Error(`${file} has a line that is none: ${line}`);
  const here = said?.[3] === undefined ? undefined : Number(said[3]);
  return { file, role, here, ownCase: said?.[2] === '+', text, reading, heldOut };
}

const known = labMailboxes.flatMap(({ alias, displayName }) => {
  const address = `${alias}@contoso.example`;
  const person: Person = { guid: alias, alias };
  const forms = formsOf({ alias, displayName, primarySmtp: address });
  return [...forms.map(({ form, word }) => ({ form, word, person })), { form: address, word: false, person }];
});

const rolesOf = {
  user: ['user'],
  helpdesk: ['user', 'helpdesk'],
  approver: ['user', 'approver'],
  security: ['user', 'security'],
  admin: ['user', 'approver', 'admin'],
} as const;

export function read({ role, here }: Pick<Sentence, 'role' | 'here'>, text: string): Reading<AnyCommand, Person> {
  const split = splitSentence(text);
  const words = split.kind === 'words' ? split.words : [];
  const holds = (wanted: string) => rolesOf[role].some((held) => held === wanted);
  const may = (command: AnyCommand) => command.clickOnly !== true && command.roles.some(holds);
  return readIntent({ words, named: (tokens) => namedIn(tokens, known), here }, commands, may, holds);
}

/** As the corpus writes it. */
export function written(reading: Reading<AnyCommand, Person>, { ownCase }: Pick<Sentence, 'ownCase'>): string {
  if (reading.kind === 'none') return ownCase ? 'note' : 'none';
  if (reading.kind === 'refused') return `refused ${reading.code}`;
  const { about, command, app, lossKind = 'lost' } = reading;
  const reports = ['lost-device', 'report-lost'].includes(command.id);
  const parts = [
    command.id,
    command.effect !== 'read' && about.kind === 'self' ? '' : aboutText(about),
    reports ? lossKind : '',
    app ?? '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function aboutText(about: Extract<Reading<AnyCommand, Person>, { kind: 'read' }>['about']): string {
  switch (about.kind) {
    case 'people': {
      const names = about.people.map(({ alias }) => alias);
      const some = names.length > 1 && names.every((name) => name.startsWith('alice.')) ? 'alice' : names.join('+');
      return about.sure ? some : `~${some}`;
    }
    case 'stranger':
      return '?';
    case 'incident':
      return String(about.incident);
    case 'unknown':
      return '?';
    case 'self':
      return 'self';
    case 'nothing':
      return '';
  }
}

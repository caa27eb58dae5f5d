/** Where people of the directory are named in a sentence: by whole words of their names, aliases or addresses, never by beginnings. Pure. */

import { isKnown } from './lexicon.ts';
import type { NamedAt } from './tag.ts';
import type { Token } from './tokens.ts';

/** A folded form of a name, and whose it is. `word`: one word of a name; else the whole name, alias or address. */
export type KnownForm<Person> = { readonly form: string; readonly word: boolean; readonly person: Person };

/** Longer names are found by a shorter part of them. */
const longestName = 4;

/** Every form that the words could be: what the directory is asked for. Words that mean something else are asked for only in a row. */
export function formsIn(tokens: readonly Token[]): string[] {
  const forms = new Set<string>();
  for (let from = 0; from < tokens.length; from += 1) {
    for (let to = from + 1; to <= Math.min(tokens.length, from + longestName); to += 1) {
      for (const form of variants(tokens, from, to)) if (!isKnown(form)) forms.add(form);
    }
  }
  for (const token of tokens) for (const word of singular(token)) forms.add(word);
  return [...forms];
}

/** Who is named where, by the forms that the directory knows. */
export function namedIn<Person extends { readonly guid: string }>(
  tokens: readonly Token[],
  known: readonly KnownForm<Person>[],
): NamedAt<Person>[] {
  const whole = grouped(known.filter(({ word }) => !word));
  const words = grouped(known.filter(({ word }) => word));
  const found: NamedAt<Person>[] = [];
  for (let from = 0; from < tokens.length; ) {
    const at = longestAt(tokens, from, whole, words);
    if (at !== undefined) found.push(at);
    from = at?.to ?? from + 1;
  }
  return found;
}

type Forms<Person> = ReadonlyMap<string, ReadonlyMap<string, Person>>;

function longestAt<Person>(
  tokens: readonly Token[],
  from: number,
  whole: Forms<Person>,
  words: Forms<Person>,
): NamedAt<Person> | undefined {
  for (let to = Math.min(tokens.length, from + longestName); to > from; to -= 1) {
    const people = new Map<string, Person>();
    for (const form of variants(tokens, from, to)) {
      if (isKnown(form)) continue;
      for (const [guid, person] of whole.get(form) ?? []) people.set(guid, person);
    }
    const row = tokens.slice(from, to);
    // Words that mean something else name somebody only beside a word that does not.
    if (row.some((token) => singular(token).every((word) => !isKnown(word)))) {
      const [first, ...others] = row.map((token) => merged(singular(token).map((word) => words.get(word))));
      for (const [guid, person] of first ?? []) if (others.every((other) => other.has(guid))) people.set(guid, person);
    }
    if (people.size > 0) return { from, to, people: [...people.values()] };
  }
  return undefined;
}

function merged<Person>(maps: readonly (ReadonlyMap<string, Person> | undefined)[]): ReadonlyMap<string, Person> {
  return new Map(maps.flatMap((map) => [...(map ?? [])]));
}

function grouped<Person extends { readonly guid: string }>(known: readonly KnownForm<Person>[]): Forms<Person> {
  const forms = new Map<string, Map<string, Person>>();
  for (const { form, person } of known)
    forms.set(form, (forms.get(form) ?? new Map<string, Person>()).set(person.guid, person));
  return forms;
}

/** The row of words as one form; where it ends in `s`, also without: "bobs phone". */
function variants(tokens: readonly Token[], from: number, to: number): string[] {
  const before = tokens.slice(from, to - 1).map(({ text }) => text);
  const last = tokens[to - 1];
  return last === undefined ? [] : singular(last).map((word) => [...before, word].join(' '));
}

function singular({ text, possessive }: Token): string[] {
  return !possessive && text.length > 2 && text.endsWith('s') ? [text, text.slice(0, -1)] : [text];
}

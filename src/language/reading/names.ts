/** Where people of the directory are named in a sentence: by whole words of their names, aliases or addresses, never by beginnings. Pure. */

import { isKnown } from './lexicon.ts';
import type { NamedAt } from './tag.ts';
import { type Token, tokensOf } from './tokens.ts';

/** A folded form of a name, and whose it is. `word`: one word of a name; else the whole name, alias or address. */
export type KnownForm<Person> = { readonly form: string; readonly word: boolean; readonly person: Person };

/** Longer names are found by a shorter part of them. */
const longestName = 4;

const inNoName = new Set(
  'a an the in on at of for from to my his her their your our and or with is was has have not no'.split(' '),
);

/** Whether this may be somebody's name who is not known yet: a few words that do not all mean something else, or an address. */
export function couldBeName(text: string): boolean {
  const tokens = tokensOf(text.split(/\s+/));
  if (tokens.length === 0 || tokens.length > longestName) return false;
  if (tokens.some(({ text: word }) => inNoName.has(word))) return false;
  return tokens.some(({ text: word }) => !isKnown(word));
}

/** Every form that the words could be: what the directory is asked for. Words that mean something else are asked for only in a row. */
export function formsIn(tokens: readonly Token[]): string[] {
  const forms = new Set<string>();
  for (let from = 0; from < tokens.length; from += 1) {
    for (let to = from + 1; to <= Math.min(tokens.length, from + longestName); to += 1) {
      for (const form of variants(tokens, from, to)) if (!isKnown(form)) forms.add(form);
    }
  }
  for (const token of tokens) {
    for (const word of singular(token)) forms.add(word);
    const local = localPart(token.text);
    if (local !== undefined) forms.add(local);
  }
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
    const at = longestAt(tokens, from, whole, words) ?? addressAt(tokens, from, whole);
    const another = at !== undefined && longestAt(tokens, at.to, whole, words) !== undefined;
    const named = at === undefined || another ? at : withSurname(tokens, at);
    if (named !== undefined) found.push(named);
    from = named?.to ?? from + 1;
  }
  return joined(tokens, found);
}

/** An address that nobody has: whose alias is like its beginning may be meant, and is asked. */
function addressAt<Person>(tokens: readonly Token[], at: number, whole: Forms<Person>): NamedAt<Person> | undefined {
  const address = tokens[at]?.text ?? '';
  const local = localPart(address);
  if (local === undefined) return undefined;
  return { from: at, to: at + 1, people: [...(whole.get(local)?.values() ?? [])], unsure: true, address };
}

function localPart(text: string): string | undefined {
  return /^([^@]+)@[^@]+\.[^@]+$/.exec(text)?.[1];
}

/** What may follow a whole name: a verb of the sentence, and no surname. */
const verbs = new Set('has have had is was lost lose loses just cant did does called forgot left got and'.split(' '));

/** "Tom Fisher", where the directory knows a Tom of another name: the second word belongs to the name, which is not quite theirs. */
function withSurname<Person>(tokens: readonly Token[], name: NamedAt<Person>): NamedAt<Person> {
  const [last, word, after] = [tokens[name.to - 1], tokens[name.to], tokens[name.to + 1]];
  if (last === undefined || word === undefined || last.possessive || last.ends || name.address !== undefined)
    return name;
  if (!/^\p{L}{3,}$/u.test(word.text) || isKnown(word.text) || /(?:ed|ing|ly)$/.test(word.text)) return name;
  const allCapital = tokens.filter(({ capital }) => capital).length > tokens.length / 2;
  const written = word.capital && last.capital && !allCapital;
  const owns = word.possessive || (after !== undefined && verbs.has(after.text) && !word.ends);
  return written || owns ? { ...name, to: name.to + 1, unsure: true } : name;
}

/** Two names in a row that are nobody's together: either may be meant. */
function joined<Person>(tokens: readonly Token[], names: readonly NamedAt<Person>[]): NamedAt<Person>[] {
  const result: NamedAt<Person>[] = [];
  for (const name of names) {
    const before = result.at(-1);
    const last = tokens[name.from - 1];
    const inRow = before?.to === name.from && last?.ends === false && !last.possessive && before.address === undefined;
    if (before === undefined || !inRow || name.address !== undefined) result.push(name);
    else
      result.splice(-1, 1, {
        from: before.from,
        to: name.to,
        people: [...new Set([...before.people, ...name.people])],
        unsure: true,
      });
  }
  return result;
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

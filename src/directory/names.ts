/** How names are compared: folded, by their words, and how near one is to another. Pure. */
import { distance } from 'fastest-levenshtein';

/** Longer text is nobody's name; it is not even compared. */
export const longestName = 256;

/** More of a name is not kept: what somebody types, with slips, is never as long. */
const longestForm = longestName + 4;

/** One form by which a person is found. */
export type Form = { form: string; word: boolean; length: number; letters: number };

type Named = { displayName: string; alias: string; primarySmtp: string };

/** Lower case, without accents, with single blanks: "Renée  Dubois" and "renee dubois" are the same name. */
export function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim();
}

export function wordsOf(name: string): string[] {
  return name.split(/[\s,()]+/).filter((word) => word !== '');
}

/** What the forms are made from, as PostgreSQL puts it together in the index `person_unfolded`. */
export function namesOf({ displayName, alias, primarySmtp }: Named): string {
  return [displayName, alias, primarySmtp].join('\n');
}

/** The whole name, the alias, the local part of the address, and each word of the name. */
export function formsOf({ displayName, alias, primarySmtp }: Named): Form[] {
  const name = folded(displayName);
  const whole = [name, folded(alias), folded(primarySmtp.split('@')[0] ?? '')];
  return [...formed(whole, false), ...formed(wordsOf(name), true)];
}

function formed(texts: readonly string[], word: boolean): Form[] {
  const forms = new Set(texts.map((text) => text.slice(0, longestForm)));
  return [...forms].map((form) => ({ form, word, length: form.length, letters: lettersOf(form) }));
}

/** A bit for each letter; several letters share one. One slip changes two bits at most. */
export function lettersOf(form: string): number {
  let letters = 0;
  for (let at = 0; at < form.length; at += 1) letters |= 1 << (form.charCodeAt(at) & 31);
  return letters;
}

/** Two slips in a short name, three in a long one: more would suggest strangers. */
export function slipsIn(wanted: string): number {
  return wanted.length < 4 ? 1 : wanted.length < 10 ? 2 : 3;
}

/** The forms that are near to what was typed, and how many slips away. */
export function nearForms(forms: readonly string[], wanted: string): { form: string; away: number }[] {
  const furthest = slipsIn(wanted);
  return forms.map((form) => ({ form, away: distance(form, wanted) })).filter(({ away }) => away <= furthest);
}

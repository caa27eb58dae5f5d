/** Matches words against a compiled pattern: exactly, or nearly for "did you mean". */
import { distance } from 'fastest-levenshtein';
import { type PatternArgument, renderElement, type Variant, type Words } from './grammar.ts';

export type Match = {
  readonly args: Readonly<Record<string, string | number>>;
  /** Literal words matched: the more, the surer. */
  readonly literals: number;
  /** The pattern begins with a literal word, not with an argument. */
  readonly anchored: boolean;
  /** Letters that had to be changed; 0 in an exact match. */
  readonly cost: number;
  /** Elements of the pattern for which no words were left; 0 in a whole match. */
  readonly missing: number;
  /** The sentence as the pattern would have it: literals mended, arguments as typed, what is missing by its name. */
  readonly corrected: string;
};

/** `mended`: with misspelt literals; `near`: with a missing end, too. */
export type Matching = 'exact' | 'mended' | 'near';

/** A person's or device's name with more words than this is not one. Bounds the work, too. */
const longestArgument = 8;
/** Whether there can be an incident of so many digits, the command's own schema says, in a sentence. */
const incidentText = /^(?:inc(?:ident)?[-_\u2010-\u2015]?|#)?(\d{1,30})$/i;

type Step = {
  readonly literals: number;
  readonly cost: number;
  readonly missing: number;
  readonly args: readonly (readonly [string, string | number])[];
  readonly shown: readonly string[];
};

/** The words of one sentence, with the forms that literals are compared with. */
export type Typed = {
  readonly words: readonly string[];
  readonly literals: readonly string[];
  readonly distinct: ReadonlySet<string>;
};

export function typedWords(words: readonly string[]): Typed {
  const literals = words.map(comparableWord);
  return { words, literals, distinct: new Set(literals) };
}

/** The best way in which the variant takes all of these words. */
export function matchVariant(variant: Variant, { words, literals, distinct }: Typed, how: Matching): Match | undefined {
  // Every sentence is held against some hundred variants, most of which have a word that was not said at all.
  if (how === 'exact' && variant.some((element) => isMissingFrom(element, distinct))) return undefined;
  const known = new Map<number, Step | undefined>();

  function from(element: number, word: number): Step | undefined {
    const state = element * (words.length + 1) + word;
    if (!known.has(state)) known.set(state, search(element, word));
    return known.get(state);
  }

  function search(index: number, word: number): Step | undefined {
    const element = variant[index];
    if (element === undefined) return word === words.length ? finished : undefined;
    if (word === words.length) {
      if (how !== 'near') return undefined;
      const rest = variant.slice(index);
      return { ...finished, missing: rest.length, shown: rest.map(renderElement) };
    }
    return element.kind === 'words' ? phrase(element, index, word) : argument(element, index, word);
  }

  function phrase(element: Words, index: number, word: number): Step | undefined {
    let best: Step | undefined;
    for (const [which, candidate] of element.phrases.entries()) {
      const cost = phraseCost(candidate, literals, word, how);
      if (cost === undefined) continue;
      const taken = Math.min(candidate.length, words.length - word);
      const tail = from(index + 1, word + taken);
      if (tail === undefined) continue;
      const value = element.choice?.values[which];
      best = better(best, {
        ...tail,
        args:
          element.choice === undefined || value === undefined
            ? tail.args
            : [[element.choice.name, value], ...tail.args],
        literals: tail.literals + taken,
        cost: tail.cost + cost,
        missing: tail.missing + (taken < candidate.length ? 1 : 0),
        shown: [...candidate, ...tail.shown],
      });
    }
    return best;
  }

  function argument(element: PatternArgument, index: number, word: number): Step | undefined {
    if (element.argument === 'rest') {
      const typed = words.slice(word);
      const value = typed[0]?.toLowerCase() === 'because' ? typed.slice(1) : typed;
      return value.length === 0 ? undefined : withArgument(element.name, unquote(value.join(' ')), typed, finished);
    }
    let best: Step | undefined;
    const most = Math.min(longestArgument, words.length - word);
    for (let taken = 1; taken <= most; taken += 1) {
      const typed = words.slice(word, word + taken);
      const value = readArgument(element, typed.join(' '));
      if (value === undefined) continue;
      const tail = from(index + 1, word + taken);
      if (tail !== undefined) best = better(best, withArgument(element.name, value, typed, tail));
    }
    return best;
  }

  const found = from(0, 0);
  if (found === undefined || found.literals === 0) return undefined;
  const { cost, missing, shown } = found;
  const anchored = variant[0]?.kind === 'words';
  return {
    args: Object.fromEntries(found.args),
    literals: found.literals,
    anchored,
    cost,
    missing,
    corrected: shown.join(' '),
  };
}

function isMissingFrom(element: Variant[number], distinct: ReadonlySet<string>): boolean {
  return element.kind === 'words' && !element.phrases.some(([first]) => first === undefined || distinct.has(first));
}

const finished: Step = { literals: 0, cost: 0, missing: 0, args: [], shown: [] };

function withArgument(name: string, value: string | number, typed: readonly string[], tail: Step): Step {
  return { ...tail, args: [[name, value], ...tail.args], shown: [...typed, ...tail.shown] };
}

/** Fewer changes, then less missing, then more literals; among equals the first found, which has the shortest arguments. */
function better(left: Step | undefined, right: Step): Step {
  if (left === undefined) return right;
  const order = right.cost - left.cost || right.missing - left.missing || left.literals - right.literals;
  return order < 0 ? right : left;
}

function phraseCost(
  phrase: readonly string[],
  literals: readonly string[],
  at: number,
  how: Matching,
): number | undefined {
  let cost = 0;
  for (const [offset, wanted] of phrase.entries()) {
    const typed = literals[at + offset];
    if (typed === undefined) return how === 'near' ? cost : undefined;
    if (typed === wanted) continue;
    if (how === 'exact') return undefined;
    const changes = editsBetween(typed, wanted);
    if (changes > allowedEdits(wanted)) return undefined;
    cost += changes;
  }
  return cost;
}

/** Changed letters between two words; two swapped neighbours, the commonest slip, count as one. */
export function editsBetween(typed: string, wanted: string): number {
  const changes = distance(typed, wanted);
  if (changes !== 2 || typed.length !== wanted.length) return changes;
  const at = [...wanted].findIndex((letter, index) => letter !== typed[index]);
  const swapped = wanted.slice(0, at) + wanted.charAt(at + 1) + wanted.charAt(at) + wanted.slice(at + 2);
  return swapped === typed ? 1 : changes;
}

/** How many letters of a word may be wrong before it is another word. */
export function allowedEdits(word: string): number {
  if (word.length <= 2) return 0;
  return word.length <= 4 ? 1 : 2;
}

/** A word as literals are compared: lower case, without the punctuation around it. */
export function comparableWord(word: string): string {
  return word.toLowerCase().replace(/^["'(]+|["'),.;:!?…]+$/gu, '');
}

function readArgument(element: PatternArgument, typed: string): string | number | undefined {
  const value = unquote(element.possessive ? ownerOf(typed) : typed);
  if (value === '') return undefined;
  switch (element.argument) {
    case 'incident':
      return incidentNumber(value);
    case 'device':
      return /^#?\d{1,3}$/.test(value) ? Number(value.replace('#', '')) : value;
    case 'text':
    case 'rest':
      return value;
  }
}

function incidentNumber(value: string): number | undefined {
  const digits = incidentText.exec(value.replace(/^(inc(?:ident)?) (?=\d)/i, '$1'))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** `alice's` gives `alice`, `hans'` gives `hans`; anything else is no possessive. */
function ownerOf(typed: string): string {
  if (/'s$/i.test(typed)) return typed.slice(0, -2);
  return /s'$/i.test(typed) ? typed.slice(0, -1) : '';
}

/** Takes off punctuation around an argument, and quotes when they stand on both sides. */
function unquote(typed: string): string {
  const bare = typed.replace(/^[,;:]+|[,;:]+$/g, '').trim();
  const quoted = /^"([^"]*)"$/.exec(bare) ?? /^'([^']*)'$/.exec(bare);
  return (quoted?.[1] ?? bare).trim();
}

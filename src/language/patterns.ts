/**
 * From a typed sentence to a command and its raw arguments. The grammar of patterns stands in grammar.ts, the matching in
 * matching.ts; arguments are checked afterwards by the command's own schema.
 */

import { compilePattern, usage, type Variant } from './grammar.ts';
import {
  allowedEdits,
  comparableWord,
  editsBetween,
  type Match,
  type Matching,
  matchVariant,
  type Typed,
  typedWords,
} from './matching.ts';
import { splitSentence } from './sentence.ts';

export { compilePattern, usage } from './grammar.ts';

/** What can be said: a command, as far as its patterns go. */
export type HasPatterns = { readonly id: string; readonly patterns: readonly string[] };

export type Parsed<Command extends HasPatterns> =
  | { readonly kind: 'match'; readonly command: Command; readonly args: Readonly<Record<string, string | number>> }
  /** Two commands fit equally well: nothing is guessed. */
  | { readonly kind: 'ambiguous'; readonly commands: readonly Command[] }
  | { readonly kind: 'near'; readonly suggestions: readonly string[] }
  | { readonly kind: 'none' }
  /** The text itself is not taken: too long, or with characters that cannot be seen. */
  | { readonly kind: 'refused'; readonly code: 'too-long' | 'unreadable'; readonly userMessage: string };

const mostSuggestions = 3;

/**
 * Parses one sentence. Suggestions come only from `suggestFrom` (what the actor may say), matches from all commands, so that
 * a command that he may not say is refused with its reason instead of "I did not understand".
 */
export function parseSentence<Command extends HasPatterns>(
  text: string,
  commands: readonly Command[],
  suggestFrom: () => readonly Command[] = () => commands,
): Parsed<Command> {
  const sentence = splitSentence(text);
  if (sentence.kind === 'refused') return sentence;
  const words = typedWords(withoutPlease(sentence.words));
  if (words.words.length === 0) return { kind: 'none' };

  const found = commands.flatMap((command) => {
    const match = bestMatch(command, words, 'exact');
    return match === undefined ? [] : [{ command, match }];
  });
  const surest = Math.min(...found.map(({ match }) => rank(match)));
  const best = found.filter(({ match }) => rank(match) === surest);
  const only = best[0];
  if (best.length > 1) return { kind: 'ambiguous', commands: best.map(({ command }) => command) };
  if (only !== undefined) {
    const unfinished = unfinishedSentence(only.command, words, only.match);
    if (unfinished === undefined) return { kind: 'match', command: only.command, args: only.match.args };
    return suggestFrom().includes(only.command) ? { kind: 'near', suggestions: [unfinished] } : { kind: 'none' };
  }

  const suggestions = suggest(words, suggestFrom());
  return suggestions.length === 0 ? { kind: 'none' } : { kind: 'near', suggestions };
}

/**
 * "lost device" is not about a person called "device": when another way to say the same command explains more of the words
 * and only lacks its end, the sentence was not finished. Answers how it would go on.
 */
function unfinishedSentence(command: HasPatterns, words: Typed, match: Match): string | undefined {
  let best: Match | undefined;
  for (const variant of variantsOf(command)) {
    const begun = matchVariant(variant, words, 'near');
    if (begun === undefined || begun.cost > 0 || begun.missing === 0 || begun.literals <= match.literals) continue;
    if (best === undefined || begun.missing < best.missing) best = begun;
  }
  return best?.corrected;
}

/** Sentences close to what was typed, the closest first. */
function suggest(words: Typed, commands: readonly HasPatterns[]): string[] {
  const candidates: { text: string; score: number }[] = [];
  for (const command of commands) {
    const match = bestMatch(command, words, 'near');
    if (match !== undefined) {
      candidates.push({ text: match.corrected, score: match.cost * 2 + match.missing - match.literals });
      continue;
    }
    const beginning = command.patterns.find((pattern) => beginsAlike(pattern, words));
    if (beginning !== undefined) candidates.push({ text: usage(beginning), score: 100 });
  }
  const sorted = candidates.toSorted((left, right) => left.score - right.score);
  return [...new Set(sorted.map(({ text }) => text))].slice(0, mostSuggestions);
}

/** The first typed word is nearly a first word of the pattern: the person meant this command and said the rest differently. */
function beginsAlike(pattern: string, { literals }: Typed): boolean {
  const typed = literals[0] ?? '';
  return compilePattern(pattern).some((variant) => {
    const first = variant[0];
    if (first?.kind !== 'words') return false;
    return first.phrases.some(([word]) => word !== undefined && editsBetween(typed, word) <= allowedEdits(word));
  });
}

function bestMatch(command: HasPatterns, words: Typed, how: Matching): Match | undefined {
  let best: Match | undefined;
  for (const variant of variantsOf(command)) {
    const match = matchVariant(variant, words, how);
    if (match === undefined) continue;
    if (best === undefined || rank(match) < rank(best)) best = match;
  }
  return best;
}

/**
 * Lower is better: changed letters first, then what is missing; then a pattern that begins with its own word (a reason may
 * hold whole sentences: "wipe INC-104 2 because alice lost her phone"), then literals that explain more of the sentence.
 */
function rank({ cost, missing, anchored, literals }: Match): number {
  return cost * 1_000_000 + missing * 10_000 + (anchored ? 0 : 1_000) - literals;
}

const compiled = new WeakMap<HasPatterns, readonly Variant[]>();

function variantsOf(command: HasPatterns): readonly Variant[] {
  const known = compiled.get(command);
  if (known !== undefined) return known;
  const variants = command.patterns.flatMap((pattern) => compilePattern(pattern));
  compiled.set(command, variants);
  return variants;
}

function withoutPlease(words: readonly string[]): readonly string[] {
  return words.length > 1 && comparableWord(words[0] ?? '') === 'please' ? words.slice(1) : words;
}

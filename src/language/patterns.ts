/**
 * From a typed sentence to a command and its raw arguments. The grammar of patterns stands in grammar.ts, the matching in
 * matching.ts; arguments are checked afterwards by the command's own schema.
 */

import { compilePattern, type Variant } from './grammar.ts';
import { comparableWord, type Match, type Matching, matchVariant, type Typed, typedWords } from './matching.ts';
import { splitSentence } from './sentence.ts';

export { compilePattern, usage } from './grammar.ts';

/** What can be said: a command, as far as its patterns go. */
export type HasPatterns = { readonly id: string; readonly patterns: readonly string[] };

export type Parsed<Command extends HasPatterns> =
  | { readonly kind: 'match'; readonly command: Command; readonly args: Readonly<Record<string, string | number>> }
  /** Two commands fit equally well: nothing is guessed. */
  | { readonly kind: 'ambiguous'; readonly commands: readonly Command[] }
  /** The beginning of a way to say it: what was said is right, and not all that is needed. */
  | { readonly kind: 'unfinished'; readonly command: Command }
  /** Whole sentences that would be understood, the closest first. */
  | { readonly kind: 'near'; readonly suggestions: readonly Suggestion<Command>[] }
  | { readonly kind: 'none' }
  /** The text itself is not taken: too long, or with characters that cannot be seen. */
  | { readonly kind: 'refused'; readonly code: 'too-long' | 'unreadable'; readonly userMessage: string };

export type Suggestion<Command> = {
  /** Typed back, it is this command with these arguments. */
  readonly text: string;
  readonly command: Command;
  readonly args: Readonly<Record<string, string | number>>;
};

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
    if (!isUnfinished(only.command, words, only.match)) {
      return { kind: 'match', command: only.command, args: only.match.args };
    }
    return suggestFrom().includes(only.command) ? { kind: 'unfinished', command: only.command } : { kind: 'none' };
  }

  const sayable = suggestFrom();
  const begun = sayable.find((command) => isBegun(command, words));
  if (begun !== undefined) return { kind: 'unfinished', command: begun };
  const suggestions = suggest(words, sayable, commands);
  return suggestions.length === 0 ? { kind: 'none' } : { kind: 'near', suggestions };
}

/**
 * "lost device" is not about a person called "device": when another way to say the same command explains more of the words
 * and only lacks its end, the sentence was not finished.
 */
function isUnfinished(command: HasPatterns, words: Typed, match: Match): boolean {
  return variantsOf(command).some((variant) => {
    const begun = matchVariant(variant, words, 'near');
    return begun !== undefined && begun.cost === 0 && begun.missing > 0 && begun.literals > match.literals;
  });
}

/** All that was typed is the beginning of a way to say it. A name in it would be a guess: whatever follows the first word is one. */
function isBegun(command: HasPatterns, words: Typed): boolean {
  return variantsOf(command).some((variant) => {
    const begun = matchVariant(variant, words, 'near');
    if (begun === undefined || !begun.anchored || begun.cost > 0 || begun.missing === 0) return false;
    return !variant.some((element) => element.kind === 'argument' && typeof begun.args[element.name] === 'string');
  });
}

/** Sentences close to what was typed, the closest first: each is whole, and said alone it is that command. */
function suggest<Command extends HasPatterns>(
  words: Typed,
  sayable: readonly Command[],
  commands: readonly Command[],
): Suggestion<Command>[] {
  const candidates: { suggestion: Suggestion<Command>; score: number }[] = [];
  for (const command of sayable) {
    for (const variant of variantsOf(command)) {
      const match = matchVariant(variant, words, 'mended');
      if (match === undefined || match.missing > 0) continue;
      const said = parseSentence(match.corrected, commands, () => []);
      if (said.kind !== 'match' || said.command !== command) continue;
      const suggestion = { text: match.corrected, command, args: said.args };
      candidates.push({ suggestion, score: match.cost * 2 - match.literals });
    }
  }
  const sorted = candidates.toSorted((left, right) => left.score - right.score).map(({ suggestion }) => suggestion);
  return [...new Map(sorted.map((each) => [each.text, each])).values()].slice(0, mostSuggestions);
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

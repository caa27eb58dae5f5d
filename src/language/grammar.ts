/**
 * The small grammar in which commands say how they are typed, and its compiler.
 *
 * word             a literal, in any case; blanks are collapsed, punctuation after it is ignored
 * (a|b c|d)        one of these
 * [ … ]            may be left out; `[a|b]` is one of these or nothing
 * <name>           an argument of one to eight words, as short as the rest of the pattern allows
 * <name>'s         the same in the possessive: `<person>'s phone`
 * <incident>       `INC-104`, `inc 104`, `#104` or `104`; gives the number
 * <device>         its number on the incident (gives a number) or words
 * <name:a|b>       one of these words; gives it as written in the pattern
 * <name...>        the rest of the line; a leading `because` does not belong to it
 *
 * A pattern is expanded into variants: flat rows of elements without choices of structure, which matching.ts matches.
 */
import { internalError } from '../ground/errors.ts';

export type ArgumentKind = 'text' | 'incident' | 'device' | 'rest';

export type Words = {
  readonly kind: 'words';
  /** One of these phrases, each a row of lower-case words. The first is the one that help shows. */
  readonly phrases: readonly (readonly string[])[];
  /** For `<name:a|b>`: the argument's name, and each phrase as the pattern writes it. */
  readonly choice?: { readonly name: string; readonly values: readonly string[] };
};

export type PatternArgument = {
  readonly kind: 'argument';
  readonly name: string;
  readonly argument: ArgumentKind;
  readonly possessive: boolean;
};

export type PatternElement = Words | PatternArgument;

export type Variant = readonly PatternElement[];

/** More would be a pattern that nobody can read. */
const mostVariants = 128;

/** Compiles one pattern. Throws MislaidError `pattern-invalid` (a mistake of the programmer, found by the registry's test). */
export function compilePattern(pattern: string): readonly Variant[] {
  const reader = new PatternReader(pattern);
  const variants = reader.alternatives(undefined);
  if (variants.length > mostVariants) reader.fail(`has ${variants.length} variants, at most ${mostVariants}`);
  for (const variant of variants) {
    if (!variant.some((element) => element.kind === 'words')) reader.fail('has a variant without a literal word');
    const rest = variant.findIndex((element) => element.kind === 'argument' && element.argument === 'rest');
    if (rest !== -1 && rest !== variant.length - 1) reader.fail('goes on after the rest of the line');
  }
  return variants;
}

/** How a pattern is shown in help: first alternatives, options left out: `lost device <person>`. */
export function usage(pattern: string): string {
  const variants = compilePattern(pattern);
  const shortest = variants.reduce((best, variant) => (variant.length < best.length ? variant : best));
  return shortest.map(renderElement).join(' ');
}

export function renderElement(element: PatternElement): string {
  if (element.kind === 'words') return element.choice?.values.join('|') ?? (element.phrases[0] ?? []).join(' ');
  if (element.argument === 'incident') return 'INC-…';
  const name = element.argument === 'rest' ? `${element.name} …` : element.name;
  return `<${name}>${element.possessive ? "'s" : ''}`;
}

class PatternReader {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  /** Reads `a|b|c` up to the closing character (or the end) and gives every variant of every alternative. */
  alternatives(close: ')' | ']' | undefined): Variant[] {
    const found: Variant[] = [];
    let current: Variant[] = [[]];
    for (;;) {
      const next = this.#pattern[this.#at];
      if (next === undefined || next === ')' || next === ']') {
        if (next !== close) this.fail(close === undefined ? `closes "${next}" that is not open` : `lacks "${close}"`);
        if (next !== undefined) this.#at += 1;
        return [...found, ...current];
      }
      if (next === '|') {
        if (close === undefined) this.fail('has "|" outside brackets');
        this.#at += 1;
        found.push(...current);
        current = [[]];
      } else {
        current = cross(current, this.#part(next));
      }
      if (current.length + found.length > mostVariants) this.fail(`has more than ${mostVariants} variants`);
    }
  }

  #part(next: string): Variant[] {
    if (/\s/.test(next)) {
      this.#at += 1;
      return [[]];
    }
    if (next === '(') {
      this.#at += 1;
      return mergeLiterals(this.alternatives(')'));
    }
    if (next === '[') {
      this.#at += 1;
      return [...mergeLiterals(this.alternatives(']')), []];
    }
    if (next === '<') return [[this.#argument()]];
    return [[this.#word()]];
  }

  #argument(): PatternElement {
    const match = /^<([a-zA-Z]+)(?:(\.\.\.)|:([^<>]+))?>('s)?/.exec(this.#pattern.slice(this.#at));
    if (match === null) return this.fail('has a badly written argument');
    this.#at += match[0].length;
    const name = match[1] ?? '';
    const values = (match[3] ?? '').split('|').filter((value) => value !== '');
    if (values.length > 0) {
      return {
        kind: 'words',
        phrases: values.map((value) => value.toLowerCase().split(' ')),
        choice: { name, values },
      };
    }
    return { kind: 'argument', name, argument: kindOf(name, match[2]), possessive: match[4] === "'s" };
  }

  #word(): PatternElement {
    const match = /^[^\s()[\]<>|]+/.exec(this.#pattern.slice(this.#at));
    if (match === null) return this.fail(`has a "${this.#pattern[this.#at]}" out of place`);
    this.#at += match[0].length;
    return { kind: 'words', phrases: [[match[0].toLowerCase()]] };
  }

  fail(what: string): never {
    throw internalError({ code: 'pattern-invalid', message: `The command pattern "${this.#pattern}" ${what}.` });
  }
}

function kindOf(name: string, rest: string | undefined): ArgumentKind {
  if (rest !== undefined) return 'rest';
  return name === 'incident' || name === 'device' ? name : 'text';
}

function cross(left: readonly Variant[], right: readonly Variant[]): Variant[] {
  return left.flatMap((head) => right.map((tail) => [...head, ...tail]));
}

/** Alternatives that are only words stay one element, so that `(lost|stolen|missing)` is one variant and not three. */
function mergeLiterals(variants: readonly Variant[]): Variant[] {
  const phrases: string[][] = [];
  const others: Variant[] = [];
  for (const variant of variants) {
    const words = literalWords(variant);
    if (words === undefined || words.length === 0) others.push(variant);
    else phrases.push(...words);
  }
  return phrases.length === 0 ? others : [[{ kind: 'words', phrases }], ...others];
}

/** Every phrase that the variant stands for, when it holds nothing but words. */
function literalWords(variant: Variant): string[][] | undefined {
  let phrases: string[][] = [[]];
  for (const element of variant) {
    if (element.kind !== 'words' || element.choice !== undefined) return undefined;
    phrases = phrases.flatMap((head) => element.phrases.map((tail) => [...head, ...tail]));
  }
  return variant.length === 0 ? [] : phrases;
}

/** Words with what they may mean: notions, names, numbers of incidents; a slip of a finger is mended. Pure. */
import { editsBetween } from '../matching.ts';
import { isKnown, longWords, type Notion, otherWords, phrasesByFirst } from './lexicon.ts';
import type { Token } from './tokens.ts';

/** Where in the sentence somebody of the directory is named. */
export type NamedAt<Person> = {
  readonly from: number;
  readonly to: number;
  /** Nobody, where it is an address that nobody has. */
  readonly people: readonly Person[];
  /** Not quite the name of whom it stands for: it is asked. */
  readonly unsure?: boolean;
  readonly address?: string;
};

export type Tagged = Token & {
  readonly notions: readonly Notion[];
  readonly name?: number | undefined;
  readonly incident?: number | undefined;
  readonly phraseEnd: number;
};

/** Each token with what it may mean; within a name or a number it means nothing else. */
export function tag<Person>(tokens: readonly Token[], names: readonly NamedAt<Person>[]): Tagged[] {
  const tagged: Tagged[] = [];
  const mended = tokens.map((token, at) =>
    names.some(({ from, to }) => at >= from && at < to) ? token : { ...token, text: mend(token.text) },
  );
  for (let at = 0; at < mended.length; ) {
    const token = mended[at];
    if (token === undefined) break;
    const name = names.findIndex(({ from }) => from === at);
    const span = names[name];
    if (span !== undefined) {
      const last = mended[span.to - 1] ?? token;
      tagged.push({ ...last, notions: [], name, phraseEnd: span.to });
      at = span.to;
      continue;
    }
    const case_ = incidentAt(mended, at);
    if (case_ !== undefined) {
      tagged.push({ ...token, notions: [], incident: case_.number, phraseEnd: at + case_.taken });
      at += case_.taken;
      continue;
    }
    const phrase = (phrasesByFirst.get(token.text) ?? []).find(({ words }) =>
      words.every(
        (word, offset) => mended[at + offset]?.text === word && !names.some(({ from }) => from === at + offset),
      ),
    );
    const taken = phrase?.words.length ?? 1;
    const last = mended[at + taken - 1] ?? token;
    tagged.push({
      ...last,
      text: mended
        .slice(at, at + taken)
        .map((each) => each.text)
        .join(' '),
      notions: phrase?.notions ?? [],
      phraseEnd: at + taken,
    });
    at += taken;
  }
  return tagged;
}

/** A word with one slip is the word; a right word is never taken for another. */
function mend(word: string): string {
  if (word.length < 4 || isKnown(word) || otherWords.has(word)) return word;
  const near = longWords.filter((known) => slip(word, known));
  return near.length === 1 ? (near[0] ?? word) : word;
}

function slip(word: string, known: string): boolean {
  if (Math.abs(word.length - known.length) > 1 || word.charAt(0) !== known.charAt(0)) return false;
  const edits = editsBetween(word, known);
  if (edits !== 1) return false;
  // In a short word only letters that changed places are a slip; anything else is another word.
  return (
    known.length >= 6 || (word.length === known.length && [...word].sort().join('') === [...known].sort().join(''))
  );
}

function incidentAt(tokens: readonly Token[], at: number): { number: number; taken: number } | undefined {
  const text = tokens[at]?.text ?? '';
  const one = /^(?:inc(?:ident)?[-_\u2010-\u2015]?|#)(\d{1,9})$/.exec(text);
  if (one !== null) return { number: Number(one[1]), taken: 1 };
  const next = /^#?(\d{1,9})$/.exec(tokens[at + 1]?.text ?? '');
  if (/^(inc|incident|case|ticket)$/.test(text) && next !== null) return { number: Number(next[1]), taken: 2 };
  return undefined;
}

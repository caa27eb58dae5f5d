/** What a sentence says, as far as its words tell: notions, people, a case, and whether a phone is gone and whose. Pure. */
import { ownLossAbroad } from './foreign.ts';
import { isFiller, isKnown, type Notion, negators, unrealWords } from './lexicon.ts';
import { type LossKind, readFind, readLoss, relations, type Whose } from './loss.ts';
import { type NamedAt, type Tagged, tag } from './tag.ts';
import { foldedWord, type Token, tokensOf } from './tokens.ts';

export type Gist<Person> = {
  readonly notions: ReadonlySet<Notion>;
  /** Somebody's phone is gone, as a statement. */
  readonly loss?: { readonly kind: LossKind; readonly whose: Whose } | undefined;
  /** A phone is there again, as a statement. */
  readonly find?: { readonly whose: Whose } | undefined;
  /** What is gone is a thing that the bot does not care for: `laptop`. */
  readonly lostThing?: string | undefined;
  /** Whom it is about: several where a name is of several, or more than one is named. */
  readonly people: readonly Person[];
  readonly incident?: number | undefined;
  /** The speaker speaks of themselves or of what is theirs. */
  readonly self: boolean;
  /** Somebody else is spoken of, and not named: `my colleague`, `their phone`. */
  readonly unnamed: boolean;
  /** Asked and not told: did, why, when … A request (`can you …`) is no question. */
  readonly question: boolean;
  readonly negated: boolean;
  /** If, almost, would, last year: nothing that is so now. */
  readonly unreal: boolean;
  /** Words that mean nothing to the bot: the more, the less it understood. */
  readonly strangers: readonly string[];
};

const unrealPhrases = [
  'what happens',
  'what if',
  'last year',
  'years ago',
  'year ago',
  'months ago',
  'last month',
  'how do i',
  'how to',
  'how can i',
  'in case',
  'must never',
  'how many',
  'lost and found',
];
const askingWords = new Set('did does has is was were why when how who which where whose what are do'.split(' '));
export function gistOf<Person>(
  words: readonly string[],
  named: (tokens: readonly Token[]) => readonly NamedAt<Person>[],
): Gist<Person> {
  const tokens = tokensOf(words);
  const names = named(tokens);
  const tagged = tag(tokens, names);
  const text = tagged.map((token) => token.text).join(' ');
  const notions = new Set(tagged.flatMap((token) => token.notions));
  const incident = tagged.find((token) => token.incident !== undefined)?.incident;
  const unreal =
    tagged.some((token) => token.name === undefined && unrealWords.has(token.text)) ||
    unrealPhrases.some((phrase) => ` ${text} `.includes(` ${phrase} `));
  const question = isQuestion(tagged);
  const negated = tagged.some((token) => token.name === undefined && negators.has(token.text));
  const self = tagged.some((token) => token.name === undefined && /^(i|my|me|mine|our)$/.test(token.text));
  const unnamed =
    names.length === 0 &&
    tagged.some((token, at) => relations.has(token.text) || (/^(his|her|their|he|she)$/.test(token.text) && at >= 0));
  const found = readFind(tagged);
  const lost = found === undefined || found.before ? readLoss(tagged) : undefined;
  const later = found !== undefined;
  const abroad = names.length === 0 ? ownLossAbroad(foldedWord(words.join(' '))) : undefined;
  const told = !unreal && !question;
  // The one question that tells it.
  const asksForOwn =
    names.length === 0 &&
    /(?:^| )where is my (?:work |company )?(?:phone|mobile|handset|iphone|ipad|tablet|android|smartphone|cell)s?(?: (?:please|pls|now|thanks|help))*$/.test(
      text,
    );
  const loss =
    abroad !== undefined || asksForOwn
      ? ({ kind: abroad ?? 'lost', whose: 'self' } as const)
      : told && !later && lost !== undefined && lost.thing === undefined && !lost.negated
        ? { kind: lost.kind, whose: lost.whose }
        : undefined;
  const about = names[lost?.name ?? found?.name ?? 0] ?? names[0];
  const people =
    lost?.name === undefined && names.length > 1 && about !== undefined
      ? names.flatMap((each) => each.people)
      : (about?.people ?? []);
  return {
    notions,
    loss,
    find: told && found !== undefined && !found.negated ? { whose: found.whose } : undefined,
    lostThing: told && !later && lost?.negated === false ? lost.thing : undefined,
    people,
    incident,
    self,
    unnamed,
    question,
    negated,
    unreal,
    strangers: tagged
      .filter((token) => token.notions.length === 0 && token.name === undefined && token.incident === undefined)
      .map((token) => token.text)
      .filter((word) => !isFiller(word) && !isKnown(word) && !/^(ex\d+|\d+h?)$/.test(word)),
  };
}

function isQuestion(tokens: readonly Tagged[]): boolean {
  const first = tokens.find(
    (token) => token.name !== undefined || !/^(hi|hey|hello|please|so|and|ok|um|well|sorry|but|then)$/.test(token.text),
  );
  if (first === undefined || first.name !== undefined) return false;
  const [word = '', second = ''] = first.text.split(' ');
  const next = tokens[tokens.indexOf(first) + 1]?.text ?? second;
  if (/^(where)$/.test(word) && next === 'is') return true;
  if (first.notions.includes('lost') || first.notions.includes('giveUp')) return false;
  if (/^(can|could|may|should|shall|would|will)$/.test(word)) return !/^(you|u|someone|somebody)$/.test(next);
  if (/^(do|dont)$/.test(word)) return /^(i|we|you|they)$/.test(next);
  if (/^(any|which|any\w+)$/.test(word)) return true;
  return askingWords.has(word) && first.notions.every((notion) => notion !== 'deny' && notion !== 'approve');
}

/** What a sentence says, as far as its words tell: notions, people, a case, and whether a phone is gone and whose. Pure. */
import { ownLossAbroad } from './foreign.ts';
import { isFiller, isKnown, type Notion, negators, unrealWords } from './lexicon.ts';
import { type LossKind, readFind, readLoss, relations, type Whose } from './loss.ts';
import type { NamedAt, Tagged } from './tag.ts';
import { foldedWord } from './tokens.ts';

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
  /** The names are those of the directory, and not only nearly so. */
  readonly sure: boolean;
  /** Somebody's address, which nobody of the directory has. */
  readonly address?: string | undefined;
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
  /** Later, perhaps: nothing that is to be done now. */
  readonly hedged: boolean;
  /** What an app is called, in its words: `edison mail`. */
  readonly app: readonly string[];
  /** Words that mean nothing to the bot: the more, the less it understood. */
  readonly strangers: readonly string[];
};

const unrealPhrases = [
  'what happens',
  'counted as',
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
/** What the rest of the sentence says about a clause of it. */
export type Around<Person> = {
  readonly names: readonly NamedAt<Person>[];
  readonly named: Pick<Gist<Person>, 'people' | 'sure' | 'address'>;
  readonly incident: number | undefined;
  readonly unreal: boolean;
  readonly question: boolean;
};

export function gistOf<Person>(
  tagged: readonly Tagged[],
  names: readonly NamedAt<Person>[],
  around?: Around<Person>,
): Gist<Person> {
  const text = tagged.map((token) => token.text).join(' ');
  const notions = new Set(tagged.flatMap((token) => token.notions));
  const incident = tagged.find((token) => token.incident !== undefined)?.incident ?? around?.incident;
  const unreal =
    around?.unreal === true ||
    tagged.some((token) => token.name === undefined && unrealWords.has(token.text)) ||
    unrealPhrases.some((phrase) => ` ${text} `.includes(` ${phrase} `));
  const question = around?.question === true || isQuestion(tagged);
  const negated = tagged.some((token) => token.name === undefined && negators.has(token.text));
  const self = tagged.some((token) => token.name === undefined && /^(i|my|me|mine|our)$/.test(token.text));
  const here = namesIn(tagged, names);
  const nobody = here.length === 0 && (around?.names ?? []).length === 0;
  const unnamed =
    nobody && tagged.some((token) => relations.has(token.text) || /^(his|her|their|he|she)$/.test(token.text));
  const found = readFind(tagged);
  const lost = found === undefined || found.before ? readLoss(tagged) : undefined;
  const later = found !== undefined;
  const told = !unreal && !question;
  // The one question that tells it.
  const asksForOwn =
    nobody &&
    /(?:^| )where is my (?:work |company )?(?:phone|mobile|handset|iphone|ipad|tablet|android|smartphone|cell)s?(?: (?:please|pls|now|thanks|help))*$/.test(
      text,
    );
  // "Bob rang, phone stolen": the phone is of whom the rest speaks.
  const whose = (read: Whose) => (read === 'unknown' && here.length === 0 && !nobody ? 'other' : read);
  const loss = asksForOwn
    ? ({ kind: 'lost', whose: 'self' } as const)
    : told && !later && lost !== undefined && lost.thing === undefined && !lost.negated
      ? { kind: lost.kind, whose: whose(lost.whose) }
      : undefined;
  const about = names[lost?.name ?? found?.name ?? -1];
  const named = about !== undefined ? namedBy([about]) : here.length > 0 ? namedBy(here) : around?.named;
  return {
    notions,
    loss,
    find: told && found !== undefined && !found.negated ? { whose: whose(found.whose) } : undefined,
    lostThing: told && !later && lost?.negated === false ? lost.thing : undefined,
    ...(named ?? { people: [], sure: true }),
    incident,
    self,
    unnamed,
    question,
    negated,
    unreal,
    hedged: isHedged(tagged),
    app: appIn(tagged),
    strangers: strangersOf(tagged),
  };
}

/** One's own loss in another language, where nobody is named. */
export function abroad<Person>(words: readonly string[], names: readonly NamedAt<Person>[]): LossKind | undefined {
  return names.length === 0 ? ownLossAbroad(foldedWord(words.join(' '))) : undefined;
}

export function namesIn<Person>(tagged: readonly Tagged[], names: readonly NamedAt<Person>[]): NamedAt<Person>[] {
  return tagged.flatMap(({ name }) => names[name ?? -1] ?? []);
}

export function namedBy<Person>(names: readonly NamedAt<Person>[]): Pick<Gist<Person>, 'people' | 'sure' | 'address'> {
  return {
    people: [...new Set(names.flatMap(({ people }) => people))],
    sure: names.every(({ unsure }) => unsure !== true),
    address: names.find(({ people }) => people.length === 0)?.address,
  };
}

/** Later, perhaps. */
export function isHedged(tagged: readonly Tagged[]): boolean {
  return hedges.test(` ${tagged.map((token) => token.text).join(' ')} `);
}

const hedges = / (?:might|later|tomorrow|thinking|tempted|considering|unless|going to|gonna|one day|someday) /;

/** Words that mean nothing to the bot. */
export function strangersOf(tagged: readonly Tagged[]): string[] {
  return tagged
    .filter((token) => token.notions.length === 0 && token.name === undefined && token.incident === undefined)
    .map((token) => token.text)
    .filter((word) => !isFiller(word) && !isKnown(word) && !/^(ex\d+|\d+h?)$/.test(word));
}

/**
 * What an app is called: what stands in quotation marks, or words with capital letters in a row, of which one means nothing else; else
 * the first word that means nothing.
 */
function appIn(tagged: readonly Tagged[]): readonly string[] {
  const plain = tagged.filter(({ name, incident }) => name === undefined && incident === undefined);
  const quoted = plain.filter((token) => token.quoted);
  const row = quoted.length > 0 ? quoted : capitalRow(plain);
  return row.length > 0 ? row.map(({ text }) => text) : strangersOf(tagged).slice(0, 1);
}

function capitalRow(tokens: readonly Tagged[]): readonly Tagged[] {
  if (tokens.every(({ capital }) => capital)) return [];
  for (const [at, token] of tokens.entries()) {
    if (!token.capital || strangersOf([token]).length === 0) continue;
    const end = tokens.findIndex((each, next) => next > at && (!each.capital || tokens[next - 1]?.ends === true));
    return tokens.slice(at, end === -1 ? tokens.length : end);
  }
  return [];
}

const answers: ReadonlySet<Notion> = new Set(['approve', 'assent', 'deny', 'refusal']);

/** If, whether, in case: what is doubted so is doubted in the whole sentence. */
export function hasHardDoubt(tagged: readonly Tagged[]): boolean {
  const text = ` ${tagged.map((token) => (token.name === undefined ? token.text : '')).join(' ')} `;
  return (
    / (?:if|whether|suppose|imagine|would) /.test(text) || unrealPhrases.some((phrase) => text.includes(` ${phrase} `))
  );
}

export function isQuestion(tokens: readonly Tagged[]): boolean {
  const first = tokens.find(
    (token) => token.name !== undefined || !/^(hi|hey|hello|please|so|and|ok|um|well|sorry|but|then)$/.test(token.text),
  );
  if (first === undefined || first.name !== undefined) return false;
  const [word = '', second = ''] = first.text.split(' ');
  const next = tokens[tokens.indexOf(first) + 1]?.text ?? second;
  if (/^(where)$/.test(word) && next === 'is') return true;
  if (first.notions.includes('lost') || first.notions.includes('giveUp')) return false;
  if (first.notions.includes('wish')) return false;
  if (/^(can|could|may|should|shall|would|will)$/.test(word)) return !/^(you|u|someone|somebody)$/.test(next);
  if (/^(do|dont)$/.test(word)) return /^(i|we|you|they)$/.test(next);
  if (/^(any|which|any\w+)$/.test(word)) return true;
  return askingWords.has(word) && first.notions.every((notion) => !answers.has(notion));
}

/** A sentence as a whole and in its thoughts: each with what it says, and with what the others say about it. Pure. */
import { type Clause, clausesOf } from './clauses.ts';
import {
  abroad,
  type Gist,
  gistOf,
  hasHardDoubt,
  isHedged,
  isQuestion,
  namedBy,
  namesIn,
  strangersOf,
} from './gist.ts';
import { isBareAnswer, isTakingBack } from './retraction.ts';
import { type NamedAt, type Tagged, tag } from './tag.ts';
import { type Token, tokensOf } from './tokens.ts';

/** The whole, or one thought of it. */
export type View<Person> = {
  readonly gist: Gist<Person>;
  /** Which of the sentences it is of; the whole is of none. */
  readonly sentence: number;
  /** One of several thoughts, without the number of a case. */
  readonly beside: boolean;
  /** It names a case and says something about it that means nothing to the bot. */
  readonly unclear: boolean;
  /** Something is asked in the same sentence. */
  readonly asked: boolean;
  /** Later, perhaps: somewhere in the same sentence. */
  readonly hedged: boolean;
};

export type Heard<Person> = {
  readonly whole: View<Person>;
  readonly clauses: readonly View<Person>[];
  /** Something is taken back, or was said for fun or to try it. */
  readonly takenBack: boolean;
  /** Something is written nearly like the number of a case: which one is not known, and what is said of it is about no other. */
  readonly oddCase: boolean;
};

export function heard<Person>(
  words: readonly string[],
  named: (tokens: readonly Token[]) => readonly NamedAt<Person>[],
): Heard<Person> {
  const tokens = tokensOf(words);
  const names = named(tokens);
  const tagged = tag(tokens, names);
  const own = abroad(words, names);
  const plain = gistOf(tagged, names);
  const all: Gist<Person> = own === undefined ? plain : { ...plain, loss: { kind: own, whose: 'self' } };
  const whole: View<Person> = {
    gist: all,
    sentence: -1,
    beside: false,
    unclear: false,
    asked: false,
    hedged: all.hedged,
  };
  const [first, ...others] = tagged;
  // A greeting is no part of the first thought.
  const clauses = clausesOf(first !== undefined && greetings.has(first.text) && others.length > 0 ? others : tagged);
  const oddCase = tagged.some(isOddCase);
  if (clauses.length < 2) return { whole, clauses: [], takenBack: isTakingBack(tagged, false), oddCase };
  return {
    whole,
    clauses: viewsOf(clauses, names, all),
    takenBack: clauses.some(({ tokens: each }, at) => isTakingBack(each, at > 0)),
    oddCase,
  };
}

const greetings = new Set('hello hi hey'.split(' '));

/** `incc-104`, `inc-104was`: a hyphen, a digit after it, and most of "inc" before. */
function isOddCase({ incident, text }: Tagged): boolean {
  return incident === undefined && /[inc]{2}[a-z]*-[a-z]?\d/.test(text);
}

function viewsOf<Person>(
  clauses: readonly Clause[],
  names: readonly NamedAt<Person>[],
  all: Gist<Person>,
): View<Person>[] {
  const views: View<Person>[] = [];
  let question = false;
  const unclear = (tokens: readonly Tagged[]) =>
    tokens.some(({ incident }) => incident !== undefined) && strangersOf(tokens).length > 0;
  // What was said of the case may have been the opposite.
  const incident = clauses.some(({ tokens }) => unclear(tokens)) ? undefined : all.incident;
  for (const clause of clauses) {
    const { tokens, sentence, joined } = clause;
    const others = clauses.filter((each) => each.sentence === sentence);
    const bare = isBareAnswer(tokens);
    question = isQuestion(tokens) || (joined === 'and' && question);
    const gist = gistOf(tokens, names, {
      names,
      // A mere yes or no is about nobody who is named elsewhere.
      named: bare ? namedBy([]) : namedElsewhere(clauses, clause, names),
      incident: bare ? undefined : incident,
      unreal: others.some((each) => hasHardDoubt(each.tokens)),
      question,
    });
    views.push({
      gist,
      sentence,
      beside: !tokens.some(({ incident }) => incident !== undefined),
      unclear: unclear(tokens),
      asked: others.some((each) => isQuestion(each.tokens)),
      hedged: others.some((each) => isHedged(each.tokens)),
    });
  }
  return views;
}

/** Whom a thought is about that names nobody: who was named last before it, else who is named after it. */
function namedElsewhere<Person>(
  clauses: readonly Clause[],
  clause: Clause,
  names: readonly NamedAt<Person>[],
): Pick<Gist<Person>, 'people' | 'sure' | 'address'> {
  const at = clauses.indexOf(clause);
  const inClause = (tokens: readonly Tagged[]) => namesIn(tokens, names);
  const before = clauses.slice(0, at).findLast((each) => inClause(each.tokens).length > 0);
  const after = clauses.slice(at + 1).find((each) => inClause(each.tokens).length > 0);
  return namedBy(inClause((before ?? after)?.tokens ?? []));
}

/**
 * Where a sentence of several thoughts is cut: one of them carries what is meant, the others dress it, doubt it or take it back. Pure.
 */
import type { Tagged } from './tag.ts';

export type Clause = {
  readonly tokens: readonly Tagged[];
  /** Which of the sentences, each up to a full stop, it belongs to. */
  readonly sentence: number;
  /** What joins it to the clause before it: after "and" a question goes on. */
  readonly joined: 'begins' | 'comma' | 'and';
};

const joining = new Set('and or'.split(' '));
const turning = new Set('but so because cause cos then though although'.split(' '));
const speakers = new Set('i he she they we someone somebody it'.split(' '));
/** After these a pronoun goes on with the same thought: "the phone that he", "where she". */
const thoughtGoesOn = new Set(
  'that which what where when why how who if whether as do does did can could may should shall would will is are was were has have had am the and or but think thinks say says said know'.split(
    ' ',
  ),
);

export function clausesOf(tokens: readonly Tagged[]): Clause[] {
  const clauses: Clause[] = [];
  let from = 0;
  let sentence = 0;
  let joined: Clause['joined'] = 'begins';
  const cut = (to: number, next: Clause['joined']) => {
    if (to > from) clauses.push({ tokens: tokens.slice(from, to), sentence, joined });
    from = to;
    joined = next;
  };
  for (const [at, token] of tokens.entries()) {
    const plain = token.name === undefined && token.incident === undefined;
    if (at > from && plain && joining.has(token.text)) cut(at, 'and');
    else if (at > from && plain && turning.has(token.text)) cut(at, 'comma');
    else if (at > from && plain && runsOn(tokens, at)) cut(at, 'comma');
    if (!token.ends) continue;
    cut(at + 1, token.full ? 'begins' : 'comma');
    if (token.full) sentence += 1;
  }
  cut(tokens.length, 'begins');
  return clauses;
}

/** "my phones gone i think …": a pronoun begins a thought where nothing before it waits for one. */
function runsOn(tokens: readonly Tagged[], at: number): boolean {
  const [before, token] = [tokens[at - 1], tokens[at]];
  if (token === undefined || before === undefined || !speakers.has(token.text) || thoughtGoesOn.has(before.text))
    return false;
  if (token.text === 'it') return false;
  return before.incident !== undefined || before.notions.some((notion) => goneOrThing.has(notion));
}

const goneOrThing: ReadonlySet<string> = new Set(['phone', 'lost', 'stolen', 'found', 'wiped']);

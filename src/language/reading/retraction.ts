/** Thoughts that say nothing themselves and change what another one says: a mere yes or no, and what takes something back. Pure. */
import { negators } from './lexicon.ts';
import type { Tagged } from './tag.ts';

const phrases =
  / (?:just kidding|kidding|joking|only a joke|just a joke|scratch that|forget it|forget that|forget what i said|ignore me|ignore that|ignore this|disregard|not true|isnt true|not really|no wait|wait no|actually no|actually not|or not|just testing|only testing|just a test|only a test|this is a test|for example|hypothetically|in theory|thinking aloud|just curious|just asking|just wondering|asking for a friend|wrong channel|wrong chat|wrong window|never mind|nevermind|not anymore|changed my mind) /;

/** Words of an answer that says no more than yes or no. */
const answering = new Set(
  'ok okay k yes yep yeah sure agreed right alright fine well oh no nope nah do it go ahead dont wait stop please pls sorry thanks'.split(
    ' ',
  ),
);
const denying = new Set(
  'he she it they i we you did does do is was has have that this true actually sorry wait oh really at all'.split(' '),
);

export function isBareAnswer(tokens: readonly Tagged[]): boolean {
  return tokens.every(
    ({ text, name, incident }) =>
      name === undefined && incident === undefined && text.split(' ').every((word) => answering.has(word)),
  );
}

/** `afterwards`: something was said before it. */
export function isTakingBack(tokens: readonly Tagged[], afterwards: boolean): boolean {
  const words = tokens.flatMap(({ text, name }) => (name === undefined ? text.split(' ') : []));
  if (phrases.test(` ${words.join(' ')} `)) return true;
  const plain = tokens.every(({ name, incident }) => name === undefined && incident === undefined);
  // "…, no he didn't", "…, it isn't".
  return (
    afterwards &&
    plain &&
    words.some((word) => negators.has(word) || word === 'nope') &&
    words.every((word) => negators.has(word) || denying.has(word) || word === 'nope')
  );
}

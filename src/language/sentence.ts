/**
 * What people type is data. Here it becomes words, or a sentence that says why it was not read: nothing is guessed from
 * text that shows itself differently from what it is.
 */

/** Longer sentences are refused whole: nobody reads a command of that length before it takes effect. */
export const maxSentenceLength = 500;

export type Sentence =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'refused'; readonly code: 'too-long' | 'unreadable'; readonly userMessage: string };

/** Zero-width marks that copying leaves behind and that nobody sees: dropped. */
const leftovers = /[\u00AD\u200B\u2060\uFEFF]/g;
/** Controls, bidirectional marks, unpaired surrogates and the replacement character: text that cannot be trusted to be what it looks like. */
const unreadable = /(?![\t\n\v\f\r])\p{Cc}|\p{Bidi_Control}|\p{Surrogate}|\uFFFD/u;

/** Splits a sentence into words; typographic quotes become plain ones, blanks collapse, a closing full stop goes. */
export function splitSentence(text: string): Sentence {
  if (text.length > maxSentenceLength) {
    return {
      kind: 'refused',
      code: 'too-long',
      userMessage: `That is ${text.length.toLocaleString('en')} characters long; a command may have ${maxSentenceLength}. Nothing was done. Say it shorter, please.`,
    };
  }
  const seen = text.replace(leftovers, '');
  if (unreadable.test(seen)) {
    return {
      kind: 'refused',
      code: 'unreadable',
      userMessage:
        'Your sentence holds control or text-direction characters that cannot be seen. Nothing was done. Type it by hand instead of pasting it, please.',
    };
  }
  const plain = seen
    .normalize('NFC')
    .replace(/[\u2018\u2019\u201A\u201B\u02BC\u2032]/g, "'")
    .replace(/[\u201C-\u201F\u00AB\u00BB\u2033]/g, '"')
    .trim()
    .replace(/[\s.,;:!?…]+$/u, '');
  const words = plain.split(/\s+/u).filter((word) => word !== '');
  return { kind: 'words', words };
}

/**
 * Cleans one answer of a form: control and direction characters go, lines stay. A form shows each answer in a field of its
 * own, so dropping them there is safe, and refusing a long reason for one pasted mark would be unkind.
 */
export function cleanAnswer(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(leftovers, '')
    .replace(/(?![\t\n])\p{Cc}|\p{Bidi_Control}|\p{Surrogate}/gu, '')
    .normalize('NFC')
    .trim();
}

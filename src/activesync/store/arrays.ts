/**
 * Arrays as PostgreSQL takes them. The driver's own conversion looks at every element's type, which takes longer than storing the rows
 * does. Numbers go in the binary form (array_recv): the server parses them in half the time of text.
 */

import { endianness } from 'node:os';

const INT4 = 23;
const INT8 = 20;
/** Dimensions, flags, type, length, lower bound; 32 bits each. */
const HEAD = 5;

/** For a parameter cast to `int[]`. */
export function int4s(values: Int32Array): Buffer {
  const words = arrayOf(values.length, INT4, 2);
  for (let index = 0, place = HEAD; index < values.length; index += 1, place += 2) {
    words[place] = 4;
    words[place + 1] = values[index] ?? 0;
  }
  return networkOrder(words);
}

/** Whole numbers for a parameter cast to `bigint[]`. */
export function int8s(values: Float64Array): Buffer {
  const words = arrayOf(values.length, INT8, 3);
  for (let index = 0, place = HEAD; index < values.length; index += 1, place += 3) {
    const value = Math.round(values[index] ?? 0);
    const high = Math.floor(value / 0x1_0000_0000);
    words[place] = 8;
    words[place + 1] = high;
    words[place + 2] = value - high * 0x1_0000_0000;
  }
  return networkOrder(words);
}

function arrayOf(count: number, type: number, wordsEach: number): Int32Array<ArrayBuffer> {
  const words = new Int32Array(HEAD + count * wordsEach);
  words.set([1, 0, type, count, 1]);
  return words;
}

function networkOrder(words: Int32Array<ArrayBuffer>): Buffer {
  const bytes = Buffer.from(words.buffer);
  return endianness() === 'LE' ? bytes.swap32() : bytes;
}

export function numberArray(values: Int32Array | Float64Array | readonly number[]): string {
  return `{${values.join(',')}}`;
}

export function textArray(values: readonly string[]): string {
  let last = '';
  let lastQuoted = '""';
  const elements = values.map((value) => {
    // Neighbours are often the same, and a long one takes long to quote.
    if (value !== last) {
      last = value;
      lastQuoted = quoted(value);
    }
    return lastQuoted;
  });
  return `{${elements.join(',')}}`;
}

/** An element of `quotedArray`: worth doing once for a text that stands in many elements. */
export function quoted(text: string): string {
  if (/^[\w.:-]+$/.test(text) && (text.length !== 4 || text.toLowerCase() !== 'null')) return text;
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

/** Elements that were quoted before: those of `numbers` from `from` up to `to`. */
export function quotedArray(texts: readonly string[], numbers: Int32Array, from = 0, to = numbers.length): string {
  let text = '{';
  for (let index = from; index < to; index += 1) {
    if (index > from) text += ',';
    text += texts[numbers[index] ?? 0] ?? '""';
  }
  return `${text}}`;
}

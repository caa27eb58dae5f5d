/**
 * Whole lines as bytes, seen one byte and four bytes at a time. Reading four at once is what makes the loop fast; it may
 * look up to eight bytes past the end, so a chunk always has that much room behind its last line.
 */
import { randomInt } from 'node:crypto';

export const SLACK = 8;

export type Chunk = {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Bytes of whole lines; `bytes[length - 1]` is a newline. */
  readonly length: number;
};

/** A chunk over `bytes[0, length)`, copied only where there is no room behind it. */
export function chunkOf(bytes: Uint8Array, length: number): Chunk {
  if (bytes.length >= length + SLACK) {
    return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), length };
  }
  const roomy = new Uint8Array(length + SLACK);
  roomy.set(bytes.subarray(0, length));
  return { bytes: roomy, view: new DataView(roomy.buffer), length };
}

/** Lines of a text, for what is not read from a file. */
export function chunkOfText(text: string): Chunk {
  const bytes = Buffer.from(text.endsWith('\n') ? text : `${text}\n`, 'utf8');
  return chunkOf(bytes, bytes.length);
}

/**
 * The hash takes four bytes at a step (rotate, xor, multiply). Its seed is random in each process, so that nobody can
 * write log lines that all fall into one slot.
 */
export const HASH_SEED = randomInt(1, 0x7fffffff);
export const HASH_PRIME = 0x9e3779b1 | 0;

export function hashStep(hash: number, word: number): number {
  return Math.imul(((hash << 5) | (hash >>> 27)) ^ word, HASH_PRIME);
}

/** Hash of [start, end): whole words, then the bytes that are left. */
export function hashOf(view: DataView, start: number, end: number): number {
  let hash = HASH_SEED;
  let at = start;
  for (; at + 4 <= end; at += 4) hash = hashStep(hash, view.getInt32(at, true));
  for (; at < end; at += 1) hash = hashStep(hash, view.getUint8(at));
  return hash;
}

/** The bits of a hash spread over the low ones, which choose the slot. */
export function mix(hash: number): number {
  const folded = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return folded ^ (folded >>> 13);
}

/** First place at or after `at` whose byte is a space or below (separator or line end). */
export function blankAt(view: DataView, at: number): number {
  let place = at;
  for (;;) {
    const word = view.getInt32(place, true);
    const hit = (word - 0x21212121) & ~word & 0x80808080;
    if (hit !== 0) return place + (lowest(hit) >> 3);
    place += 4;
  }
}

/** Number of the lowest bit set. */
export function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

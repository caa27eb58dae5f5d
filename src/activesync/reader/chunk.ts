/** Whole lines as bytes, at their place in WebAssembly's memory, seen one byte and four bytes at a time. */
import { randomInt } from 'node:crypto';

export type Chunk = {
  /** Memory up to `end`: places are those of memory. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Whole lines: [start, end), the last byte a newline. */
  readonly start: number;
  readonly end: number;
};

/**
 * The hash takes four bytes at a step (rotate, xor, multiply). Its seed is random in each process, so that nobody can
 * write log lines that all fall into one slot.
 */
const HASH_SEED = randomInt(1, 0x7fffffff);
const HASH_PRIME = 0x9e3779b1 | 0;

function hashStep(hash: number, word: number): number {
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

/**
 * The lines of one rolling up and the rows of their clients, in WebAssembly's memory: the JavaScript half of assembly/lines.ts.
 *
 * line   what one request's line told: places in the chunk, numbers, and its row
 * row    one query with its account and its agent, as the lines wrote them; 16 numbers, the first five of which are the table's
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Chunk } from './chunk.ts';
import { LINE_WORDS, Line } from './line.ts';
import { LINES_WASM } from './lines-wasm.ts';

// Places in memory, in bytes; assembly/lines.ts has the same numbers.
const ROLES_AT = 1024;
const MOST_ROLES = 512;
const PLACES = 2048;
const PLACES_END = 2560;
const LINES_AT = 4096;
const INPUT = 0x10000;
const INPUT_END = 0x200000;

/** Lines are handed on in bunches, so that the tables can be looked at for all of them together. */
export const MOST_LINES = 64;
/** Longest chunk that fits, with room behind it for what is looked at in words. */
export const MOST_BYTES = INPUT_END - INPUT - 64;

/** Members of a row that a roll-up fills. */
export const Q = {
  /** 0: a phone's; else why it is none (see ClientCache). */
  refusal: 5,
  client: 6,
  command: 7,
  stray: 8,
  /** Of its last request's group: the group + 1, and what chose it. `epoch` tells whose groups they are. */
  epoch: 9,
  group: 10,
  hour: 11,
  outcome: 12,
  address: 13,
} as const;

type Exports = {
  readonly memory: WebAssembly.Memory;
  readonly filled: { value: number };
  readonly seen: { readonly value: number };
  readonly unreadable: { readonly value: number };
  readonly stems: { readonly value: number };
  readonly generation: { readonly value: number };
  clear(seed: bigint): void;
  split(from: number, end: number, fields: number): number;
  look(from: number, count: number): void;
  find(line: number): number;
  keep(line: number): number;
};

const names = [
  'memory',
  'filled',
  'seen',
  'unreadable',
  'stems',
  'generation',
  'clear',
  'split',
  'look',
  'find',
  'keep',
];
/** A module that lacks one of these was made of other sources. */
const made = z.custom<Exports>(
  (value) => typeof value === 'object' && value !== null && names.every((name) => name in value),
);
let compiled: WebAssembly.Module | undefined;

export class Lines {
  /** All memory as numbers: rows are indexes into it. */
  readonly words: Int32Array;
  /** Each line's own window, by its number. */
  readonly lines: readonly Line[];
  /** Counts the roll-ups that used this memory: what a row says of groups is of one of them. */
  epoch = 0;
  readonly #wasm: Exports;
  readonly #bytes: Uint8Array;

  constructor() {
    compiled ??= new WebAssembly.Module(Buffer.from(LINES_WASM, 'base64'));
    this.#wasm = made.parse(new WebAssembly.Instance(compiled).exports);
    const { buffer } = this.#wasm.memory;
    this.#bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.lines = Array.from(
      { length: MOST_LINES },
      (_, number) => new Line(this.words, LINES_AT / 4 + number * LINE_WORDS),
    );
    this.forget();
  }

  /** Copies whole lines (the last byte is a newline; at most MOST_BYTES) to where they can be read. What was loaded before is gone. */
  load(lines: Uint8Array): Chunk {
    const end = INPUT + lines.length;
    this.#bytes.set(lines, INPUT);
    this.filled = 0;
    const { buffer } = this.#bytes;
    return { bytes: new Uint8Array(buffer, 0, end), view: new DataView(buffer, 0, end), start: INPUT, end };
  }

  /** Forgets every row. */
  forget(): void {
    this.#wasm.clear(randomBytes(8).readBigInt64LE() | 1n);
  }

  /** What each field of the lines to come is. */
  set roles(roles: Uint8Array) {
    this.#bytes.set(roles.subarray(0, MOST_ROLES), ROLES_AT);
    // Of fields that these lines do not have nothing may be left from other lines.
    this.#bytes.fill(0, PLACES, PLACES_END);
  }

  /** Cuts W3C lines; `filled` tells how many stand ready. See assembly/lines.ts. */
  split(from: number, end: number, fields: number): number {
    return this.#wasm.split(from, end, Math.min(fields, MOST_ROLES));
  }

  get filled(): number {
    return this.#wasm.filled.value;
  }

  set filled(count: number) {
    this.#wasm.filled.value = count;
  }

  /** Lines that the last `split` saw. */
  get seen(): number {
    return this.#wasm.seen.value;
  }

  /** Of these, lines that said nothing that could be trusted. */
  get unreadable(): number {
    return this.#wasm.unreadable.value;
  }

  /** Of these, lines whose query may stand in the stem (`misspelt` is 2). */
  get stems(): number {
    return this.#wasm.stems.value;
  }

  /** Grows whenever the rows start anew: those found before are void. */
  get generation(): number {
    return this.#wasm.generation.value;
  }

  /** Finds the rows of lines [from, count). */
  look(from: number, count: number): void {
    this.#wasm.look(from, count);
  }

  /** Row of one line that look() did not know, if another line has brought it meanwhile; else a fresh one, `fresh` telling so. */
  rowOf(line: number): { row: number; fresh: boolean } {
    const found = this.#wasm.find(line);
    return found !== 0 ? { row: found, fresh: false } : { row: this.#wasm.keep(line), fresh: true };
  }
}

/** Memories that nobody uses now: each is 40 MB of addresses, and as much of it real as was needed. */
const spare: Lines[] = [];

export function takeLines(): Lines {
  return spare.pop() ?? new Lines();
}

export function giveLines(lines: Lines): void {
  if (spare.length < 2) spare.push(lines);
}

import { type Chunk, mix, SLACK } from './chunk.ts';
import type { Line } from './line.ts';

/** Members of a remembered query's row: all in one cache line of 16 numbers, since every line of a log touches one. */
export const Q = {
  hash: 0,
  offset: 1,
  length: 2,
  user: 3,
  device: 4,
  type: 5,
  command: 6,
  stray: 7,
  agent: 8,
  account: 9,
  client: 10,
  hour: 11,
  outcome: 12,
  group: 13,
  address: 14,
} as const;
const WIDTH = 16;

/** Queries kept before the cache starts anew: it is only a cache, and hostile logs repeat nothing. */
const MOST = 150_000;
const MOST_BYTES = 24_000_000;

/** Queries by their bytes. Row 0 is the empty query. */
export class QueryCache {
  rows = new Int32Array(WIDTH * 1024);
  #count = 1;
  #bytes = new Uint8Array(1 << 17);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;
  #slots = new Int32Array(1 << 12);
  #mask = (1 << 12) - 1;

  /** Place of the row in `rows`, or -1: not known yet. */
  find(chunk: Chunk, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const rows = this.rows;
    const length = end - start;
    let slot = mix(hash) & mask;
    for (;;) {
      const at = (slots[slot] ?? 0) * WIDTH;
      if (at === 0) return -1;
      if (rows[at + Q.hash] === hash && rows[at + Q.length] === length) {
        if (this.#same(rows[at + Q.offset] ?? 0, chunk.view, start, length)) return at;
      }
      slot = (slot + 1) & mask;
    }
  }

  /**
   * Looks at the rows and texts of several queries at once, before `find` goes through them one by one: each look waits for
   * memory (tens of megabytes at random), and independent looks wait together. Half of the reading time goes without this.
   * Fills `groups` with the group rows that the lines will probably touch; the answer only keeps the looks alive.
   */
  warm(lines: readonly Line[], count: number, groups: Int32Array): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const rows = this.rows;
    const bytes = this.#bytes;
    let seen = 0;
    for (let i = 0; i < count; i += 1) groups[i] = (slots[mix(lines[i]?.queryHash ?? 0) & mask] ?? 0) * WIDTH;
    for (let i = 0; i < count; i += 1) seen ^= rows[groups[i] ?? 0] ?? 0;
    for (let i = 0; i < count; i += 1) {
      const at = groups[i] ?? 0;
      const offset = rows[at + Q.offset] ?? 0;
      seen ^= (bytes[offset] ?? 0) ^ (bytes[offset + 64] ?? 0);
      groups[i] = rows[at + Q.group] ?? 0;
    }
    return seen;
  }

  /** Place of a fresh row for the query. Places handed out before may be void: the cache may have started anew. */
  add(chunk: Chunk, start: number, end: number, hash: number): number {
    const length = end - start;
    if (this.#count > MOST || this.#used + length > MOST_BYTES) this.#clear();
    if (this.#used + length + SLACK > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + length + SLACK));
      larger.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    if ((this.#count + 1) * WIDTH > this.rows.length) {
      const larger = new Int32Array(this.rows.length * 2);
      larger.set(this.rows);
      this.rows = larger;
    }
    const row = this.#count;
    const at = row * WIDTH;
    this.#count += 1;
    this.#bytes.set(chunk.bytes.subarray(start, end), this.#used);
    this.rows.fill(0, at, at + WIDTH);
    this.rows[at + Q.hash] = hash;
    this.rows[at + Q.offset] = this.#used;
    this.rows[at + Q.length] = length;
    this.#used += length;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    else this.#place(row, hash);
    return at;
  }

  forgetGroups(): void {
    for (let at = WIDTH; at < this.#count * WIDTH; at += WIDTH) this.rows[at + Q.group] = 0;
    this.rows[Q.group] = 0;
  }

  #same(offset: number, source: DataView, start: number, length: number): boolean {
    const view = this.#view;
    let i = 0;
    for (; i + 4 <= length; i += 4)
      if (view.getInt32(offset + i, true) !== source.getInt32(start + i, true)) return false;
    for (; i < length; i += 1) if (view.getUint8(offset + i) !== source.getUint8(start + i)) return false;
    return true;
  }

  #place(row: number, hash: number): void {
    let slot = mix(hash) & this.#mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = row;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    this.#mask = this.#slots.length - 1;
    for (let row = 1; row < this.#count; row += 1) this.#place(row, this.rows[row * WIDTH + Q.hash] ?? 0);
  }

  #clear(): void {
    this.#count = 1;
    this.#used = 0;
    this.#slots.fill(0);
    this.rows.fill(0, 0, WIDTH);
  }
}

/** What was made of each run of bytes: lines repeat themselves, and finding bytes again costs a tenth of making a text of them. */
import { randomInt } from 'node:crypto';

/** Of a hash table that somebody else fills: neighbours looked at before bytes count as not known. */
const mostProbes = 64;
/** Nobody can know which bytes fall together. */
const seed = randomInt(0x7fff_ffff);

export class ByteTable<Value> {
  readonly #most: number;
  #values: Value[] = [];
  #hashes: number[] = [];
  /** Where the bytes of each value end in `#bytes`. */
  #ends: number[] = [];
  #bytes = Buffer.alloc(4_096);
  /** Numbers of values, from one on; none at 0. */
  #slots = new Int32Array(1_024);

  /** With more values than `most` it begins anew. */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#values.length;
  }

  /** Bytes that are kept. */
  get length(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** What was made of the same bytes before, else what `make` makes of them as Latin-1. */
  of(bytes: Buffer, from: number, to: number, make: (text: string) => Value): Value {
    let hash = seed;
    for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x0100_0193);
    hash ^= hash >>> 15;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (let probes = 0; probes < mostProbes; probes += 1) {
      const number = slots[slot] ?? 0;
      if (number === 0) return this.#add(hash, bytes.subarray(from, to), make);
      if (this.#hashes[number - 1] === hash && this.#isSame(number, bytes, from, to))
        return this.#values[number - 1] as Value;
      slot = (slot + 1) & mask;
    }
    return make(bytes.toString('latin1', from, to));
  }

  /** The same of a text of Latin-1. */
  ofText(text: string, make: (text: string) => Value): Value {
    const bytes = Buffer.from(text, 'latin1');
    return this.of(bytes, 0, bytes.length, make);
  }

  #isSame(number: number, bytes: Buffer, from: number, to: number): boolean {
    const own = this.#bytes;
    const start = number === 1 ? 0 : (this.#ends[number - 2] ?? 0);
    if ((this.#ends[number - 1] ?? 0) - start !== to - from) return false;
    for (let at = from, place = start; at < to; at += 1, place += 1) if (own[place] !== bytes[at]) return false;
    return true;
  }

  #add(hash: number, bytes: Buffer, make: (text: string) => Value): Value {
    const value = make(bytes.toString('latin1'));
    if (this.size >= this.#most) this.clear();
    const start = this.length;
    const end = start + bytes.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(2 * end);
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, start);
    this.#ends.push(end);
    this.#hashes.push(hash);
    this.#values.push(value);
    if (2 * this.size > this.#slots.length) this.#spread(2 * this.#slots.length);
    else this.#place(hash, this.size);
    return value;
  }

  #spread(length: number): void {
    this.#slots = new Int32Array(length);
    for (const [index, hash] of this.#hashes.entries()) this.#place(hash, index + 1);
  }

  #place(hash: number, number: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = number;
  }

  clear(): void {
    this.#values = [];
    this.#hashes = [];
    this.#ends = [];
    this.#bytes = Buffer.alloc(4_096);
    this.#slots = new Int32Array(1_024);
  }
}

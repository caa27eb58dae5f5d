import { mix } from './chunk.ts';
import { doubled } from './strings.ts';

/** Tuples of up to six whole numbers, each kept once and named by its row. Rows count from 0. */
export class Tuples {
  size = 0;
  readonly width: number;
  /** Row r, member m stands at r * width + m. */
  values: Int32Array<ArrayBuffer>;
  #slots = new Int32Array(1 << 10);
  #mask = (1 << 10) - 1;

  constructor(width: number) {
    this.width = width;
    this.values = new Int32Array(width * (1 << 9));
  }

  /** Forgets all and keeps the room. */
  clear(): void {
    this.size = 0;
    this.#slots.fill(0);
  }

  /** The row of the tuple; `size` has grown by one when it is new. Members beyond `width` are not looked at. */
  row(a: number, b: number, c = 0, d = 0, e = 0, f = 0): number {
    const { width, values } = this;
    let slot = hashOf(a, b, c, d, e, f) & this.#mask;
    for (;;) {
      const row = (this.#slots[slot] ?? 0) - 1;
      if (row < 0) break;
      const at = row * width;
      if (
        values[at] === a &&
        values[at + 1] === b &&
        (width < 3 || values[at + 2] === c) &&
        (width < 4 || values[at + 3] === d) &&
        (width < 5 || values[at + 4] === e) &&
        (width < 6 || values[at + 5] === f)
      ) {
        return row;
      }
      slot = (slot + 1) & this.#mask;
    }
    return this.#add(slot, a, b, c, d, e, f);
  }

  #add(slot: number, a: number, b: number, c: number, d: number, e: number, f: number): number {
    const row = this.size;
    const { width } = this;
    if ((row + 1) * width > this.values.length) this.values = doubled(this.values);
    const members = [a, b, c, d, e, f];
    for (let m = 0; m < width; m += 1) this.values[row * width + m] = members[m] ?? 0;
    this.size += 1;
    this.#slots[slot] = row + 1;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    return row;
  }

  #rehash(): void {
    const { width, values } = this;
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    const member = (row: number, m: number) => (m < width ? (values[row * width + m] ?? 0) : 0);
    for (let row = 0; row < this.size; row += 1) {
      const hash = hashOf(
        member(row, 0),
        member(row, 1),
        member(row, 2),
        member(row, 3),
        member(row, 4),
        member(row, 5),
      );
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}

function hashOf(a: number, b: number, c: number, d: number, e: number, f: number): number {
  let hash = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ b, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13) ^ c, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 13) ^ d, 0x165667b1);
  hash = Math.imul(hash ^ (hash >>> 13) ^ e, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 13) ^ f, 0x85ebca77);
  return mix(hash);
}

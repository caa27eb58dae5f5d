/**
 * Text as bytes: every distinct piece of a log line is kept once and named by a small number, so that no string is
 * made per line. A JavaScript string is built only when a roll-up is handed over.
 */
import { hashOf, mix } from './chunk.ts';

/** A grown copy of a typed array, twice as long. */
export function doubled(array: Int32Array<ArrayBuffer>, fill = 0): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  if (fill !== 0) larger.fill(fill);
  larger.set(array);
  return larger;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin1 = new TextDecoder('latin1');

/**
 * IIS logs in UTF-8 or in the server's code page: what is not UTF-8 is read as Latin-1. Control characters become
 * spaces, since neither PostgreSQL (NUL) nor a chat message takes them.
 */
export function textOf(bytes: Uint8Array): string {
  const plain = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (/^[ -~]*$/.test(plain)) return plain;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    text = latin1.decode(bytes);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ');
}

const MOST_TEXTS = 20_000;

export class Strings {
  /** How many are kept; id 0 is the empty text. */
  size = 1;
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;
  /** What internText was asked last: the parts of queries are the same few texts in other company. */
  readonly #texts = new Map<string, number>();
  /** What `text` was asked for: phones and addresses come again in every batch. */
  readonly #made: (string | undefined)[] = [];
  /** Of each text its end and its hash, side by side: finding one waits for memory, not for the processor. */
  #places = new Int32Array(1 << 11);
  #slots = new Int32Array(1 << 11);
  #mask = (1 << 11) - 1;

  /** Id of the bytes, kept now if they are new. */
  intern(source: DataView, start: number, end: number, hash: number): number {
    if (end <= start) return 0;
    const found = this.find(source, start, end, hash);
    return found > 0 ? found : this.#keep(source, start, end, hash);
  }

  internText(text: string): number {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const id = this.#internText(text);
    if (this.#texts.size >= MOST_TEXTS) this.#texts.clear();
    this.#texts.set(text, id);
    return id;
  }

  #internText(text: string): number {
    const bytes = Buffer.from(text, 'utf8');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.intern(view, 0, bytes.length, hashOf(view, 0, bytes.length));
  }

  /** Id of the bytes, or 0. */
  find(source: DataView, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const places = this.#places;
    let slot = mix(hash) & mask;
    for (;;) {
      const id = slots[slot] ?? 0;
      if (id === 0) return 0;
      if (places[id * 2 + 1] === hash && this.equals(id, source, start, end)) return id;
      slot = (slot + 1) & mask;
    }
  }

  /** Whether text `id` stands at [start, end) of `source`. */
  equals(id: number, source: DataView, start: number, end: number): boolean {
    const places = this.#places;
    const view = this.#view;
    const from = id === 0 ? 0 : (places[id * 2 - 2] ?? 0);
    const length = end - start;
    if ((places[id * 2] ?? 0) - from !== length) return false;
    let i = 0;
    for (; i + 4 <= length; i += 4)
      if (view.getInt32(from + i, true) !== source.getInt32(start + i, true)) return false;
    for (; i < length; i += 1) if (view.getUint8(from + i) !== source.getUint8(start + i)) return false;
    return true;
  }

  /** Of text `id`: what is asked for by whoever wants it at hand before it is compared. */
  firstByte(id: number): number {
    return id > 0 ? (this.#bytes[this.#places[id * 2 - 2] ?? 0] ?? 0) : 0;
  }

  text(id: number): string {
    if (id <= 0 || id >= this.size) return '';
    const known = this.#made[id];
    if (known !== undefined) return known;
    const text = textOf(this.#bytes.subarray(this.#places[id * 2 - 2] ?? 0, this.#places[id * 2] ?? 0));
    // Without gaps: an array with gaps becomes a slow table.
    while (this.#made.length <= id) this.#made.push(undefined);
    this.#made[id] = text;
    return text;
  }

  /** Bytes in use: what a caller bounds. */
  get weight(): number {
    return this.#used + this.size * 16 + this.#made.length * 8;
  }

  #keep(source: DataView, start: number, end: number, hash: number): number {
    const length = end - start;
    if (this.#used + length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + length));
      larger.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    if (this.size * 2 >= this.#places.length) this.#places = doubled(this.#places);
    const id = this.size;
    this.#bytes.set(new Uint8Array(source.buffer, source.byteOffset + start, length), this.#used);
    this.#used += length;
    this.#places[id * 2] = this.#used;
    this.#places[id * 2 + 1] = hash;
    this.size += 1;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    else this.#place(id, hash);
    return id;
  }

  #place(id: number, hash: number): void {
    let slot = mix(hash) & this.#mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = id;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    this.#mask = this.#slots.length - 1;
    for (let id = 1; id < this.size; id += 1) this.#place(id, this.#places[id * 2 + 1] ?? 0);
  }
}

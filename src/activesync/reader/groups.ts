import { type Chunk, hashOf } from './chunk.ts';
import type { Line } from './line.ts';
import { type Lines, Q } from './lines.ts';
import type { Strings } from './strings.ts';
import { Tuples } from './tuples.ts';

const HOUR = 3600;

/** Members of a group's values. Times in seconds since 1970, `taken` in milliseconds. */
export const G = {
  requests: 0,
  /** Earliest start. */
  firstStart: 1,
  /** Latest end, and the start of that same request. */
  lastEnd: 2,
  lastStart: 3,
  taken: 4,
  sent: 5,
  received: 6,
} as const;

function doubledNumbers(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}

/** Requests, times and bytes of every (client, command, hour, outcome, address). Times in seconds since 1970. */
export class Groups {
  /** client, command, hour (start of it, in hours since 1970), outcome, address; where all hours are one, so are all addresses */
  readonly keys = new Tuples(5);
  /** Members of a group (`G`) side by side, in steps of eight: one line touches one cache line. */
  values = new Float64Array(8 * 512);
  readonly #words: Int32Array;
  readonly #lines: Lines;
  #epoch: number;
  readonly #strings: Strings;
  readonly #hours: boolean;

  constructor(lines: Lines, strings: Strings, hours: boolean) {
    this.#lines = lines;
    this.#words = lines.words;
    this.#epoch = lines.epoch;
    this.#strings = strings;
    this.#hours = hours;
  }

  /** Begins anew for the next roll-up, in the room of this one: new room is cleared by the system first, every minute again. */
  again(): this {
    this.keys.clear();
    this.#epoch = this.#lines.epoch;
    return this;
  }

  get size(): number {
    return this.keys.size;
  }

  add(chunk: Chunk, line: Line, command: number, outcome: number): void {
    const words = this.#words;
    const { row, end, taken } = line;
    const hour = this.#hours ? Math.floor(end / HOUR) : 0;
    const address = this.#hours ? this.#address(chunk, line, words[row + Q.address] ?? 0) : 0;
    const again =
      words[row + Q.epoch] === this.#epoch &&
      words[row + Q.outcome] === outcome &&
      words[row + Q.hour] === hour &&
      words[row + Q.address] === address;
    const group = again ? (words[row + Q.group] ?? 0) - 1 : this.#group(row, command, hour, outcome, address);
    const { values } = this;
    const at = group * 8;
    const start = taken > 0 ? end - Math.round(taken / 1000) : end;
    const requests = values[at] ?? 0;
    values[at] = requests + 1;
    if (requests === 0 || start < (values[at + G.firstStart] ?? 0)) values[at + G.firstStart] = start;
    if (taken > 0) values[at + G.taken] = (values[at + G.taken] ?? 0) + taken;
    if (line.sent > 0) values[at + G.sent] = (values[at + G.sent] ?? 0) + line.sent;
    if (line.received > 0) values[at + G.received] = (values[at + G.received] ?? 0) + line.received;
    if (requests === 0 || end >= (values[at + G.lastEnd] ?? 0)) {
      values[at + G.lastEnd] = end;
      values[at + G.lastStart] = start;
    }
  }

  /** Looks at the groups that lines will probably touch, all together, as `look` does with their rows; the answer only keeps the looks alive. */
  warm(lines: readonly Line[], count: number): number {
    const words = this.#words;
    const { values } = this;
    let seen = 0;
    for (let i = 0; i < count; i += 1) {
      const row = lines[i]?.row ?? 0;
      if (row > 0) seen += values[((words[row + Q.group] ?? 0) - 1) * 8] ?? 0;
    }
    if (this.#hours) {
      for (let i = 0; i < count; i += 1) {
        const row = lines[i]?.row ?? 0;
        if (row > 0) seen += this.#strings.firstByte(words[row + Q.address] ?? 0);
      }
    }
    return seen;
  }

  /** The group of a row's request, which the row remembers. */
  #group(row: number, command: number, hour: number, outcome: number, address: number): number {
    const words = this.#words;
    const { size } = this.keys;
    const group = this.keys.row(words[row + Q.client] ?? 0, command, hour, outcome, address);
    if ((group + 1) * 8 > this.values.length) this.values = doubledNumbers(this.values);
    if (group === size) this.values.fill(0, group * 8, group * 8 + 8);
    words[row + Q.epoch] = this.#epoch;
    words[row + Q.hour] = hour;
    words[row + Q.outcome] = outcome;
    words[row + Q.address] = address;
    words[row + Q.group] = group + 1;
    return group;
  }

  /** Id of the line's address, which mostly is the one that the same row came from before. */
  #address(chunk: Chunk, line: Line, last: number): number {
    const stop = Math.min(line.addressEnd, line.addressStart + 46);
    if (stop - line.addressStart < 2) return 0;
    if (last !== 0 && this.#strings.equals(last, chunk.view, line.addressStart, stop)) return last;
    return this.#strings.intern(chunk.view, line.addressStart, stop, hashOf(chunk.view, line.addressStart, stop));
  }
}

import { type Chunk, hashOf } from './chunk.ts';
import type { ClientCache } from './client-cache.ts';
import type { Line } from './line.ts';
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
  readonly #strings: Strings;
  readonly #hours: boolean;

  constructor(strings: Strings, hours: boolean) {
    this.#strings = strings;
    this.#hours = hours;
  }

  get size(): number {
    return this.keys.size;
  }

  add(
    chunk: Chunk,
    line: Line,
    clients: ClientCache,
    query: number,
    client: number,
    command: number,
    outcome: number,
  ): void {
    const end = line.end;
    const hour = this.#hours ? Math.floor(end / HOUR) : 0;
    const address = this.#hours ? this.#address(chunk, line, clients.lastAddress(query)) : 0;
    let row = clients.lastGroup(query, hour, outcome, address);
    if (row < 0) {
      row = this.keys.row(client, command, hour, outcome, address);
      if ((row + 1) * 8 > this.values.length) this.values = doubledNumbers(this.values);
      clients.keepGroup(query, hour, outcome, address, row);
    }
    const { values } = this;
    const at = row * 8;
    const { taken } = line;
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

  /** Looks at groups (row + 1, 0: none) that lines will probably touch; see QueryCache.warm. */
  warm(groups: Int32Array, count: number): number {
    const { values } = this;
    let seen = 0;
    for (let i = 0; i < count; i += 1) seen += values[((groups[i] ?? 0) - 1) * 8] ?? 0;
    return seen;
  }

  /** Id of the line's address, which mostly is the one that the same query came from before. */
  #address(chunk: Chunk, line: Line, last: number): number {
    const stop = Math.min(line.addressEnd, line.addressStart + 46);
    if (stop - line.addressStart < 2) return 0;
    if (last !== 0 && this.#strings.equals(last, chunk.view, line.addressStart, stop)) return last;
    return this.#strings.intern(chunk.view, line.addressStart, stop, hashOf(chunk.view, line.addressStart, stop));
  }
}

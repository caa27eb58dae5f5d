import { type Chunk, hashOf } from './chunk.ts';
import type { ClientCache } from './client-cache.ts';
import type { Line } from './line.ts';
import { doubled, type Strings } from './strings.ts';
import { Tuples } from './tuples.ts';

const HOUR = 3600;

/** Members of a group's values. Times in seconds since 1970, `taken` in milliseconds; `lastAddress` is an id. */
export const G = {
  requests: 0,
  /** Earliest start. */
  firstStart: 1,
  /** Latest end, and the start of that same request. */
  lastEnd: 2,
  lastStart: 3,
  lastAddress: 4,
  taken: 5,
  sent: 6,
  received: 7,
} as const;

function doubledNumbers(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}

/** Requests, times, bytes and last address of every (client, command, hour, outcome). Times in seconds since 1970. */
export class Groups {
  /** client, command, hour (start of it, in hours since 1970; 0 where all hours are one), outcome */
  readonly keys = new Tuples(4);
  /** Eight members a group (`G`), side by side: one line touches one cache line. */
  values = new Float64Array(8 * 512);
  /** (client, address) with the requests from there; only with hours. */
  readonly addresses = new Tuples(2);
  addressRequests = new Int32Array(512);
  addressFirst = new Int32Array(512);
  addressLast = new Int32Array(512);
  readonly #strings: Strings;
  readonly #hours: boolean;
  #address = 0;
  #addressClient = -1;
  #addressRow = 0;

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
    let row = clients.lastGroup(query, hour, outcome);
    if (row < 0) {
      row = this.keys.row(client, command, hour, outcome);
      if ((row + 1) * 8 > this.values.length) this.values = doubledNumbers(this.values);
      clients.keepGroup(query, hour, outcome, row);
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
    const latest = requests === 0 || end >= (values[at + G.lastEnd] ?? 0);
    if (latest) {
      values[at + G.lastEnd] = end;
      values[at + G.lastStart] = start;
    }
    if (!this.#hours) return;
    const address = this.#countAddress(chunk, line, client, start, end);
    if (latest) values[at + G.lastAddress] = address;
  }

  /** Looks at groups (row + 1, 0: none) that lines will probably touch; see QueryCache.warm. */
  warm(groups: Int32Array, count: number): number {
    const { values } = this;
    let seen = 0;
    for (let i = 0; i < count; i += 1) seen += values[((groups[i] ?? 0) - 1) * 8] ?? 0;
    return seen;
  }

  #countAddress(chunk: Chunk, line: Line, client: number, start: number, end: number): number {
    const stop = Math.min(line.addressEnd, line.addressStart + 46);
    if (stop - line.addressStart < 2) return 0;
    const same = this.#address !== 0 && this.#strings.equals(this.#address, chunk.view, line.addressStart, stop);
    if (!same) {
      const hash = hashOf(chunk.view, line.addressStart, stop);
      this.#address = this.#strings.intern(chunk.view, line.addressStart, stop, hash);
    }
    if (!same || client !== this.#addressClient) {
      this.#addressClient = client;
      this.#addressRow = this.addresses.row(client, this.#address);
      if (this.#addressRow >= this.addressRequests.length) this.#growAddresses();
    }
    const row = this.#addressRow;
    const before = this.addressRequests[row] ?? 0;
    this.addressRequests[row] = before + 1;
    if (before === 0 || start < (this.addressFirst[row] ?? 0)) this.addressFirst[row] = start;
    if (before === 0 || end > (this.addressLast[row] ?? 0)) this.addressLast[row] = end;
    return this.#address;
  }

  #growAddresses(): void {
    this.addressRequests = doubled(this.addressRequests);
    this.addressFirst = doubled(this.addressFirst);
    this.addressLast = doubled(this.addressLast);
  }
}

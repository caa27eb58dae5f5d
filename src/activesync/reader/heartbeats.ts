import { Ended, endedOf } from './outcome.ts';
import { doubled } from './strings.ts';
import { Tuples } from './tuples.ts';

/** Steps of 2 %: fine enough to see at which length connections are cut, coarse enough to count. */
const STEP = Math.log(1.02);

/** Middle of the step that `seconds` falls into, as a whole number of seconds (exact below 50 s). */
export function livedStep(seconds: number): number {
  if (seconds < 50) return Math.max(1, Math.round(seconds));
  return Math.round(Math.exp(Math.round(Math.log(seconds) / STEP) * STEP));
}

/** What a hanging request's line tells; `Line` has the units. */
export type Hanging = Readonly<Record<'end' | 'taken' | 'win32' | 'http', number>>;

/** Counts of (client, command, hour, asked, how it ended with its Win32 error, how long it lived). */
export class Heartbeats {
  /** client, command, hour, asked seconds, ended * 100000 + Win32 error, lived seconds (0 where every length is one) */
  readonly keys = new Tuples(6);
  requests = new Int32Array(512);
  /** Shortest and longest, and the sum, in milliseconds. */
  shortest = new Int32Array(512);
  longest = new Int32Array(512);
  sum = new Float64Array(512);
  #lastStart = new Float64Array(1024);
  #lastEnd = new Float64Array(1024);

  get size(): number {
    return this.keys.size;
  }

  add(
    line: Hanging,
    client: number,
    command: number,
    asked: number,
    status: number,
    timedOut: boolean,
    collision: boolean,
  ): void {
    const { taken, win32, http } = line;
    const hour = Math.floor(line.end / 3600);
    const ended = endedOf({ asked, taken, win32, http, status, timedOut, collision });
    this.#count(client, command, hour, asked, ended, win32, taken);
    if (taken >= 0 && asked > 0) this.#overlap(line, client, command, hour, asked);
  }

  #count(
    client: number,
    command: number,
    hour: number,
    asked: number,
    ended: Ended,
    win32: number,
    taken: number,
  ): void {
    // Lengths are told apart only where they point at the edge; answers by new mail come at any time.
    const telling = ended === Ended.cut || ended === Ended.dropped || ended === Ended.overlapped;
    const lived = telling && taken > 0 ? livedStep(taken / 1000) : 0;
    const row = this.keys.row(client, command, hour, asked, ended * 100_000 + Math.min(win32, 99_999), lived);
    if (row >= this.requests.length) {
      this.requests = doubled(this.requests);
      this.shortest = doubled(this.shortest);
      this.longest = doubled(this.longest);
      const sum = new Float64Array(this.requests.length);
      sum.set(this.sum);
      this.sum = sum;
    }
    const before = this.requests[row] ?? 0;
    this.requests[row] = before + 1;
    if (taken < 0) return;
    if (before === 0 || taken < (this.shortest[row] ?? 0)) this.shortest[row] = taken;
    if (taken > (this.longest[row] ?? 0)) this.longest[row] = taken;
    this.sum[row] = (this.sum[row] ?? 0) + taken;
  }

  /**
   * Two hanging requests of one client at the same time: the phone had lost the earlier one, at the latest when the later one
   * began. Lines come in the order of their ends, so either of the two may be the one just read.
   */
  #overlap(line: Hanging, client: number, command: number, hour: number, asked: number): void {
    while (client >= this.#lastStart.length) {
      const starts = new Float64Array(this.#lastStart.length * 2);
      const ends = new Float64Array(starts.length);
      starts.set(this.#lastStart);
      ends.set(this.#lastEnd);
      this.#lastStart = starts;
      this.#lastEnd = ends;
    }
    const start = line.end - line.taken / 1000;
    const lastStart = this.#lastStart[client] ?? 0;
    const lastEnd = this.#lastEnd[client] ?? 0;
    this.#lastStart[client] = start;
    this.#lastEnd[client] = line.end;
    if (lastEnd === 0 || Math.abs(start - lastStart) < 5) return;
    const earlierEnd = start < lastStart ? line.end : lastEnd;
    const laterStart = Math.max(start, lastStart);
    const lived = (laterStart - Math.min(start, lastStart)) * 1000;
    if (laterStart < earlierEnd - 5 && lived < 4_000_000) {
      this.#count(client, command, hour, asked, Ended.overlapped, 0, Math.round(lived));
    }
  }
}

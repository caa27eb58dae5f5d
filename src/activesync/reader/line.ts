/** Numbers of one line in memory: 22 members, the hash of its row, and room. */
export const LINE_WORDS = 32;

/**
 * One request as a line of any dialect told it: places in the chunk and numbers, never strings. A window on WebAssembly's memory that
 * is filled again and again; a parser sets every member before it hands the line on.
 */
export class Line {
  readonly #words: Int32Array;
  readonly #at: number;

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /** Index of its row in the words of memory; 0: not known yet, -1: its query is too long to be one of ActiveSync. */
  get row(): number {
    return this.#words[this.#at] ?? 0;
  }

  set row(value: number) {
    this.#words[this.#at] = value;
  }

  /** When the request ended, in seconds since 1970, UTC. */
  get end(): number {
    return (this.#words[this.#at + 1] ?? 0) >>> 0;
  }

  set end(value: number) {
    this.#words[this.#at + 1] = value;
  }

  /** How long it took, in milliseconds; -1 where the log does not say. */
  get taken(): number {
    return this.#words[this.#at + 2] ?? 0;
  }

  set taken(value: number) {
    this.#words[this.#at + 2] = value;
  }

  get http(): number {
    return this.#words[this.#at + 3] ?? 0;
  }

  set http(value: number) {
    this.#words[this.#at + 3] = value;
  }

  get substatus(): number {
    return this.#words[this.#at + 4] ?? 0;
  }

  set substatus(value: number) {
    this.#words[this.#at + 4] = value;
  }

  get win32(): number {
    return this.#words[this.#at + 5] ?? 0;
  }

  set win32(value: number) {
    this.#words[this.#at + 5] = value;
  }

  get sent(): number {
    return this.#words[this.#at + 6] ?? 0;
  }

  set sent(value: number) {
    this.#words[this.#at + 6] = value;
  }

  get received(): number {
    return this.#words[this.#at + 7] ?? 0;
  }

  set received(value: number) {
    this.#words[this.#at + 7] = value;
  }

  /** First byte of the method: O for OPTIONS, the one request without a command. */
  get method(): number {
    return this.#words[this.#at + 8] ?? 0;
  }

  set method(value: number) {
    this.#words[this.#at + 8] = value;
  }

  /** The client's part of the query, without what Exchange appended. */
  get queryStart(): number {
    return this.#words[this.#at + 9] ?? 0;
  }

  set queryStart(value: number) {
    this.#words[this.#at + 9] = value;
  }

  get queryEnd(): number {
    return this.#words[this.#at + 10] ?? 0;
  }

  set queryEnd(value: number) {
    this.#words[this.#at + 10] = value;
  }

  get agentStart(): number {
    return this.#words[this.#at + 11] ?? 0;
  }

  set agentStart(value: number) {
    this.#words[this.#at + 11] = value;
  }

  get agentEnd(): number {
    return this.#words[this.#at + 12] ?? 0;
  }

  set agentEnd(value: number) {
    this.#words[this.#at + 12] = value;
  }

  /** The authenticated account, `-` or empty where there is none. */
  get userStart(): number {
    return this.#words[this.#at + 13] ?? 0;
  }

  set userStart(value: number) {
    this.#words[this.#at + 13] = value;
  }

  get userEnd(): number {
    return this.#words[this.#at + 14] ?? 0;
  }

  set userEnd(value: number) {
    this.#words[this.#at + 14] = value;
  }

  get addressStart(): number {
    return this.#words[this.#at + 15] ?? 0;
  }

  set addressStart(value: number) {
    this.#words[this.#at + 15] = value;
  }

  get addressEnd(): number {
    return this.#words[this.#at + 16] ?? 0;
  }

  set addressEnd(value: number) {
    this.#words[this.#at + 16] = value;
  }

  /** Value of `Log=`; empty where there is none. */
  get logStart(): number {
    return this.#words[this.#at + 17] ?? 0;
  }

  set logStart(value: number) {
    this.#words[this.#at + 17] = value;
  }

  get logEnd(): number {
    return this.#words[this.#at + 18] ?? 0;
  }

  set logEnd(value: number) {
    this.#words[this.#at + 18] = value;
  }

  /** HttpProxy's ErrorCode. */
  get errorStart(): number {
    return this.#words[this.#at + 19] ?? 0;
  }

  set errorStart(value: number) {
    this.#words[this.#at + 19] = value;
  }

  get errorEnd(): number {
    return this.#words[this.#at + 20] ?? 0;
  }

  set errorEnd(value: number) {
    this.#words[this.#at + 20] = value;
  }

  /** 1: the query stood in the stem (`default.eascmd=sync`); 2: it may, and the stem stands in `errorStart` for now. */
  get misspelt(): number {
    return this.#words[this.#at + 21] ?? 0;
  }

  set misspelt(value: number) {
    this.#words[this.#at + 21] = value;
  }
}

/** Whole number at [start, end), 0 where there is none; long runs of digits saturate. */
export function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    if (value > 0x7fffffff) return 0x7fffffff;
  }
  return value;
}

/** Two digits at `at`, or NaN. */
export function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - 48;
  const ones = (bytes[at + 1] ?? 0) - 48;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? Number.NaN : tens * 10 + ones;
}

/** Whether `lower` (lower-case ASCII) stands at `at`, in any case. */
export function startsAt(bytes: Uint8Array, at: number, end: number, lower: Uint8Array): boolean {
  if (end - at < lower.length) return false;
  for (let i = 0; i < lower.length; i += 1) {
    const byte = bytes[at + i] ?? 0;
    const folded = byte >= 65 && byte <= 90 ? byte | 32 : byte;
    if (folded !== lower[i]) return false;
  }
  return true;
}

export function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/**
 * Seconds of the day's start for YYYY-MM-DD at `at`, NaN where that is no date. The last answer is kept: nearly all lines of a file
 * carry one date.
 */
export class Days {
  #key = 0;
  #seconds = Number.NaN;

  at(bytes: Uint8Array, at: number): number {
    const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2);
    const month = twoDigits(bytes, at + 5);
    const day = twoDigits(bytes, at + 8);
    const key = (year * 16 + month) * 32 + day;
    if (key === this.#key) return this.#seconds;
    const valid = year >= 1990 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
    if (!valid) return Number.NaN;
    this.#key = key;
    this.#seconds = Date.UTC(year, month - 1, day) / 1000;
    return this.#seconds;
  }
}

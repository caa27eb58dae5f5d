/**
 * One request as a line of any dialect told it: places in the chunk and numbers, never strings. One object is filled again
 * and again; a parser sets every member before it hands it on.
 */
export class Line {
  /** When the request ended, in seconds since 1970, UTC. */
  end = 0;
  /** How long it took, in milliseconds; -1 where the log does not say. */
  taken = -1;
  /** The client's part of the query, without what Exchange appended. */
  queryStart = 0;
  queryEnd = 0;
  queryHash = 0;
  agentStart = 0;
  agentEnd = 0;
  /** The authenticated account, `-` or empty where there is none. */
  userStart = 0;
  userEnd = 0;
  addressStart = 0;
  addressEnd = 0;
  http = 0;
  substatus = 0;
  win32 = 0;
  sent = 0;
  received = 0;
  /** First byte of the method: O for OPTIONS, the one request without a command. */
  method = 0;
  /** Value of `Log=`; empty where there is none. */
  logStart = 0;
  logEnd = 0;
  /** HttpProxy's ErrorCode. */
  errorStart = 0;
  errorEnd = 0;
  /** The query stood in the stem (`default.eascmd=sync`). */
  misspelt = false;
}

/** Lines are handed on in bunches, so that the tables can be looked at for all of them together. */
export const LINES_AT_ONCE = 32;

export function lineBunch(): Line[] {
  return Array.from({ length: LINES_AT_ONCE }, () => new Line());
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

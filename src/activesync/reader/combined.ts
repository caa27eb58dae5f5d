/**
 * Access logs of what stands in front of Exchange, in the combined format that nginx and Apache write by default and HAProxy
 * and F5 write when told to: `address ident user [time] "request" status bytes "referer" "agent"`, with or without a syslog
 * prefix, and with a duration behind where nginx's `$request_time` (seconds with a point) is logged.
 */
import type { Chunk } from './chunk.ts';
import { ascii, type Line, numberAt, startsAt, twoDigits } from './line.ts';
import { MOST_LINES } from './lines.ts';
import type { Rollup } from './rollup.ts';

const NEWLINE = 10;
const SPACE = 32;
const QUOTE = 34;
const STEM = ascii('/microsoft-server-activesync');
/** Seconds since 1970 that a line's end can tell: up to February 2106. */
const LATEST = 2 ** 32;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map(ascii);
const TAILS = [ascii('/proxy/default.eas'), ascii('/default.eas'), ascii('/')] as const;

export class CombinedReader {
  #filled = 0;

  set header(_header: string) {
    // Access logs have none.
  }

  read(chunk: Chunk, rollup: Rollup): void {
    const { bytes } = chunk;
    const { lines } = rollup.memory;
    let at = chunk.start;
    while (at < chunk.end) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = bytes[newline - 1] === 13 ? newline - 1 : newline;
      if (end > at) {
        rollup.lines += 1;
        const line = lines[this.#filled];
        const found = line === undefined ? 'other' : fill(bytes, at, end, line);
        if (found === 'unreadable') rollup.odd('unreadable-line', '');
        if (found === 'request') this.#filled += 1;
        if (this.#filled === MOST_LINES) this.#handOn(chunk, rollup);
      }
      at = newline + 1;
    }
    this.#handOn(chunk, rollup);
  }

  #handOn(chunk: Chunk, rollup: Rollup): void {
    rollup.addAll(chunk, this.#filled);
    this.#filled = 0;
  }
}

function fill(bytes: Uint8Array, from: number, end: number, line: Line): 'request' | 'other' | 'unreadable' {
  const bracket = timeAt(bytes, from, end);
  if (bracket < 0) return 'unreadable';
  let at = bracket;
  while (at < end && bytes[at] !== QUOTE) at += 1;
  const method = at + 1;
  const requestEnd = quoteEnd(bytes, method, end);
  if (requestEnd >= end) return 'unreadable';
  let stem = method;
  while (stem < requestEnd && bytes[stem] !== SPACE) stem += 1;
  stem += 1;
  if (!startsAt(bytes, stem, requestEnd, STEM)) return 'other';
  line.method = bytes[method] ?? 0;
  queryOf(bytes, stem, requestEnd, line);
  const seconds = secondsAt(bytes, bracket + 1);
  const status = requestEnd + 2;
  const statusEnd = wordEnd(bytes, status, end);
  line.http = numberAt(bytes, status, statusEnd);
  if (!(seconds > 0 && seconds < LATEST) || line.http < 100 || line.http > 999) return 'unreadable';
  line.end = seconds;
  line.sent = numberAt(bytes, statusEnd + 1, end);
  line.received = 0;
  const refererStart = nextQuote(bytes, statusEnd, end);
  const refererEnd = quoteEnd(bytes, refererStart, end);
  line.agentStart = nextQuote(bytes, refererEnd + 1, end);
  line.agentEnd = Math.max(line.agentStart, quoteEnd(bytes, line.agentStart, end));
  line.taken = durationAfter(bytes, line.agentEnd + 1, end);
  caller(bytes, from, bracket, line);
  line.substatus = line.win32 = 0;
  line.logStart = line.logEnd = line.errorStart = line.errorEnd = 0;
  return 'request';
}

/** Place of the `[` before dd/Mon/yyyy. */
function timeAt(bytes: Uint8Array, from: number, end: number): number {
  let at = bytes.indexOf(91, from);
  while (at >= 0 && at + 21 < end) {
    if (bytes[at + 3] === 47 && bytes[at + 7] === 47 && bytes[at + 12] === 58) return at;
    at = bytes.indexOf(91, at + 1);
  }
  return -1;
}

/** dd/Mon/yyyy:hh:mm:ss +hhmm, or NaN. */
function secondsAt(bytes: Uint8Array, at: number): number {
  const month = MONTHS.findIndex((name) => startsAt(bytes, at + 3, at + 6, name));
  if (month < 0) return Number.NaN;
  const year = twoDigits(bytes, at + 7) * 100 + twoDigits(bytes, at + 9);
  const day = Date.UTC(year, month, twoDigits(bytes, at)) / 1000;
  const time = twoDigits(bytes, at + 12) * 3600 + twoDigits(bytes, at + 15) * 60 + twoDigits(bytes, at + 18);
  // HAProxy's own times have milliseconds behind a point and no zone; those logs are in the machine's time, taken as UTC.
  const sign = bytes[at + 21] === 43 ? 1 : bytes[at + 21] === 45 ? -1 : 0;
  const offset = sign === 0 ? 0 : sign * (twoDigits(bytes, at + 22) * 3600 + twoDigits(bytes, at + 24) * 60);
  return day + time - offset;
}

/** Place of the quote that ends the text, a backslash before it not counting; `end` where there is none. */
function quoteEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== QUOTE) at += bytes[at] === 92 ? 2 : 1;
  return Math.min(at, end);
}

function nextQuote(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== QUOTE) at += 1;
  return Math.min(at + 1, end);
}

function wordEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== SPACE) at += 1;
  return at;
}

function queryOf(bytes: Uint8Array, stem: number, requestEnd: number, line: Line): void {
  let end = requestEnd;
  for (let at = requestEnd - 1; at > stem; at -= 1) {
    if (bytes[at] === SPACE) {
      end = at;
      break;
    }
  }
  let at = stem + STEM.length;
  while (at < end && bytes[at] !== 63) at += 1;
  line.misspelt = 0;
  line.queryStart = Math.min(at + 1, end);
  if (at >= end) {
    const rest = stem + STEM.length;
    const tail = TAILS.find((text) => startsAt(bytes, rest, end, text));
    const start = rest + (tail?.length ?? 0);
    if (end - start > 1) {
      line.misspelt = 1;
      line.queryStart = start;
    }
  }
  line.queryEnd = end;
}

/** The three words before the bracket are address, ident and user; what stands before them is a syslog prefix. */
function caller(bytes: Uint8Array, from: number, bracket: number, line: Line): void {
  const userEnd = bracket - 1;
  const userStart = wordStart(bytes, from, userEnd);
  const identStart = wordStart(bytes, from, userStart - 1);
  const addressStart = wordStart(bytes, from, identStart - 1);
  line.userStart = userStart;
  line.userEnd = Math.max(userStart, userEnd);
  line.addressStart = addressStart;
  line.addressEnd = Math.max(addressStart, identStart - 1);
}

function wordStart(bytes: Uint8Array, from: number, end: number): number {
  let at = end;
  while (at > from && bytes[at - 1] !== SPACE) at -= 1;
  return Math.max(at, from);
}

/** A number with a point behind the agent, in seconds; whole numbers could be anything (microseconds, bytes) and are not taken. */
function durationAfter(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end) {
    while (at < end && bytes[at] === SPACE) at += 1;
    const stop = wordEnd(bytes, at, end);
    let start = stop;
    while (start > at && isNumeric(bytes[start - 1] ?? 0)) start -= 1;
    let point = start;
    while (point < stop && bytes[point] !== 46) point += 1;
    const named = start === at || bytes[start - 1] === 61;
    if (named && point > start && point < stop && stop - point <= 7) {
      const fraction = numberAt(bytes, point + 1, stop) / 10 ** (stop - point - 1);
      return Math.round((numberAt(bytes, start, point) + fraction) * 1000);
    }
    at = stop + 1;
  }
  return -1;
}

function isNumeric(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || byte === 46;
}

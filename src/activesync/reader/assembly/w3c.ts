/** W3C lines cut into fields, 16 bytes at a time. */
import {
  ADDRESS_END,
  ADDRESS_START,
  AGENT_END,
  AGENT_START,
  END,
  ENDS,
  ERROR_END,
  ERROR_START,
  HTTP,
  LINE_BYTES,
  LINES,
  LOG_END,
  LOG_START,
  lengthOf,
  METHOD,
  MISSPELT,
  MOST_LINES,
  QUERY_END,
  QUERY_START,
  RECEIVED,
  ROLES_AT,
  SENT,
  STARTS,
  SUBSTATUS,
  TAKEN,
  USER_END,
  USER_START,
  WIN32,
} from './memory';

// What a field is: ../columns.ts.
const DATE: i32 = 1;
const TIME: i32 = 2;
const METHOD_ROLE: i32 = 3;
const STEM: i32 = 4;
const QUERY: i32 = 5;
const USER: i32 = 6;
const ADDRESS: i32 = 7;
const AGENT: i32 = 8;
const STATUS: i32 = 9;
const SUBSTATUS_ROLE: i32 = 10;
const WIN32_ROLE: i32 = 11;
const TAKEN_ROLE: i32 = 12;
const SENT_ROLE: i32 = 13;
const RECEIVED_ROLE: i32 = 14;
const FORWARDED: i32 = 15;

const NEWLINE: i32 = 10;
const RETURN: i32 = 13;
const SPACE: i32 = 32;
const NUMBER_SIGN: i32 = 35;
const AMPERSAND: i32 = 38;
const PLUS: i32 = 43;
const COMMA: i32 = 44;
const DASH: i32 = 45;
const ZERO: i32 = 48;
/** The first byte of UTF-8's mark at the head of a file. */
const BOM: i32 = 0xef;
const STEM_LENGTH: i32 = 28;

/** How many lines stand ready. */
export let filled: i32 = 0;
/** Since the last call of `split`: lines seen, those of them that said nothing that could be trusted, and those with a query in the stem. */
export let seen: i32 = 0;
export let unreadable: i32 = 0;
export let stems: i32 = 0;
let lastDate: u64 = 0;
let lastDateRest: i32 = 0;
let lastDay: i32 = 0;
let lastTime: u64 = 0;
let lastSeconds: i32 = -1;

/**
 * Reads W3C lines from `from` on until MOST_LINES stand ready, something begins that is no line of a request (a comment, an empty
 * line), or `end` (behind a newline) is reached; answers where it stopped.
 */
export function split(from: i32, end: i32, fields: i32): i32 {
  seen = 0;
  unreadable = 0;
  stems = 0;
  let at = from;
  while (at < end && filled < MOST_LINES) {
    const first = <i32>load<u8>(at);
    if (
      first === NUMBER_SIGN ||
      first === NEWLINE ||
      first === BOM ||
      (first === RETURN && <i32>load<u8>(at + 1) === NEWLINE)
    )
      break;
    const line = LINES + filled * LINE_BYTES;
    let block = at;
    let marks = blanks(block);
    let field = 0;
    let place = at;
    let isRequest = true;
    store<i64>(line + LOG_START, 0);
    while (field < fields) {
      const start = at;
      while (marks === 0) {
        block += 16;
        marks = blanks(block);
      }
      place = block + ctz(marks);
      marks &= marks - 1;
      const isLast = <i32>load<u8>(place) === NEWLINE;
      const stop = isLast && place > start && <i32>load<u8>(place - 1) === RETURN ? place - 1 : place;
      const role = <i32>load<u8>(ROLES_AT + field);
      store<i32>(STARTS + (role << 2), start);
      store<i32>(ENDS + (role << 2), stop);
      field += 1;
      if (role === QUERY) query(line, start, stop);
      else if (role === STEM && !isActiveSync(start, stop)) {
        isRequest = false;
        break;
      }
      if (isLast) break;
      at = place + 1;
    }
    seen += 1;
    if (isRequest) {
      for (let missing = field; missing < fields; missing++) {
        const role = <i32>load<u8>(ROLES_AT + missing);
        store<i32>(STARTS + (role << 2), 0);
        store<i32>(ENDS + (role << 2), 0);
        if (role === QUERY) {
          store<i32>(line + QUERY_START, 0);
          store<i32>(line + QUERY_END, 0);
        }
      }
      if (finish(line)) filled += 1;
      else unreadable += 1;
    }
    while (<i32>load<u8>(place) !== NEWLINE) {
      while (marks === 0) {
        block += 16;
        marks = blanks(block);
      }
      place = block + ctz(marks);
      marks &= marks - 1;
    }
    at = place + 1;
  }
  return at;
}

/** Which of the 16 bytes from `at` on are a space or a newline, the first in the lowest bit. */
function blanks(at: i32): i32 {
  const bytes = v128.load(at);
  return i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(<i8>SPACE)), i8x16.eq(bytes, i8x16.splat(<i8>NEWLINE))));
}

/** The query field: where the client's part ends, and the value of `Log=` behind it. */
function query(line: i32, start: i32, end: i32): void {
  let clientEnd = end;
  let found = false;
  for (let block = start; block < end; block += 16) {
    let marks = i8x16.bitmask(i8x16.eq(v128.load(block), i8x16.splat(<i8>AMPERSAND)));
    while (marks !== 0) {
      const name = block + ctz(marks) + 1;
      marks &= marks - 1;
      if (name > end) break;
      if (!found) {
        if (!isAppended(name, end)) continue;
        found = true;
        clientEnd = name - 1;
      }
      if (isLog(name, end)) {
        store<i32>(line + LOG_START, name + 4);
        store<i32>(line + LOG_END, end);
        block = end;
        break;
      }
    }
  }
  store<i32>(line + QUERY_START, start);
  store<i32>(line + QUERY_END, clientEnd);
}

/** Whether what Exchange appends begins here: `Log=`, `CorrelationID=`, `ClientId=`, `cafeReqId=`. */
function isAppended(at: i32, end: i32): bool {
  const letters = <i32>load<u16>(at) | 0x2020;
  if (letters === 0x6f6c) return isLog(at, end);
  // `correlationid=` by its first eight and last eight letters; likewise the others.
  if (letters === 0x6f63) return spells(at, end, 14, 0x74616c6572726f63, 0x3d64696e6f697461);
  if (letters === 0x6c63) return spells(at, end, 9, 0x6469746e65696c63, 0x3d6469746e65696c);
  if (letters === 0x6163) return spells(at, end, 10, 0x6971657265666163, 0x3d64697165726566);
  return false;
}

function isLog(at: i32, end: i32): bool {
  return end - at >= 4 && (load<u32>(at) | 0x00202020) === 0x3d676f6c;
}

/** Whether `length` letters at `at` are these in any case: the first eight, and the last eight, which end with `=`. */
function spells(at: i32, end: i32, length: i32, first: u64, last: u64): bool {
  if (end - at < length) return false;
  if ((load<u64>(at) | 0x2020202020202020) !== first) return false;
  return <i32>load<u8>(at + length - 1) === 61 && (load<u64>(at + length - 8) | 0x0020202020202020) === last;
}

/** `/Microsoft-Server-ActiveSync`, in any case. */
function isActiveSync(start: i32, end: i32): bool {
  if (end - start < STEM_LENGTH) return false;
  const fold = i8x16.splat(0x20);
  const head = v128.or(v128.load(start), fold);
  const tail = v128.or(v128.load(start + STEM_LENGTH - 16), fold);
  // `/microsoft-serve` and `rver-activesync`, each letter or mark with bit 0x20 set, as `/` and `-` have it anyway.
  return (
    v128.all_true<i8>(
      i8x16.eq(head, i8x16(47, 109, 105, 99, 114, 111, 115, 111, 102, 116, 45, 115, 101, 114, 118, 101)),
    ) &&
    v128.all_true<i8>(i8x16.eq(tail, i8x16(101, 114, 118, 101, 114, 45, 97, 99, 116, 105, 118, 101, 115, 121, 110, 99)))
  );
}

function finish(line: i32): bool {
  const date = start(DATE);
  const day = end(DATE) - date === 10 ? dayAt(date) : 0;
  const seconds = secondsAt(start(TIME));
  const http = number(STATUS);
  // A half line (the server stopped while writing) or a broken one says nothing that could be trusted.
  if (http < 100 || http > 999 || day === 0 || seconds < 0) return false;
  store<i32>(line + HTTP, http);
  store<i32>(line + END, day + seconds);
  const taken = start(TAKEN_ROLE);
  store<i32>(line + TAKEN, end(TAKEN_ROLE) > taken && <i32>load<u8>(taken) !== DASH ? number(TAKEN_ROLE) : -1);
  store<i32>(line + SUBSTATUS, number(SUBSTATUS_ROLE));
  store<i32>(line + WIN32, number(WIN32_ROLE));
  store<i32>(line + SENT, number(SENT_ROLE));
  store<i32>(line + RECEIVED, number(RECEIVED_ROLE));
  store<i32>(line + METHOD, <i32>load<u8>(start(METHOD_ROLE)));
  store<i32>(line + AGENT_START, start(AGENT));
  store<i32>(line + AGENT_END, end(AGENT));
  store<i32>(line + USER_START, start(USER));
  store<i32>(line + USER_END, end(USER));
  address(line);
  store<i64>(line + ERROR_START, 0);
  store<i32>(line + MISSPELT, 0);
  if (lengthOf(line, QUERY_START) <= 1) {
    // Perhaps the question mark is missing, and the query stands in the stem: rare, and left to JavaScript.
    store<i32>(line + MISSPELT, 2);
    store<i32>(line + ERROR_START, start(STEM));
    store<i32>(line + ERROR_END, end(STEM));
    stems += 1;
  }
  return true;
}

function start(role: i32): i32 {
  return load<i32>(STARTS + (role << 2));
}

function end(role: i32): i32 {
  return load<i32>(ENDS + (role << 2));
}

/** The phone's address: the first of X-Forwarded-For where it is logged (c-ip is then a proxy's), else c-ip. */
function address(line: i32): void {
  const from = start(FORWARDED);
  const to = end(FORWARDED);
  let stop = from;
  while (stop < to && <i32>load<u8>(stop) !== COMMA && <i32>load<u8>(stop) !== PLUS) stop += 1;
  const forwarded = stop - from > 1;
  store<i32>(line + ADDRESS_START, forwarded ? from : start(ADDRESS));
  store<i32>(line + ADDRESS_END, forwarded ? stop : end(ADDRESS));
}

/** Whole number of the field, 0 where there is none; long runs of digits saturate. */
function number(role: i32): i32 {
  const to = end(role);
  let value: i64 = 0;
  for (let at = start(role); at < to; at++) {
    const digit = <i32>load<u8>(at) - ZERO;
    if (<u32>digit > 9) break;
    value = value * 10 + digit;
    if (value > 0x7fffffff) return 0x7fffffff;
  }
  return <i32>value;
}

/** Two digits at `at`, or -1. */
function twoDigits(at: i32): i32 {
  const tens = <i32>load<u8>(at) - ZERO;
  const ones = <i32>load<u8>(at + 1) - ZERO;
  return <u32>tens > 9 || <u32>ones > 9 ? -1 : tens * 10 + ones;
}

/** Seconds of the day's start for YYYY-MM-DD, unsigned; 0 where that is no date. Nearly all lines of a file carry one date. */
function dayAt(at: i32): i32 {
  const head = load<u64>(at);
  const rest = <i32>load<u16>(at + 8);
  if (head === lastDate && rest === lastDateRest) return lastDay;
  const century = twoDigits(at);
  const yearOf = twoDigits(at + 2);
  const month = twoDigits(at + 5);
  const day = twoDigits(at + 8);
  const year = century * 100 + yearOf;
  if (century < 0 || yearOf < 0 || year < 1990 || year > 2099) return 0;
  if (month < 1 || month > 12 || day < 1 || day > 31) return 0;
  lastDate = head;
  lastDateRest = rest;
  lastDay = daysSince1970(year, month, day) * 86_400;
  return lastDay;
}

/** Days from the civil calendar, counted in years that begin in March, so that the leap day is the last of one. */
function daysSince1970(year: i32, month: i32, day: i32): i32 {
  const from = month > 2 ? year : year - 1;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const era = from / 400;
  const yearOfEra = from - era * 400;
  return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468;
}

/** Seconds of the day at hh:mm:ss, or -1. */
function secondsAt(at: i32): i32 {
  const word = load<u64>(at);
  if (word === lastTime && lastSeconds >= 0) return lastSeconds;
  const hours = twoDigits(at);
  const minutes = twoDigits(at + 3);
  const seconds = twoDigits(at + 6);
  if (hours < 0 || minutes < 0 || seconds < 0) return -1;
  lastTime = word;
  lastSeconds = hours * 3600 + minutes * 60 + seconds;
  return lastSeconds;
}

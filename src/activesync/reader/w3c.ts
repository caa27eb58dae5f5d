/** IIS W3C logs: front end (W3SVC1) and back end (W3SVC2), with any choice and order of fields. */
import { blankAt, type Chunk, HASH_SEED, hashOf, hashStep, lowest } from './chunk.ts';
import { type Columns, NO_COLUMNS, ROLES, Role, w3cColumns } from './columns.ts';
import { ascii, Days, LINES_AT_ONCE, Line, lineBunch, numberAt, startsAt, twoDigits } from './line.ts';
import type { Rollup } from './rollup.ts';

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const AMPERSAND = 38;
const DASH = 45;
const SEMICOLON = 59;
const USUAL = Buffer.from('&CorrelationID=<empty>;&cafeReqId=00000000-0000-0000-0000-000000000000;', 'latin1');
const USUAL_LENGTH = USUAL.length;
const EMPTY_WORD = USUAL.readInt32LE(16);
const REQUEST_WORD = USUAL.readInt32LE(30);
const STEM = ascii('/microsoft-server-activesync');
/** The stem as Exchange's own URL spells it, for a comparison of seven words. */
const STEM_WORDS = new Int32Array(Uint8Array.from(ascii('/Microsoft-Server-ActiveSync')).buffer);
const FIELDS = ascii('#fields:');
const LOG = ascii('log=');
const APPENDED = [ascii('correlationid='), ascii('clientid='), ascii('cafereqid='), LOG] as const;
/** Their first two letters as lower-case words: most parameters differ from all of them there. */
const CO = 0x6f63;
const CL = 0x6c63;
const CA = 0x6163;
const LO = 0x6f6c;
const LOWER = 0x2020;
/** Where the query may begin when somebody left out the question mark. */
const STEM_TAILS = [ascii('/proxy/default.eas'), ascii('/default.eas'), ascii('/')] as const;

export class W3cReader {
  #header = '';
  #columns: Columns = NO_COLUMNS;
  readonly #bunch = lineBunch();
  #filled = 0;
  #line = this.#bunch[0] ?? new Line();
  readonly #days = new Days();
  readonly #starts = new Int32Array(ROLES);
  readonly #ends = new Int32Array(ROLES);

  /** The `#Fields:` line in force where the next chunk begins. */
  set header(header: string) {
    if (header === this.#header) return;
    this.#header = header;
    this.#columns = header === '' ? NO_COLUMNS : w3cColumns(header);
    this.#starts.fill(0);
    this.#ends.fill(0);
  }

  read(chunk: Chunk, rollup: Rollup): void {
    const { bytes, length } = chunk;
    let at = 0;
    while (at < length) {
      const first = bytes[at] ?? 0;
      if (first === 35 || first === 0xef) {
        const end = bytes.indexOf(NEWLINE, at);
        const from = first === 0xef ? at + 3 : at;
        if (startsAt(bytes, from, end, FIELDS))
          this.header = Buffer.from(bytes.subarray(from, end)).toString('latin1').trim();
        at = end + 1;
      } else if (first === NEWLINE || (first === RETURN && bytes[at + 1] === NEWLINE)) {
        at += first === RETURN ? 2 : 1;
      } else if (!this.#columns.usable) {
        rollup.odd('no-fields', '');
        at = bytes.indexOf(NEWLINE, at) + 1;
      } else {
        at = this.#lines(chunk, at, rollup);
      }
    }
    this.#handOn(chunk, rollup);
  }

  /** Reads line after line under the same header; answers where the first line begins that is none. */
  #lines(chunk: Chunk, from: number, rollup: Rollup): number {
    const { bytes, length } = chunk;
    const { roles } = this.#columns;
    const starts = this.#starts;
    const ends = this.#ends;
    const fields = roles.length;
    let at = from;
    while (at < length) {
      const first = bytes[at] ?? 0;
      if (first === 35 || first === NEWLINE || first === 0xef || (first === RETURN && bytes[at + 1] === NEWLINE))
        return at;
      const line = this.#line;
      line.logStart = line.logEnd = 0;
      line.queryStart = line.queryEnd = 0;
      let activeSync = true;
      let field = 0;
      while (field < fields) {
        const role = roles[field] ?? 0;
        const start = at;
        if (role === Role.query) at = this.#query(chunk, at);
        else if (role === Role.date && bytes[at + 10] === SPACE) at += 10;
        else if (role === Role.time && bytes[at + 8] === SPACE) at += 8;
        else at = fieldEnd(chunk, at);
        starts[role] = start;
        ends[role] = at;
        field += 1;
        if (role === Role.stem && !isActiveSync(chunk, start, at)) {
          activeSync = false;
          break;
        }
        if (bytes[at] !== SPACE) break;
        at += 1;
      }
      rollup.lines += 1;
      if (activeSync) {
        for (let missing = field; missing < fields; missing += 1)
          starts[roles[missing] ?? 0] = ends[roles[missing] ?? 0] = 0;
        this.#finish(chunk, rollup);
      }
      while (bytes[at] !== NEWLINE) {
        at = bytes[at] === RETURN && bytes[at + 1] === NEWLINE ? at + 1 : bytes.indexOf(NEWLINE, at);
      }
      at += 1;
    }
    return at;
  }

  /** The query field from `start`: hashes the client's part while looking for its end; answers the end of the field. */
  #query(chunk: Chunk, start: number): number {
    const { bytes, view } = chunk;
    let hash = HASH_SEED;
    let at = start;
    let end = -1;
    while (end < 0) {
      const word = view.getInt32(at, true);
      // Some byte below 0x27: a space, a line end, an ampersand (or a percent sign, which ends nothing).
      let hits = (word - 0x27272727) & ~word & 0x80808080;
      while (hits !== 0) {
        const place = at + (lowest(hits) >> 3);
        const byte = bytes[place] ?? NEWLINE;
        if (isEnd(bytes, place) || (byte === AMPERSAND && isAppended(chunk, place + 1))) {
          end = place;
          break;
        }
        hits &= hits - 1;
      }
      if (end >= 0) break;
      hash = hashStep(hash, word);
      at += 4;
    }
    for (; at < end; at += 1) hash = hashStep(hash, bytes[at] ?? 0);
    const line = this.#line;
    line.queryStart = start;
    line.queryEnd = end;
    line.queryHash = hash;
    return bytes[end] === AMPERSAND ? this.#appended(chunk, end) : end;
  }

  /** From the `&` of what Exchange appended to the end of the field; notes the value of `Log=`. */
  #appended(chunk: Chunk, ampersand: number): number {
    const { bytes, view, length } = chunk;
    let at = ampersand;
    // `&CorrelationID=<empty>;&cafeReqId=` and a GUID, as front ends write it: its end is where it always is.
    if (
      bytes[at + USUAL_LENGTH] === SPACE &&
      view.getInt32(at + 16, true) === EMPTY_WORD &&
      view.getInt32(at + 30, true) === REQUEST_WORD &&
      bytes[at + 42] === DASH &&
      bytes[at + 47] === DASH &&
      bytes[at + 52] === DASH &&
      bytes[at + 57] === DASH &&
      bytes[at + USUAL_LENGTH - 1] === SEMICOLON
    ) {
      return at + USUAL_LENGTH;
    }
    for (;;) {
      const word = view.getInt32(at, true);
      let hits = (word - 0x27272727) & ~word & 0x80808080;
      while (hits !== 0) {
        const place = at + (lowest(hits) >> 3);
        if (isEnd(bytes, place)) return place;
        if (bytes[place] === AMPERSAND && startsAt(bytes, place + 1, length, LOG)) {
          this.#line.logStart = place + 1 + LOG.length;
          this.#line.logEnd = fieldEnd(chunk, place);
          return this.#line.logEnd;
        }
        hits &= hits - 1;
      }
      at += 4;
    }
  }

  #finish(chunk: Chunk, rollup: Rollup): void {
    const { bytes } = chunk;
    const starts = this.#starts;
    const ends = this.#ends;
    const line = this.#line;
    const date = starts[Role.date] ?? 0;
    const time = starts[Role.time] ?? 0;
    const day = (ends[Role.date] ?? 0) - date === 10 ? this.#days.at(bytes, date) : Number.NaN;
    const seconds = twoDigits(bytes, time) * 3600 + twoDigits(bytes, time + 3) * 60 + twoDigits(bytes, time + 6);
    line.http = this.#number(bytes, Role.status);
    line.end = day + seconds;
    // A half line (the server stopped while writing) or a broken one says nothing that could be trusted.
    if (line.http < 100 || line.http > 999 || !(line.end > 0)) {
      rollup.odd('unreadable-line', '');
      return;
    }
    const taken = starts[Role.taken] ?? 0;
    line.taken = (ends[Role.taken] ?? 0) > taken && bytes[taken] !== 45 ? this.#number(bytes, Role.taken) : -1;
    line.substatus = this.#number(bytes, Role.substatus);
    line.win32 = this.#number(bytes, Role.win32);
    line.sent = this.#number(bytes, Role.sent);
    line.received = this.#number(bytes, Role.received);
    line.method = bytes[starts[Role.method] ?? 0] ?? 0;
    line.agentStart = starts[Role.agent] ?? 0;
    line.agentEnd = ends[Role.agent] ?? 0;
    line.userStart = starts[Role.user] ?? 0;
    line.userEnd = ends[Role.user] ?? 0;
    this.#address(bytes);
    line.misspelt = false;
    if (line.queryEnd - line.queryStart <= 1) this.#queryInStem(chunk);
    this.#filled += 1;
    if (this.#filled === LINES_AT_ONCE) this.#handOn(chunk, rollup);
    this.#line = this.#bunch[this.#filled] ?? new Line();
  }

  #handOn(chunk: Chunk, rollup: Rollup): void {
    rollup.addAll(chunk, this.#bunch, this.#filled);
    this.#filled = 0;
    this.#line = this.#bunch[0] ?? new Line();
  }

  #number(bytes: Uint8Array, role: Role): number {
    return numberAt(bytes, this.#starts[role] ?? 0, this.#ends[role] ?? 0);
  }

  /** The phone's address: the first of X-Forwarded-For where it is logged (c-ip is then a proxy's), else c-ip. */
  #address(bytes: Uint8Array): void {
    const line = this.#line;
    const start = this.#starts[Role.forwarded] ?? 0;
    const end = this.#ends[Role.forwarded] ?? 0;
    let stop = start;
    while (stop < end && bytes[stop] !== 44 && bytes[stop] !== 43) stop += 1;
    const forwarded = stop - start > 1;
    line.addressStart = forwarded ? start : (this.#starts[Role.address] ?? 0);
    line.addressEnd = forwarded ? stop : (this.#ends[Role.address] ?? 0);
  }

  /** `…/default.eascmd=sync&user=…`: somebody left out the question mark. */
  #queryInStem(chunk: Chunk): void {
    const { bytes, view } = chunk;
    const line = this.#line;
    const rest = (this.#starts[Role.stem] ?? 0) + STEM.length;
    const stemEnd = this.#ends[Role.stem] ?? 0;
    const equals = bytes.indexOf(61, rest);
    if (equals < 0 || equals >= stemEnd) return;
    const tail = STEM_TAILS.find((text) => startsAt(bytes, rest, stemEnd, text));
    line.queryStart = rest + (tail?.length ?? 0);
    line.queryEnd = stemEnd;
    line.queryHash = hashOf(view, line.queryStart, line.queryEnd);
    line.misspelt = true;
  }
}

/** Fields end at a space or at the line's end; other control characters do not hide the rest of a line. */
function isEnd(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at];
  return byte === SPACE || byte === NEWLINE || (byte === RETURN && bytes[at + 1] === NEWLINE);
}

function fieldEnd({ bytes, view }: Chunk, from: number): number {
  let at = blankAt(view, from);
  while (!isEnd(bytes, at)) at = blankAt(view, at + 1);
  return at;
}

function isActiveSync({ bytes, view }: Chunk, start: number, end: number): boolean {
  if (end - start < STEM.length) return false;
  for (let word = 0; word < 7; word += 1) {
    if (view.getInt32(start + word * 4, true) !== STEM_WORDS[word]) return startsAt(bytes, start, end, STEM);
  }
  return true;
}

/** Whether what Exchange appends begins here: `Log=`, `CorrelationID=`, `ClientId=`, `cafeReqId=`. */
function isAppended({ bytes, view, length }: Chunk, at: number): boolean {
  const word = view.getUint16(at, true) | LOWER;
  if (word !== CO && word !== CA && word !== LO && word !== CL) return false;
  return APPENDED.some((name) => startsAt(bytes, at, length, name));
}

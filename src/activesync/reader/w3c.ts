/**
 * IIS W3C logs: front end (W3SVC1) and back end (W3SVC2), with any choice and order of fields. Read as bytes: nearly all of a log was
 * read before (the same queries, accounts, agents, addresses), and of that no texts are made.
 */
import { ByteTable } from './byte-table.ts';
import { columnsOf, isHeader, type Role, unmarked } from './columns.ts';
import {
  dayOf,
  hasLoggedIn,
  isActiveSync,
  isHttpStatus,
  type Line,
  type LineParser,
  longest,
  type Parsed,
  queryInStem,
  textOf,
} from './line.ts';

/** A line's facts, good until the next is asked for. */
export type W3cLine = Omit<Line, 'query' | 'agent' | 'user' | 'isOptions' | 'log' | 'sent' | 'received'> & {
  /** What names its client, as `keyOf` makes it of other lines, and how long it is. */
  key: Buffer;
  keyLength: number;
  /** Places of the value of the last `Log=`, by whomever; equal where there is none. */
  logFrom: number;
  logTo: number;
};

/** Why a line says nothing that could be trusted. */
type Unreadable = 'no-fields' | 'unreadable-line' | 'unreadable-query';

const newline = 10;
const carriageReturn = 13;
const blank = 32;
const headerMark = 35;
const ampersand = 38;
const plus = 43;
const comma = 44;
const dash = 45;
const byteOrderMark = 0xef;

/** The fields that are read, each with its number. */
const numbers = {
  stem: 0,
  date: 1,
  time: 2,
  method: 3,
  query: 4,
  user: 5,
  port: 6,
  address: 7,
  agent: 8,
  status: 9,
  substatus: 10,
  win32: 11,
  taken: 12,
  forwarded: 13,
} as const satisfies Partial<Record<Role, number>>;
const fields = Object.entries(numbers) as [keyof typeof numbers, number][];

/** What stands behind the query in a key: nobody logged in, somebody did. */
const behindQuery = ['\n\n\n', '\n\nin\n'].map((text) => Buffer.from(text));
const behindOptions = ['\nOPTIONS\n\n', '\nOPTIONS\nin\n'].map((text) => Buffer.from(text));
const lineEnd = Buffer.from('\n');

/** Known from reading to reading, as clients are. */
const stems = new ByteTable<{ isOurs: boolean; queryAt: number }>(2_000);
const texts = new ByteTable<string>(20_000);

export class W3cReader {
  #header = '';
  /** Number of the field at each place of a line, -1: none that is read; undefined where the header lacks a needed one. */
  #places: Int8Array | undefined;
  #hasUser = false;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  readonly #from = new Int32Array(fields.length);
  readonly #to = new Int32Array(fields.length);
  readonly #date = Buffer.alloc('2026-03-02'.length);
  #day = Number.NaN;
  readonly #line: W3cLine = {
    end: 0,
    taken: 0,
    http: 0,
    substatus: 0,
    win32: 0,
    misspelt: false,
    authenticated: false,
    port: '',
    address: '',
    error: '',
    key: Buffer.alloc(longest.query + longest.account + longest.agent + 16),
    keyLength: 0,
    logFrom: 0,
    logTo: 0,
  };

  /** Whole lines, and the `#Fields:` line in force at their start. */
  begin(bytes: Buffer, header: string): void {
    this.#bytes = bytes;
    this.#at = 0;
    this.#takeHeader(header);
  }

  #takeHeader(header: string): void {
    if (header === this.#header) return;
    this.#header = header;
    const columns = columnsOf('w3c', header);
    this.#places = undefined;
    if (columns === undefined) return;
    const places = fields.map(([role]) => columns.places[role] ?? -1);
    this.#places = new Int8Array(Math.max(...places) + 1).fill(-1);
    for (const [index, [, number]] of fields.entries()) {
      const place = places[index] ?? -1;
      if (place >= 0) this.#places[place] = number;
    }
    this.#hasUser = columns.places.user !== undefined;
  }

  /** The next request of ActiveSync, or why a line is none; undefined: there are no more lines. */
  next(): W3cLine | Unreadable | undefined {
    const bytes = this.#bytes;
    while (this.#at < bytes.length) {
      const from = this.#at;
      const found = bytes.indexOf(newline, from);
      const stop = found < 0 ? bytes.length : found;
      this.#at = stop + 1;
      const to = stop > from && bytes[stop - 1] === carriageReturn ? stop - 1 : stop;
      if (to === from) continue;
      const first = bytes[from];
      if (first === headerMark || first === byteOrderMark) {
        const text = unmarked(bytes.toString('latin1', from, to));
        if (isHeader(text, 'w3c')) this.#takeHeader(text.trim());
        if (text.startsWith('#')) continue;
      }
      if (this.#places === undefined) return 'no-fields';
      if (this.#cut(this.#places, from, to)) return this.#parse();
    }
    return undefined;
  }

  /** Finds the fields of a line; false: its stem is not ActiveSync's. */
  #cut(places: Int8Array, start: number, end: number): boolean {
    const bytes = this.#bytes;
    this.#from.fill(end);
    this.#to.fill(end);
    for (let place = 0, from = start; place < places.length && from <= end; place += 1) {
      const number = places[place] ?? -1;
      let to = from;
      if (number === numbers.query) {
        // The only long one.
        to = bytes.indexOf(blank, from);
        if (to < 0 || to > end) to = end;
      } else while (to < end && bytes[to] !== blank) to += 1;
      if (number >= 0) {
        this.#from[number] = from;
        this.#to[number] = to;
        if (number === numbers.stem && !stems.of(bytes, from, to, stemOf).isOurs) return false;
      }
      from = to + 1;
    }
    return true;
  }

  #parse(): W3cLine | Unreadable {
    const line = this.#line;
    line.http = this.#numberOf(numbers.status);
    line.end = this.#dayOf() + this.#secondsOf();
    // A half line (the server stopped while writing) or a broken one says nothing that could be trusted.
    if (!isHttpStatus(line.http) || Number.isNaN(line.end)) return 'unreadable-line';
    line.substatus = this.#numberOf(numbers.substatus);
    line.win32 = this.#numberOf(numbers.win32);
    line.taken = this.#isNothing(numbers.taken) ? -1 : this.#numberOf(numbers.taken);
    line.authenticated = hasLoggedIn(this.#hasUser ? (this.#isNobody() ? '' : 'somebody') : undefined, line.http);
    line.port = this.#textOf(
      this.#start(numbers.port),
      Math.min(this.#stop(numbers.port), this.#start(numbers.port) + 6),
    );
    line.address = this.#addressOf();
    return this.#keyOf(this.#cutQuery()) ? line : 'unreadable-query';
  }

  #start(number: number): number {
    return this.#from[number] ?? 0;
  }

  #stop(number: number): number {
    return this.#to[number] ?? 0;
  }

  /** Empty, or below zero. */
  #isNothing(number: number): boolean {
    return this.#start(number) === this.#stop(number) || this.#bytes[this.#start(number)] === dash;
  }

  /** `-` alone is nobody; a name may begin with it. */
  #isNobody(): boolean {
    return this.#isNothing(numbers.user) && this.#stop(numbers.user) - this.#start(numbers.user) <= 1;
  }

  /** As `numberOf` of line.ts. */
  #numberOf(number: number): number {
    const to = this.#stop(number);
    let value = 0;
    for (let at = this.#start(number); at < to; at += 1) {
      const digit = (this.#bytes[at] ?? 0) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      if (value > 0x7fffffff) return 0x7fffffff;
    }
    return value;
  }

  #textOf(from: number, to: number): string {
    return from === to ? '' : texts.of(this.#bytes, from, to, textOf);
  }

  #dayOf(): number {
    const from = this.#start(numbers.date);
    if (this.#stop(numbers.date) - from !== this.#date.length) return Number.NaN;
    let same = 0;
    while (same < this.#date.length && this.#bytes[from + same] === this.#date[same]) same += 1;
    if (same < this.#date.length) {
      this.#bytes.copy(this.#date, 0, from, from + this.#date.length);
      this.#day = dayOf(this.#date.toString('latin1'));
    }
    return this.#day;
  }

  /** Of the day, at hh:mm:ss, or NaN. */
  #secondsOf(): number {
    const from = this.#start(numbers.time);
    if (this.#stop(numbers.time) - from < 8) return Number.NaN;
    return this.#twoDigits(from) * 3600 + this.#twoDigits(from + 3) * 60 + this.#twoDigits(from + 6);
  }

  #twoDigits(at: number): number {
    const tens = (this.#bytes[at] ?? 0) - 48;
    const ones = (this.#bytes[at + 1] ?? 0) - 48;
    return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
  }

  /** The first of X-Forwarded-For, which is the phone's where it is logged: c-ip is then a proxy's. */
  #addressOf(): string {
    const bytes = this.#bytes;
    for (const number of [numbers.forwarded, numbers.address]) {
      const from = this.#start(number);
      let to = from;
      while (to < this.#stop(number) && bytes[to] !== comma && bytes[to] !== plus) to += 1;
      if (to - from > 1) return this.#textOf(from, Math.min(to, from + longest.address));
    }
    return '';
  }

  /** Finds the value of the last `Log=`, and answers where the client's part of the query ends: a client's own stands before Exchange's. */
  #cutQuery(): number {
    const bytes = this.#bytes;
    const line = this.#line;
    const from = this.#start(numbers.query);
    const to = this.#stop(numbers.query);
    line.logFrom = to;
    line.logTo = to;
    let end = from;
    while (end < to && !(bytes[end] === ampersand && this.#isAppended(end + 1))) end += 1;
    for (let at = to; at > end; ) {
      at = bytes.lastIndexOf(ampersand, at - 1);
      if (at < end) break;
      if (!this.#stands('log=', at + 1)) continue;
      line.logFrom = at + '&log='.length;
      break;
    }
    return end;
  }

  /** What Exchange appends begins with one of these names, always behind an ampersand. */
  #isAppended(at: number): boolean {
    const first = (this.#bytes[at] ?? 0) | 32;
    if (first === 108) return this.#stands('log=', at);
    return first === 99 && ['correlationid=', 'clientid=', 'cafereqid='].some((name) => this.#stands(name, at));
  }

  /** Whether `lower` stands there, in any case. */
  #stands(lower: string, at: number): boolean {
    for (let place = 0; place < lower.length; place += 1) {
      const letter = lower.charCodeAt(place);
      const byte = this.#bytes[at + place] ?? 0;
      if (byte !== letter && !(letter >= 97 && letter <= 122 && byte === letter - 32)) return false;
    }
    return true;
  }

  /** Writes the line's key; false: the query is too long to be one. */
  #keyOf(queryEnd: number): boolean {
    const line = this.#line;
    let from = this.#start(numbers.query);
    let to = queryEnd;
    const stem = stems.of(this.#bytes, this.#start(numbers.stem), this.#stop(numbers.stem), stemOf);
    line.misspelt = to - from <= 1 && stem.queryAt >= 0;
    if (line.misspelt) {
      from = this.#start(numbers.stem) + stem.queryAt;
      to = this.#stop(numbers.stem);
    }
    if (to - from > longest.query) return false;
    const isOptions = ((this.#bytes[this.#start(numbers.method)] ?? 0) | 32) === 111;
    line.keyLength = 0;
    this.#write(this.#bytes, from, to);
    const between = (isOptions ? behindOptions : behindQuery)[line.authenticated ? 1 : 0] ?? lineEnd;
    this.#write(between, 0, between.length);
    this.#write(
      this.#bytes,
      this.#start(numbers.user),
      Math.min(this.#stop(numbers.user), this.#start(numbers.user) + longest.account),
    );
    this.#write(lineEnd, 0, 1);
    this.#write(
      this.#bytes,
      this.#start(numbers.agent),
      Math.min(this.#stop(numbers.agent), this.#start(numbers.agent) + longest.agent),
    );
    return true;
  }

  /** Adds bytes to the key. */
  #write(bytes: Buffer, from: number, to: number): void {
    const { key, keyLength } = this.#line;
    for (let at = from, place = keyLength; at < to; at += 1, place += 1) key[place] = bytes[at] ?? 0;
    this.#line.keyLength = keyLength + to - from;
  }
}

/** The same of lines as texts, among lines of other formats. */
export class W3cParser implements LineParser {
  readonly #reader = new W3cReader();
  header = '';

  parse(line: string): Parsed {
    this.#reader.begin(Buffer.from(line, 'latin1'), this.header);
    const read = this.#reader.next();
    if (read === 'unreadable-query') return 'unreadable-line';
    if (read === undefined || typeof read === 'string') return read;
    const { key, keyLength, logFrom: _from, logTo: _to, ...facts } = read;
    const [query = '', method = '', , user = '', agent = ''] = key.toString('latin1', 0, keyLength).split('\n');
    return { ...facts, query, isOptions: method !== '', user, agent, log: '', sent: 0, received: 0 };
  }
}

function stemOf(stem: string): { isOurs: boolean; queryAt: number } {
  const isOurs = isActiveSync(stem);
  return { isOurs, queryAt: isOurs && stem.includes('=') ? stem.length - queryInStem(stem).length : -1 };
}

/**
 * Access logs of what stands in front of Exchange: `address ident user [time] "request" status bytes "referer" "agent"`, as nginx and
 * Apache write them by default (combined, common, with the virtual host before), Citrix ADC as NCSA, and F5 when its request logging
 * is told to; with or without a syslog prefix, and with a duration behind where nginx's `$request_time` (seconds with a point) is
 * logged.
 */
import {
  hasLoggedIn,
  isActiveSync,
  isHttpStatus,
  type Line,
  numberOf,
  type Parsed,
  queryInStem,
  secondsOf,
  twoDigits,
} from './line.ts';

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** Seconds since 1970 that a line's end can tell: up to February 2106. */
const latest = 2 ** 32;

const bracketed = /\[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d/;
/** F5's `$DATE_NCSA` where the template puts no brackets around it. */
const bare = /\b\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d/;

export function parseCombined(line: string): Parsed {
  const date = (bracketed.exec(line) ?? bare.exec(line))?.index;
  if (date === undefined) return 'unreadable-line';
  // F5's templates put the path into quotes of its own before the request.
  let quote = quoted(line, date);
  let request = requestOf(quote.text);
  if (request === undefined && /^\/\S*$/.test(quote.text)) {
    quote = quoted(line, quote.end + 1);
    request = requestOf(quote.text);
  }
  if (quote.end >= line.length || request === undefined || isForged(line, quote.text)) return 'unreadable-line';
  if (!isActiveSync(request.target)) return undefined;
  const end = secondsAt(line, line.indexOf('/', date) - 2);
  const [status = '', sent = ''] = line.slice(quote.end + 2).split(' ', 2);
  const http = numberOf(status);
  if (!(end > 0 && end < latest) || !isHttpStatus(http)) return 'unreadable-line';
  const referer = quoted(line, quote.end + 1);
  const agent = quoted(line, referer.end + 1);
  // The three words before the bracket; what stands before them is a syslog prefix. F5 has the address and X-Forwarded-For alone.
  const words = line.slice(0, date).trimEnd().split(' ').reverse();
  const [user = '', , address = ''] = words.length >= 3 ? words : ['', '', words.at(-1)];
  return {
    ...request.parts,
    end,
    taken: durationOf(line.slice(agent.end + 1)),
    http,
    substatus: 0,
    win32: 0,
    sent: numberOf(sent),
    received: 0,
    agent: agent.text,
    user,
    // The edge hands logins through and sees none.
    authenticated: hasLoggedIn(undefined, http),
    port: '',
    address,
    log: '',
    error: '',
  };
}

/**
 * Not every box escapes quotes (F5 does not): whoever writes one into an address or a user agent could write a status behind it. A line
 * in which a request seems to end twice is nobody's.
 */
function isForged(line: string, request: string): boolean {
  const ends = line.match(/HTTP\/\d(?:\.\d)?" \d{3}\b/g)?.length ?? 0;
  return ends > 1 || (ends === 1 && !/ HTTP\/\d(?:\.\d)?$/.test(request));
}

export type Request = { target: string; parts: Pick<Line, 'isOptions' | 'query' | 'misspelt'> };

/** `METHOD target HTTP/1.1`; undefined where the text is no request. */
export function requestOf(text: string): Request | undefined {
  const [method = '', ...words] = text.split(' ');
  if (!/^[A-Za-z]+$/.test(method) || words.length === 0) return undefined;
  const target = (words.length > 1 ? words.slice(0, -1) : words).join(' ');
  const mark = target.indexOf('?');
  const inStem = mark < 0 && isActiveSync(target) ? queryInStem(target) : '';
  const misspelt = inStem.length > 1;
  const query = misspelt ? inStem : mark < 0 ? '' : target.slice(mark + 1);
  return { target, parts: { isOptions: /^o/i.test(method), query, misspelt } };
}

/** The next text in quotes, a backslash before a quote not counting, and the place of its closing quote. */
function quoted(line: string, from: number): { text: string; end: number } {
  const open = line.indexOf('"', from);
  if (open < 0) return { text: '', end: line.length };
  let end = open + 1;
  while (end < line.length && line[end] !== '"') end += line[end] === '\\' ? 2 : 1;
  return { text: line.slice(open + 1, end), end: Math.min(end, line.length) };
}

/** dd/Mon/yyyy:hh:mm:ss +hhmm, or NaN. */
export function secondsAt(line: string, at: number): number {
  const month = months.indexOf(line.slice(at + 3, at + 6).toLowerCase());
  if (month < 0) return Number.NaN;
  const year = twoDigits(line, at + 7) * 100 + twoDigits(line, at + 9);
  const day = Date.UTC(year, month, twoDigits(line, at)) / 1000;
  // Without a zone it is the machine's time, read as UTC.
  const sign = { '+': 1, '-': -1 }[line[at + 21] ?? ''];
  const zone = sign === undefined ? 0 : sign * (twoDigits(line, at + 22) * 3600 + twoDigits(line, at + 24) * 60);
  return day + secondsOf(line, at + 12) - zone;
}

/** A number with a point, in seconds, perhaps behind a name; whole numbers could be anything (microseconds, bytes) and are left out. */
function durationOf(text: string): number {
  const [, whole, fraction = ''] = /(?: |^|=)(\d+)\.(\d{0,6})(?= |$)/.exec(text) ?? [];
  if (whole === undefined) return -1;
  return Math.round((numberOf(whole) + numberOf(fraction) / 10 ** fraction.length) * 1000);
}

/**
 * Access logs of what stands in front of Exchange, in the combined format that nginx and Apache write by default and HAProxy
 * and F5 write when configured to: `address ident user [time] "request" status bytes "referer" "agent"`, with or without a syslog
 * prefix, and with a duration behind where nginx's `$request_time` (seconds with a point) is logged.
 */
import {
  hasLoggedIn,
  isActiveSync,
  isHttpStatus,
  type LineParser,
  numberOf,
  type Parsed,
  queryInStem,
  secondsOf,
  twoDigits,
} from './line.ts';

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** Seconds since 1970 that a line's end can tell: up to February 2106. */
const latest = 2 ** 32;

/** Access logs have no header. */
export const combinedParser: LineParser = { header: '', parse: parseCombined };

function parseCombined(line: string): Parsed {
  const bracket = line.search(/\[..\/...\/....:.{9}/);
  if (bracket < 0) return 'unreadable-line';
  const request = quoted(line, bracket);
  if (request.end >= line.length) return 'unreadable-line';
  const [method = '', ...words] = request.text.split(' ');
  const target = (words.length > 1 ? words.slice(0, -1) : words).join(' ');
  if (!isActiveSync(target)) return undefined;
  const end = secondsAt(line, bracket + 1);
  const [status = '', sent = ''] = line.slice(request.end + 2).split(' ', 2);
  const http = numberOf(status);
  if (!(end > 0 && end < latest) || !isHttpStatus(http)) return 'unreadable-line';
  const referer = quoted(line, request.end + 1);
  const agent = quoted(line, referer.end + 1);
  // The three words before the bracket; what stands before them is a syslog prefix.
  const [user = '', , address = ''] = line
    .slice(0, Math.max(0, bracket - 1))
    .split(' ')
    .reverse();
  const mark = target.indexOf('?');
  const inStem = mark < 0 ? queryInStem(target) : '';
  const misspelt = inStem.length > 1;
  return {
    end,
    taken: durationOf(line.slice(agent.end + 1)),
    http,
    substatus: 0,
    win32: 0,
    sent: numberOf(sent),
    received: 0,
    isOptions: /^o/i.test(method),
    query: misspelt ? inStem : mark < 0 ? '' : target.slice(mark + 1),
    misspelt,
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

/** The next text in quotes, a backslash before a quote not counting, and the place of its closing quote. */
function quoted(line: string, from: number): { text: string; end: number } {
  const open = line.indexOf('"', from);
  if (open < 0) return { text: '', end: line.length };
  let end = open + 1;
  while (end < line.length && line[end] !== '"') end += line[end] === '\\' ? 2 : 1;
  return { text: line.slice(open + 1, end), end: Math.min(end, line.length) };
}

/** dd/Mon/yyyy:hh:mm:ss +hhmm, or NaN. */
function secondsAt(line: string, at: number): number {
  const month = months.indexOf(line.slice(at + 3, at + 6).toLowerCase());
  if (month < 0) return Number.NaN;
  const year = twoDigits(line, at + 7) * 100 + twoDigits(line, at + 9);
  const day = Date.UTC(year, month, twoDigits(line, at)) / 1000;
  // HAProxy's own times have milliseconds behind a point and no zone; those logs are in the machine's time, read as UTC.
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

/**
 * HAProxy's default `option httplog`: `haproxy[pid]: client:port [accept date] frontend backend/server TR/Tw/Tc/Tr/Ta status bytes …
 * "request"`. It names neither account nor user agent; the date is when the request came, in the machine's time.
 * Format: HAProxy configuration manual, 8.2.3 HTTP log format.
 */
import { requestOf, secondsAt } from './combined.ts';
import { hasLoggedIn, isActiveSync, isHttpStatus, numberOf, type Parsed } from './line.ts';

/** From the client's address on; what HAProxy puts into quotes and braces has none of either inside. */
const form =
  /([\da-fA-F.:]{2,45}):\d+ \[(\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d)\.(\d{3})\] \S+ \S+ [-+\d/]*?\/\+?(\d+) (-?\d+) \+?(\d+) \S+ \S+ \S{4} \S+ \S+ (?:\{[^}]*\} ){0,2}"([^"]*)"/;
/** The time of the syslog line, where it says its zone. */
const zone = /^(?:<\d+>\d* ?)?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?([+-])(\d\d):(\d\d) /;

/** undefined: the line is not of this format. */
export function parseHaproxy(line: string): { parsed: Parsed } | undefined {
  const [, address, date, milliseconds, total, status, sent, text] = form.exec(line) ?? [];
  if (address === undefined || date === undefined || text === undefined) return undefined;
  const request = requestOf(text);
  // -1: the client or the server went away before there was an answer.
  if (request === undefined || !isActiveSync(request.target) || status === '-1') return { parsed: undefined };
  const http = numberOf(status ?? '');
  const taken = numberOf(total ?? '');
  const [, sign, hours, minutes] = zone.exec(line) ?? [];
  const ahead = sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
  const start = (secondsAt(date, 0) - ahead) * 1000 + numberOf(milliseconds ?? '');
  if (!(start > 0) || !isHttpStatus(http)) return { parsed: 'unreadable-line' };
  return {
    parsed: {
      ...request.parts,
      end: Math.floor((start + taken) / 1000),
      taken,
      http,
      substatus: 0,
      win32: 0,
      sent: numberOf(sent ?? ''),
      received: 0,
      agent: '',
      user: '',
      authenticated: hasLoggedIn(undefined, http),
      port: '',
      address,
      log: '',
      error: '',
    },
  };
}

/**
 * One request, parsed from a line of any dialect. Texts are the line's bytes, each a character (Latin-1), and slices of a whole chunk:
 * what is kept of them is copied.
 */
import type { OddKind } from '../../store/tables/activesync.ts';

export type Line = {
  /** When the request ended, in seconds since 1970, UTC. */
  end: number;
  /** How long it took, in milliseconds; -1 where the log does not say. */
  taken: number;
  http: number;
  substatus: number;
  win32: number;
  sent: number;
  received: number;
  /** The one request without a command. */
  isOptions: boolean;
  /** The client's part of the query, without what Exchange appended. */
  query: string;
  /** The query stood in the stem (`default.eascmd=sync`). */
  misspelt: boolean;
  agent: string;
  /** The authenticated account, `-` or empty where there is none. */
  user: string;
  /** Whoever sent it had logged in; otherwise anybody can have written every name in it. */
  authenticated: boolean;
  /** The server's port; empty where the log does not tell it. */
  port: string;
  address: string;
  /** Value of the last `Log=`, by whomever; empty where there is none. */
  log: string;
  /** HttpProxy's ErrorCode. */
  error: string;
};

/** Most characters that are read of a field. A longer query is none of ActiveSync. */
export const longest = { query: 8_192, account: 256, agent: 200, address: 46, token: 64 } as const;

/** A line that is no request of ActiveSync is `undefined`; one that says nothing that could be trusted is named. */
export type Parsed = Line | Extract<OddKind, 'no-fields' | 'unreadable-line'> | undefined;

/** Parses the lines of one dialect; `header` is the one in force where the next line begins. */
export type LineParser = { header: string; parse(line: string): Parsed };

const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin1 = new TextDecoder('latin1');

/**
 * IIS logs in UTF-8 or in the server's code page: what is not UTF-8 is read as Latin-1. The answer may be `raw` itself, and a slice of a
 * chunk keeps the whole chunk in memory.
 */
export function textOf(raw: string): string {
  if (/^[ -~]*$/.test(raw)) return raw;
  const bytes = Buffer.from(raw, 'latin1');
  try {
    return printable(utf8.decode(bytes));
  } catch {
    return printable(latin1.decode(bytes));
  }
}

/** Control characters become spaces, since neither PostgreSQL (NUL) nor a chat message takes them. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ');
}

const activeSyncStem = '/microsoft-server-activesync';

/**
 * Whether a request with this path (in any case, the query perhaps stuck to it) asks ActiveSync, whose own health check and whose
 * neighbours (`…-ActiveSyncX`) do not.
 */
export function isActiveSync(path: string): boolean {
  if (!startsWith(path, activeSyncStem)) return false;
  const rest = path.slice(activeSyncStem.length);
  return /^(?:$|[/?&])/.test(rest) && !/^\/healthcheck\.htm/i.test(rest);
}

/**
 * Whether its sender had logged in: IIS and Exchange name the account then. Where a log has no field for it, only an answer that nobody
 * gets without a login (2xx) says so. 401 is the answer to who has not, whatever name it gives.
 */
export function hasLoggedIn(user: string | undefined, http: number): boolean {
  if (http === 401) return false;
  return user === undefined ? http >= 200 && http < 300 : user !== '' && user !== '-';
}

/** Whether `lower` stands at `at`, in any case. */
export function startsWith(text: string, lower: string, at = 0): boolean {
  return text.slice(at, at + lower.length).toLowerCase() === lower;
}

/** What stands behind the stem where somebody left out the question mark: `…/default.eascmd=sync&user=…`. */
export function queryInStem(stem: string): string {
  const rest = stem.slice(activeSyncStem.length);
  const tail = ['/proxy/default.eas', '/default.eas', '/'].find((text) => startsWith(rest, text)) ?? '';
  return rest.slice(tail.length);
}

/** The whole number that the text begins with, 0 where there is none; long runs of digits saturate. */
export function numberOf(text: string): number {
  let value = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
    if (value > 0x7fffffff) return 0x7fffffff;
  }
  return value;
}

/** Two digits at `at`, or NaN. */
export function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Seconds since 1970 of the day that the text begins with (YYYY-MM-DD), NaN where that is no date. */
export function dayOf(text: string): number {
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const valid = year >= 1990 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  return valid ? Date.UTC(year, month - 1, day) / 1000 : Number.NaN;
}

/** Seconds of the day at hh:mm:ss, or NaN. */
export function secondsOf(text: string, at = 0): number {
  return twoDigits(text, at) * 3600 + twoDigits(text, at + 3) * 60 + twoDigits(text, at + 6);
}

export function isHttpStatus(http: number): boolean {
  return http >= 100 && http <= 999;
}

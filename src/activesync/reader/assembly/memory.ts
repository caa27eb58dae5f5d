/** What stands where in memory; ../lines.ts has the same numbers. */

export const ROLES_AT: i32 = 1024;
export const STARTS: i32 = 2048;
export const ENDS: i32 = 2304;
export const LINES: i32 = 4096;
export const LINE_BYTES: i32 = 128;
export const MOST_LINES: i32 = 64;
export const SLOTS: i32 = 0x200000;
export const MOST_SLOTS: i32 = 1 << 19;
export const ROWS: i32 = 0x400000;
export const ROW_BYTES: i32 = 64;
/** Rows kept before the table starts anew: it only remembers, and hostile logs repeat nothing. */
export const MOST_ROWS: i32 = 150_000;
export const TEXTS: i32 = 0xe00000;
export const TEXTS_END: i32 = 0x2600000;

/** A log's longest agent and account that are looked at, and the longest query that can be one of ActiveSync. */
export const LONGEST_AGENT: i32 = 200;
export const LONGEST_ACCOUNT: i32 = 256;
export const LONGEST_QUERY: i32 = 8_192;

// Members of a line, in bytes from its start.
export const ROW: i32 = 0;
export const END: i32 = 4;
export const TAKEN: i32 = 8;
export const HTTP: i32 = 12;
export const SUBSTATUS: i32 = 16;
export const WIN32: i32 = 20;
export const SENT: i32 = 24;
export const RECEIVED: i32 = 28;
export const METHOD: i32 = 32;
export const QUERY_START: i32 = 36;
export const QUERY_END: i32 = 40;
export const AGENT_START: i32 = 44;
export const AGENT_END: i32 = 48;
export const USER_START: i32 = 52;
export const USER_END: i32 = 56;
export const ADDRESS_START: i32 = 60;
export const ADDRESS_END: i32 = 64;
export const LOG_START: i32 = 68;
export const LOG_END: i32 = 72;
export const ERROR_START: i32 = 76;
export const ERROR_END: i32 = 80;
export const MISSPELT: i32 = 84;
export const HASH: i32 = 88;

// Members of a row that are ours; the others belong to whoever fills it.
export const ROW_HASH: i32 = 0;
export const ROW_TEXT: i32 = 4;
export const ROW_QUERY: i32 = 8;
export const ROW_ACCOUNT: i32 = 12;
export const ROW_AGENT: i32 = 16;

/** Length of the part whose start stands at `member` and its end behind it. */
export function lengthOf(line: i32, member: i32): i32 {
  return max(0, load<i32>(line + member + 4) - load<i32>(line + member));
}

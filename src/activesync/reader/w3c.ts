/** IIS W3C logs: front end (W3SVC1) and back end (W3SVC2), with any choice and order of fields. */
import type { Chunk } from './chunk.ts';
import { type Columns, NO_COLUMNS, w3cColumns } from './columns.ts';
import { ascii, type Line, startsAt } from './line.ts';
import { MOST_LINES } from './lines.ts';
import type { Rollup } from './rollup.ts';

const NEWLINE = 10;
const RETURN = 13;
const STEM = ascii('/microsoft-server-activesync');
const FIELDS = ascii('#fields:');
/** Where the query may begin when somebody left out the question mark. */
const STEM_TAILS = [ascii('/proxy/default.eas'), ascii('/default.eas'), ascii('/')] as const;

export class W3cReader {
  #header = '';
  #columns: Columns = NO_COLUMNS;

  /** The `#Fields:` line in force where the next chunk begins. */
  set header(header: string) {
    if (header === this.#header) return;
    this.#header = header;
    this.#columns = header === '' ? NO_COLUMNS : w3cColumns(header);
  }

  read(chunk: Chunk, rollup: Rollup): void {
    const { bytes, end } = chunk;
    const { memory } = rollup;
    memory.roles = this.#columns.roles;
    let at = chunk.start;
    while (at < end) {
      const first = bytes[at] ?? 0;
      if (first === 35 || first === 0xef) {
        const stop = bytes.indexOf(NEWLINE, at);
        const from = first === 0xef ? at + 3 : at;
        if (startsAt(bytes, from, stop, FIELDS)) {
          this.header = Buffer.from(bytes.subarray(from, stop)).toString('latin1').trim();
          memory.roles = this.#columns.roles;
        }
        at = stop + 1;
      } else if (first === NEWLINE || (first === RETURN && bytes[at + 1] === NEWLINE)) {
        at += first === RETURN ? 2 : 1;
      } else if (!this.#columns.usable) {
        rollup.odd('no-fields', '');
        at = bytes.indexOf(NEWLINE, at) + 1;
      } else {
        at = memory.split(at, end, this.#columns.roles.length);
        rollup.lines += memory.seen;
        if (memory.unreadable > 0) rollup.odd('unreadable-line', '', memory.unreadable);
        if (memory.stems > 0) for (const line of memory.lines) if (line.misspelt === 2) queryInStem(bytes, line);
        if (memory.filled === MOST_LINES) handOn(chunk, rollup);
      }
    }
    handOn(chunk, rollup);
  }
}

function handOn(chunk: Chunk, rollup: Rollup): void {
  rollup.addAll(chunk, rollup.memory.filled);
  rollup.memory.filled = 0;
}

/** `…/default.eascmd=sync&user=…`: somebody left out the question mark. */
function queryInStem(bytes: Uint8Array, line: Line): void {
  const { errorStart: stem, errorEnd: stemEnd } = line;
  line.misspelt = line.errorStart = line.errorEnd = 0;
  const rest = stem + STEM.length;
  const equals = bytes.indexOf(61, rest);
  if (equals < 0 || equals >= stemEnd) return;
  const tail = STEM_TAILS.find((text) => startsAt(bytes, rest, stemEnd, text));
  line.queryStart = rest + (tail?.length ?? 0);
  line.queryEnd = stemEnd;
  line.misspelt = 1;
}

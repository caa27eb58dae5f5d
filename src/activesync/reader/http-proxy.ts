/** Exchange's HttpProxy logs (`Logging\HttpProxy\Eas\*.LOG`): CSV whose header differs between versions. */
import type { Chunk } from './chunk.ts';
import { type Columns, httpProxyColumns, NO_COLUMNS, ROLES, Role } from './columns.ts';
import { csvFields } from './csv.ts';
import { ascii, Days, type Line, numberAt, startsAt, twoDigits } from './line.ts';
import { MOST_LINES } from './lines.ts';
import type { Rollup } from './rollup.ts';

const NEWLINE = 10;
const FIELDS = ascii('#fields:');
const FIRST = ascii('datetime,');
const EAS = ascii('eas');
const STEM = ascii('/microsoft-server-activesync');

export class HttpProxyReader {
  #header = '';
  #columns: Columns = NO_COLUMNS;
  #filled = 0;
  readonly #days = new Days();
  readonly #starts = new Int32Array(ROLES);
  readonly #ends = new Int32Array(ROLES);

  set header(header: string) {
    if (header === this.#header) return;
    this.#header = header;
    this.#columns = header === '' ? NO_COLUMNS : httpProxyColumns(header);
  }

  read(chunk: Chunk, rollup: Rollup): void {
    const { bytes } = chunk;
    let at = chunk.start;
    while (at < chunk.end) {
      const newline = bytes.indexOf(NEWLINE, at);
      let end = newline;
      if (bytes[end - 1] === 13) end -= 1;
      if (end > at) this.#line(chunk, at, end, rollup);
      at = newline + 1;
    }
    this.#handOn(chunk, rollup);
  }

  #line(chunk: Chunk, from: number, end: number, rollup: Rollup): void {
    const { bytes } = chunk;
    const at = bytes[from] === 0xef ? from + 3 : from;
    const isHeader = startsAt(bytes, at, end, FIRST);
    if (bytes[at] === 35 || isHeader) {
      if (isHeader || startsAt(bytes, at, end, FIELDS))
        this.header = Buffer.from(bytes.subarray(at, end)).toString('latin1');
      return;
    }
    const { roles, usable } = this.#columns;
    if (!usable) {
      rollup.odd('no-fields', '');
      return;
    }
    rollup.lines += 1;
    const starts = this.#starts;
    const ends = this.#ends;
    starts.fill(0);
    ends.fill(0);
    csvFields(bytes, from, end, roles, starts, ends);
    const protocol = starts[Role.protocol] ?? 0;
    if (protocol > 0 && !startsAt(bytes, protocol, ends[Role.protocol] ?? 0, EAS)) return;
    if (protocol === 0 && !startsAt(bytes, starts[Role.stem] ?? 0, ends[Role.stem] ?? 0, STEM)) return;
    const line = rollup.memory.lines[this.#filled];
    if (line === undefined || !this.#fill(bytes, line)) {
      rollup.odd('unreadable-line', '');
      return;
    }
    this.#filled += 1;
    if (this.#filled === MOST_LINES) this.#handOn(chunk, rollup);
  }

  #fill(bytes: Uint8Array, line: Line): boolean {
    const starts = this.#starts;
    const ends = this.#ends;
    const date = starts[Role.date] ?? 0;
    const time = twoDigits(bytes, date + 11) * 3600 + twoDigits(bytes, date + 14) * 60 + twoDigits(bytes, date + 17);
    const seconds = this.#days.at(bytes, date) + time;
    line.http = this.#number(bytes, Role.status);
    if (!(seconds > 0) || (ends[Role.date] ?? 0) - date < 19 || line.http < 100 || line.http > 999) return false;
    line.end = seconds;
    const queryStart = starts[Role.query] ?? 0;
    line.queryStart = bytes[queryStart] === 63 ? queryStart + 1 : queryStart;
    line.queryEnd = Math.max(line.queryStart, ends[Role.query] ?? 0);
    const taken = starts[Role.taken] ?? 0;
    line.taken = (ends[Role.taken] ?? 0) > taken ? this.#number(bytes, Role.taken) : -1;
    line.substatus = line.win32 = 0;
    line.sent = this.#number(bytes, Role.sent);
    line.received = this.#number(bytes, Role.received);
    line.method = bytes[starts[Role.method] ?? 0] ?? 0;
    line.agentStart = starts[Role.agent] ?? 0;
    line.agentEnd = ends[Role.agent] ?? 0;
    line.userStart = starts[Role.user] ?? 0;
    line.userEnd = ends[Role.user] ?? 0;
    line.addressStart = starts[Role.address] ?? 0;
    line.addressEnd = ends[Role.address] ?? 0;
    line.errorStart = starts[Role.error] ?? 0;
    line.errorEnd = ends[Role.error] ?? 0;
    line.logStart = line.logEnd = 0;
    line.misspelt = 0;
    return true;
  }

  #number(bytes: Uint8Array, role: Role): number {
    return numberAt(bytes, this.#starts[role] ?? 0, this.#ends[role] ?? 0);
  }

  #handOn(chunk: Chunk, rollup: Rollup): void {
    rollup.addAll(chunk, this.#filled);
    this.#filled = 0;
  }
}

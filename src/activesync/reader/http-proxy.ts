/** Exchange's HttpProxy logs (`Logging\HttpProxy\Eas\*.LOG`): CSV whose header differs between versions. */
import { type Columns, columnsOf, isHeader, unmarked } from './columns.ts';
import {
  dayOf,
  hasLoggedIn,
  isActiveSync,
  isHttpStatus,
  type LineParser,
  numberOf,
  type Parsed,
  secondsOf,
  startsWith,
} from './line.ts';

export class HttpProxyParser implements LineParser {
  #header = '';
  #columns: Columns;

  set header(header: string) {
    if (header === this.#header) return;
    this.#header = header;
    this.#columns = columnsOf('httpProxy', header);
  }

  parse(line: string): Parsed {
    const text = unmarked(line);
    const isNames = isHeader(text, 'httpProxy');
    if (isNames) this.header = text;
    if (isNames || text.startsWith('#')) return undefined;
    return this.#columns === undefined ? 'no-fields' : parseFields(csvFields(line, this.#columns.count), this.#columns);
  }
}

function parseFields(fields: readonly string[], { places }: NonNullable<Columns>): Parsed {
  const field = (place: number | undefined): string => (place === undefined ? '' : (fields[place] ?? ''));
  const named = places.protocol !== undefined && places.protocol < fields.length;
  if (named && !startsWith(field(places.protocol), 'eas')) return undefined;
  if ((places.stem !== undefined || !named) && !isActiveSync(field(places.stem))) return undefined;
  const http = numberOf(field(places.status));
  const date = field(places.date);
  const end = dayOf(date) + secondsOf(date, 11);
  if (!isHttpStatus(http) || date.length < 19 || Number.isNaN(end)) return 'unreadable-line';
  const taken = field(places.taken);
  return {
    end,
    taken: taken === '' ? -1 : numberOf(taken),
    http,
    substatus: 0,
    win32: 0,
    sent: numberOf(field(places.sent)),
    received: numberOf(field(places.received)),
    isOptions: /^o/i.test(field(places.method)),
    query: field(places.query).replace(/^\?/, ''),
    misspelt: false,
    agent: field(places.agent),
    user: field(places.user),
    authenticated: hasLoggedIn(places.user === undefined ? undefined : field(places.user), http),
    port: '',
    address: field(places.address),
    log: '',
    error: field(places.error),
  };
}

/** The first fields of one CSV line: quoted ones may hold commas and doubled quotes, which stay doubled. */
function csvFields(line: string, most: number): string[] {
  if (!line.includes('"')) return line.split(',', most);
  const fields: string[] = [];
  for (let at = 0; at <= line.length && fields.length < most; at += 1) {
    const isQuoted = line[at] === '"';
    const start = isQuoted ? at + 1 : at;
    const stop = isQuoted ? closingQuote(line, start) : commaOrEnd(line, start);
    fields.push(line.slice(start, stop));
    at = commaOrEnd(line, stop);
  }
  return fields;
}

function commaOrEnd(line: string, from: number): number {
  const comma = line.indexOf(',', from);
  return comma < 0 ? line.length : comma;
}

function closingQuote(line: string, from: number): number {
  let at = line.indexOf('"', from);
  while (at >= 0 && line[at + 1] === '"') at = line.indexOf('"', at + 2);
  return at < 0 ? line.length : at;
}

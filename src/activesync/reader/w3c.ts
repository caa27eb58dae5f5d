/** IIS W3C logs: front end (W3SVC1) and back end (W3SVC2), with any choice and order of fields. */
import { type Columns, columnsOf, isHeader, unmarked } from './columns.ts';
import {
  dayOf,
  hasLoggedIn,
  isActiveSync,
  isHttpStatus,
  type LineParser,
  numberOf,
  type Parsed,
  queryInStem,
  secondsOf,
} from './line.ts';

export class W3cParser implements LineParser {
  #header = '';
  #columns: Columns;

  /** The `#Fields:` line in force. */
  set header(header: string) {
    if (header === this.#header) return;
    this.#header = header;
    this.#columns = columnsOf('w3c', header);
  }

  parse(line: string): Parsed {
    const text = unmarked(line);
    if (text.startsWith('#')) {
      if (isHeader(text, 'w3c')) this.header = text.trim();
      return undefined;
    }
    return this.#columns === undefined ? 'no-fields' : parseFields(line.split(' ', this.#columns.count), this.#columns);
  }
}

function parseFields(fields: readonly string[], { places }: NonNullable<Columns>): Parsed {
  const field = (place: number | undefined): string => (place === undefined ? '' : (fields[place] ?? ''));
  const stem = field(places.stem);
  if (stem !== '' ? !isActiveSync(stem) : fields.length > (places.stem ?? 0)) return undefined;
  const http = numberOf(field(places.status));
  const date = field(places.date);
  const end = dayOf(date) + secondsOf(field(places.time));
  // A half line (the server stopped while writing) or a broken one says nothing that could be trusted.
  if (!isHttpStatus(http) || date.length !== 10 || Number.isNaN(end)) return 'unreadable-line';
  const { query, log } = queryParts(field(places.query));
  const misspelt = query.length <= 1 && stem.includes('=');
  const taken = field(places.taken);
  return {
    end,
    taken: taken === '' || taken.startsWith('-') ? -1 : numberOf(taken),
    http,
    substatus: numberOf(field(places.substatus)),
    win32: numberOf(field(places.win32)),
    sent: numberOf(field(places.sent)),
    received: numberOf(field(places.received)),
    isOptions: /^o/i.test(field(places.method)),
    query: misspelt ? queryInStem(stem) : query,
    misspelt,
    agent: field(places.agent),
    user: field(places.user),
    authenticated: hasLoggedIn(places.user === undefined ? undefined : field(places.user), http),
    port: field(places.port),
    address: forwardedFor(field(places.forwarded)) ?? field(places.address),
    log,
    error: '',
  };
}

/** What Exchange appends begins with one of these names, always behind an ampersand. */
const appended = /&(?:log|correlationid|clientid|cafereqid)=/i;

/** The client's part of the query, and the value of the last `Log=` behind it: a client's own would stand before Exchange's. */
function queryParts(field: string): { query: string; log: string } {
  const end = field.search(appended);
  if (end < 0) return { query: field, log: '' };
  const last = field.toLowerCase().lastIndexOf('&log=');
  return { query: field.slice(0, end), log: last < end ? '' : field.slice(last + '&log='.length) };
}

/** The first of X-Forwarded-For, which is the phone's where it is logged: c-ip is then a proxy's. */
function forwardedFor(field: string): string | undefined {
  const end = field.search(/[,+]/);
  const first = end < 0 ? field : field.slice(0, end);
  return first.length > 1 ? first : undefined;
}

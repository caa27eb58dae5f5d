/**
 * Which field of a line means what. Administrators add and move fields, and IIS writes `#Fields:` again whenever it
 * starts, so every reading goes by the header in force and never by position.
 */

type Role =
  | 'date'
  | 'time'
  | 'method'
  | 'stem'
  | 'query'
  | 'user'
  | 'address'
  | 'forwarded'
  | 'agent'
  | 'status'
  | 'substatus'
  | 'win32'
  | 'taken'
  | 'sent'
  | 'received'
  | 'protocol'
  | 'error';

/** Names of IIS's W3C fields; X-Forwarded-For as administrators add it (`X-Forwarded-For`, `cs(X-Forwarded-For)`). */
const w3c = new Map<string, Role>([
  ['date', 'date'],
  ['time', 'time'],
  ['cs-method', 'method'],
  ['cs-uri-stem', 'stem'],
  ['cs-uri-query', 'query'],
  ['cs-username', 'user'],
  ['c-ip', 'address'],
  ['cs(user-agent)', 'agent'],
  ['sc-status', 'status'],
  ['sc-substatus', 'substatus'],
  ['sc-win32-status', 'win32'],
  ['time-taken', 'taken'],
  ['sc-bytes', 'sent'],
  ['cs-bytes', 'received'],
  ['x-forwarded-for', 'forwarded'],
  ['cs(x-forwarded-for)', 'forwarded'],
  ['originalip', 'forwarded'],
]);

/** Names of Exchange's HttpProxy logs; the header of 2013 is shorter than that of 2016 and 2019. */
const httpProxy = new Map<string, Role>([
  ['datetime', 'date'],
  ['protocol', 'protocol'],
  ['urlstem', 'stem'],
  ['urlquery', 'query'],
  ['authenticateduser', 'user'],
  ['useragent', 'agent'],
  ['clientipaddress', 'address'],
  ['httpstatus', 'status'],
  ['errorcode', 'error'],
  ['method', 'method'],
  ['totalrequesttime', 'taken'],
  ['requestbytes', 'received'],
  ['responsebytes', 'sent'],
]);

/** The fields of a line by their meaning; undefined where the header lacks a field without which a line says nothing. */
export type Columns = { readonly count: number; readonly places: Readonly<Partial<Record<Role, number>>> } | undefined;

/** Of the W3C `#Fields:` line. */
export function w3cColumns(header: string): Columns {
  const names = header.replace(fieldsMark, '').trim().split(/\s+/);
  return columnsOf(names, w3c, ['date', 'time', 'stem', 'query', 'status']);
}

/** Of the header of an HttpProxy file, with or without `#Fields:`. */
export function httpProxyColumns(header: string): Columns {
  const names = header.replace(fieldsMark, '').trim().split(',');
  return columnsOf(names, httpProxy, ['date', 'query', 'status']);
}

const fieldsMark = /^#Fields:/i;
const mostFields = 512;

function columnsOf(names: readonly string[], known: ReadonlyMap<string, Role>, needed: readonly Role[]): Columns {
  const places: Partial<Record<Role, number>> = {};
  const used = names.slice(0, mostFields);
  for (const [place, name] of used.entries()) {
    const role = known.get(name.trim().toLowerCase());
    if (role !== undefined) places[role] ??= place;
  }
  return needed.every((role) => places[role] !== undefined) ? { count: used.length, places } : undefined;
}

/** UTF-8's mark at the head of a file, as Latin-1. */
const byteOrderMark = '\u00ef\u00bb\u00bf';

/** The line without the mark. */
export function unmarked(line: string): string {
  return line.startsWith(byteOrderMark) ? line.slice(byteOrderMark.length) : line;
}

/** Whether the line (without a mark) says what the fields of the lines below it are. */
export function isHeader(line: string, dialect: 'w3c' | 'httpProxy'): boolean {
  return fieldsMark.test(line) || (dialect === 'httpProxy' && /^datetime,/i.test(line));
}

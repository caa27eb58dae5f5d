/**
 * Which field of a line means what. Administrators add and move fields, and IIS writes `#Fields:` again whenever it
 * starts, so every reading goes by the header in force and never by position.
 */

/** Names of IIS's W3C fields; X-Forwarded-For as administrators add it (`X-Forwarded-For`, `cs(X-Forwarded-For)`). */
const w3c = {
  date: 'date',
  time: 'time',
  'cs-method': 'method',
  'cs-uri-stem': 'stem',
  'cs-uri-query': 'query',
  'cs-username': 'user',
  's-port': 'port',
  'c-ip': 'address',
  'cs(user-agent)': 'agent',
  'sc-status': 'status',
  'sc-substatus': 'substatus',
  'sc-win32-status': 'win32',
  'time-taken': 'taken',
  'sc-bytes': 'sent',
  'cs-bytes': 'received',
  'x-forwarded-for': 'forwarded',
  'cs(x-forwarded-for)': 'forwarded',
  originalip: 'forwarded',
} as const;

/** Names of Exchange's HttpProxy logs; the header of 2013 is shorter than that of 2016 and 2019. */
const httpProxy = {
  datetime: 'date',
  protocol: 'protocol',
  urlstem: 'stem',
  urlquery: 'query',
  authenticateduser: 'user',
  useragent: 'agent',
  clientipaddress: 'address',
  httpstatus: 'status',
  errorcode: 'error',
  method: 'method',
  totalrequesttime: 'taken',
  requestbytes: 'received',
  responsebytes: 'sent',
} as const;

export type Role = (typeof w3c)[keyof typeof w3c] | (typeof httpProxy)[keyof typeof httpProxy];

/** Per dialect: the roles of fields by their names, what stands between the names, and the fields without which a line says nothing. */
const dialects = {
  w3c: {
    roles: new Map<string, Role>(Object.entries(w3c)),
    between: /\s+/,
    needed: ['date', 'time', 'stem', 'query', 'status'],
  },
  httpProxy: {
    roles: new Map<string, Role>(Object.entries(httpProxy)),
    between: ',',
    needed: ['date', 'query', 'status'],
  },
} as const;
export type Dialect = keyof typeof dialects;

/** The fields of a line by their meaning; undefined where the header lacks a field without which a line says nothing. */
export type Columns = { readonly count: number; readonly places: Readonly<Partial<Record<Role, number>>> } | undefined;

const fieldsMark = /^#Fields:/i;
const mostFields = 512;

/** Of a `#Fields:` line, or of the header of an HttpProxy file without that mark. */
export function columnsOf(dialect: Dialect, header: string): Columns {
  const { roles, between, needed } = dialects[dialect];
  const places: Partial<Record<Role, number>> = {};
  const names = header.replace(fieldsMark, '').trim().split(between).slice(0, mostFields);
  for (const [place, name] of names.entries()) {
    const role = roles.get(name.trim().toLowerCase());
    if (role !== undefined) places[role] ??= place;
  }
  return needed.every((role) => places[role] !== undefined) ? { count: names.length, places } : undefined;
}

/** UTF-8's mark at the head of a file, as Latin-1. */
const byteOrderMark = '\u00ef\u00bb\u00bf';

/** The line without the mark. */
export function unmarked(line: string): string {
  return line.startsWith(byteOrderMark) ? line.slice(byteOrderMark.length) : line;
}

/** Whether the line (without a mark) says what the fields of the lines below it are. */
export function isHeader(line: string, dialect: Dialect): boolean {
  return fieldsMark.test(line) || (dialect === 'httpProxy' && /^datetime,/i.test(line));
}

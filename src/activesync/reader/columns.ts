/**
 * Which field of a line means what. Administrators add and move fields, and IIS writes `#Fields:` again whenever it
 * starts, so every reading goes by the header in force and never by position.
 */

/** What a field is to us; everything else is `skip`. */
export const Role = {
  skip: 0,
  date: 1,
  time: 2,
  method: 3,
  stem: 4,
  query: 5,
  user: 6,
  address: 7,
  agent: 8,
  status: 9,
  substatus: 10,
  win32: 11,
  taken: 12,
  sent: 13,
  received: 14,
  forwarded: 15,
  protocol: 16,
  backEndStatus: 17,
  error: 18,
} as const;
export type Role = (typeof Role)[keyof typeof Role];
export const ROLES = 19;

/** Names of IIS's W3C fields; X-Forwarded-For as administrators add it (`X-Forwarded-For`, `cs(X-Forwarded-For)`). */
const W3C: Record<string, Role> = {
  date: Role.date,
  time: Role.time,
  'cs-method': Role.method,
  'cs-uri-stem': Role.stem,
  'cs-uri-query': Role.query,
  'cs-username': Role.user,
  'c-ip': Role.address,
  'cs(user-agent)': Role.agent,
  'sc-status': Role.status,
  'sc-substatus': Role.substatus,
  'sc-win32-status': Role.win32,
  'time-taken': Role.taken,
  'sc-bytes': Role.sent,
  'cs-bytes': Role.received,
  'x-forwarded-for': Role.forwarded,
  'cs(x-forwarded-for)': Role.forwarded,
  originalip: Role.forwarded,
};

/** Names of Exchange's HttpProxy logs; the header of 2013 is shorter than that of 2016 and 2019. */
const HTTP_PROXY: Record<string, Role> = {
  datetime: Role.date,
  protocol: Role.protocol,
  urlstem: Role.stem,
  urlquery: Role.query,
  authenticateduser: Role.user,
  useragent: Role.agent,
  clientipaddress: Role.address,
  httpstatus: Role.status,
  backendstatus: Role.backEndStatus,
  errorcode: Role.error,
  method: Role.method,
  totalrequesttime: Role.taken,
  requestbytes: Role.received,
  responsebytes: Role.sent,
};

/** Roles by field number. `usable` is false where a field is missing without which a line says nothing. */
export type Columns = { roles: Uint8Array; usable: boolean };

export const NO_COLUMNS: Columns = { roles: new Uint8Array(0), usable: false };

/** A W3C `#Fields:` line. */
export function w3cColumns(header: string): Columns {
  const names = header
    .replace(/^\uFEFF?#Fields:/i, '')
    .trim()
    .split(/[\s]+/);
  return columnsOf(names, W3C, [Role.date, Role.time, Role.stem, Role.query, Role.status]);
}

/** The header of an HttpProxy file, with or without `#Fields:`. */
export function httpProxyColumns(header: string): Columns {
  const names = header
    .replace(/^\uFEFF?(#Fields:)?/i, '')
    .trim()
    .split(',');
  return columnsOf(names, HTTP_PROXY, [Role.date, Role.query, Role.status]);
}

const MOST_FIELDS = 512;

function columnsOf(names: readonly string[], known: Record<string, Role>, needed: readonly Role[]): Columns {
  const roles = new Uint8Array(Math.min(names.length, MOST_FIELDS));
  const seen = new Set<Role>();
  for (const [index, name] of names.slice(0, MOST_FIELDS).entries()) {
    const key = name.trim().toLowerCase();
    const role = Object.hasOwn(known, key) ? known[key] : undefined;
    if (role === undefined || seen.has(role)) continue;
    seen.add(role);
    roles[index] = role;
  }
  return { roles, usable: needed.every((role) => seen.has(role)) };
}

import { type Kysely, sql } from 'kysely';
import type { Organisation } from '../../directory/person.ts';
import type { LogKind } from '../../servers/port.ts';
import type { Database } from '../../store/schema.ts';
import { isSuccess, type Meaning, meaningOf } from '../meaning.ts';

/** One request as the logs last saw it. A Ping is written when it ends, up to 59 minutes after it began. */
export type SeenRequest = {
  startedAt: Date;
  endedAt: Date;
  server: string;
  kind: LogKind;
  command: string;
  address: string;
  meaning: Meaning;
};

export type DeviceHistory = {
  /** As first logged; devices are one whatever the case of their ids. */
  deviceId: string;
  accounts: string[];
  deviceTypes: string[];
  userAgents: string[];
  os: string;
  model: string;
  lastAttempt: SeenRequest;
  /** What got in: of the back end where its logs tell of this device, else what was answered. */
  lastSuccess?: SeenRequest;
  lastFailure?: SeenRequest;
  /** When a back-end line last proved that the phone was told to wipe. */
  wipeToldAt?: Date;
  /** Days in UTC, oldest first. Counted in one kind of log, since one request is written in several. */
  days: { day: string; requests: number; failures: number }[];
};

export type HistoryQuery = {
  organisation: Organisation;
  /** Accounts as the logs write them (see accountsOf), or device ids in any case; a device that fits either is told of. */
  accounts?: readonly string[];
  deviceIds?: readonly string[];
  from?: Date;
};

type Row = {
  deviceId: string;
  account: string;
  deviceType: string;
  userAgent: string;
  os: string;
  model: string;
  server: string;
  kind: LogKind;
  command: string;
  http: number;
  substatus: number;
  status: number;
  error: string;
  access: string;
  day: string;
  requests: number;
  lastStart: Date;
  lastEnd: Date;
  lastAddress: string;
};

/** Which log counts requests where several tell of the same ones. */
const COUNTED: readonly LogKind[] = ['backEnd', 'frontEnd', 'httpProxy', 'edge'];

/** Devices by their last attempt, newest first. */
export async function deviceHistory(db: Kysely<Database>, query: HistoryQuery): Promise<DeviceHistory[]> {
  const accounts = [...(query.accounts ?? [])];
  const devices = (query.deviceIds ?? []).map((id) => id.toLowerCase());
  if (accounts.length === 0 && devices.length === 0) return [];
  const from = query.from ?? new Date(0);
  const histories = sql<Row>`
    select c.device_id, c.account, c.device_type, c.user_agent, c.os, c.model, r.server, r.kind, r.command, r.http, r.substatus, r.status, r.error,
      r.access, to_char(r.hour at time zone 'UTC', 'YYYY-MM-DD') as day, sum(r.requests)::int as requests, max(r.last_end) as last_end,
      (array_agg(r.last_start order by r.last_end desc))[1] as last_start, (array_agg(r.last_address order by r.last_end desc))[1] as last_address
    from log_client c join log_rollup r on r.client_id = c.id
    where c.organisation = ${query.organisation} and r.hour >= ${from}
      and (c.account = any(${accounts}::text[]) or lower(c.device_id) = any(${devices}::text[]))
    group by c.id, c.device_id, c.account, c.device_type, c.user_agent, c.os, c.model, r.server, r.kind, r.command, r.http, r.substatus, r.status,
      r.error, r.access, day`.execute(db);
  const sightings = sql<{ deviceId: string; at: Date }>`
    select lower(c.device_id) as device_id, max(s.at) as at from log_client c join log_sighting s on s.client_id = c.id
    where c.organisation = ${query.organisation}
      and (c.account = any(${accounts}::text[]) or lower(c.device_id) = any(${devices}::text[]))
    group by 1`.execute(db);
  const [{ rows }, { rows: wipes }] = await Promise.all([histories, sightings]);
  const told = new Map(wipes.map(({ deviceId, at }) => [deviceId, at]));
  const byDevice = new Map<string, Row[]>();
  for (const row of rows) {
    const key = row.deviceId.toLowerCase();
    byDevice.set(key, [...(byDevice.get(key) ?? []), row]);
  }
  return [...byDevice]
    .map(([key, ofDevice]) => historyOf(ofDevice, told.get(key)))
    .sort((a, b) => b.lastAttempt.endedAt.getTime() - a.lastAttempt.endedAt.getTime());
}

function historyOf(rows: Row[], wipeToldAt: Date | undefined): DeviceHistory {
  rows.sort((a, b) => b.lastEnd.getTime() - a.lastEnd.getTime());
  const seen = rows.map((row) => ({ row, request: seenRequest(row) }));
  const inBackEnd = rows.some(({ kind }) => kind === 'backEnd');
  const success = seen.find(
    ({ request }) => isSuccess(request.meaning.verdict) && (!inBackEnd || request.kind === 'backEnd'),
  );
  const failure = seen.find(({ request }) => !isSuccess(request.meaning.verdict));
  const counted = COUNTED.find((kind) => rows.some((row) => row.kind === kind));
  const days = new Map<string, { day: string; requests: number; failures: number }>();
  for (const { row, request } of seen) {
    if (row.kind !== counted) continue;
    const day = days.get(row.day) ?? { day: row.day, requests: 0, failures: 0 };
    day.requests += row.requests;
    if (!isSuccess(request.meaning.verdict)) day.failures += row.requests;
    days.set(row.day, day);
  }
  const [first] = seen;
  if (first === undefined) throw new TypeError('a history needs a row');
  return {
    deviceId: rows[0]?.deviceId ?? '',
    accounts: different(rows.map(({ account }) => account)),
    deviceTypes: different(rows.map(({ deviceType }) => deviceType)),
    userAgents: different(rows.map(({ userAgent }) => userAgent)),
    os: rows.find(({ os }) => os !== '')?.os ?? '',
    model: rows.find(({ model }) => model !== '')?.model ?? '',
    lastAttempt: first.request,
    ...(success === undefined ? {} : { lastSuccess: success.request }),
    ...(failure === undefined ? {} : { lastFailure: failure.request }),
    ...(wipeToldAt === undefined ? {} : { wipeToldAt }),
    days: [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1)),
  };
}

function seenRequest(row: Row): SeenRequest {
  const { server, kind, command } = row;
  return {
    startedAt: row.lastStart,
    endedAt: row.lastEnd,
    server,
    kind,
    command,
    address: row.lastAddress,
    meaning: meaningOf(row),
  };
}

function different(texts: readonly string[]): string[] {
  return [...new Set(texts)].filter((text) => text !== '');
}

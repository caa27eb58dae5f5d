import { type Kysely, sql } from 'kysely';
import type { Organisation } from '../../directory/person.ts';
import type { LogKind } from '../../servers/port.ts';
import type { Database } from '../../store/schema.ts';
import { isSuccess, type Meaning, meaningOf } from '../meaning.ts';

/** How one device fared since an instant: what a block is verified by. */
export type Denials = {
  deviceId: string;
  accounts: string[];
  deviceTypes: string[];
  userAgents: string[];
  denied: number;
  succeeded: number;
  /** 401s and the like: neither let in nor kept out by a block. */
  other: number;
  lastDeniedAt?: Date;
  lastDenial?: Meaning;
  lastSuccessAt?: Date;
  /** Where the last success went through. */
  lastSuccess?: { server: string; kind: LogKind; command: string };
};

export type DeniedQuery = {
  organisation: Organisation;
  since: Date;
  /** Exact strings, as access rules match them; a client that fits any of them counts. Without: every client. */
  match?: {
    deviceTypes?: readonly string[];
    models?: readonly string[];
    userAgents?: readonly string[];
    deviceIds?: readonly string[];
  };
};

type Row = {
  deviceId: string;
  account: string;
  deviceType: string;
  userAgent: string;
  server: string;
  kind: LogKind;
  command: string;
  http: number;
  substatus: number;
  status: number;
  error: string;
  access: string;
  requests: number;
  lastEnd: Date;
};

/**
 * By the instant, not by the hour: an hour's roll-up that began before `since` counts only if it is of requests that ended after it, which the
 * hour of `since` itself cannot tell apart. Its counts are left out and its last times are not.
 */
export async function deniedSince(db: Kysely<Database>, query: DeniedQuery): Promise<Denials[]> {
  const { match } = query;
  const rows = await sql<Row>`
    select c.device_id, c.account, c.device_type, c.user_agent, r.server, r.kind, r.command, r.http, r.substatus, r.status, r.error, r.access,
      sum(case when r.first_start >= ${query.since} then r.requests else 0 end)::int as requests, max(r.last_end) as last_end
    from log_client c join log_rollup r on r.client_id = c.id
    where c.organisation = ${query.organisation} and r.last_end >= ${query.since}
      and r.hour >= date_trunc('hour', ${query.since}::timestamptz)
      and (${match === undefined} or c.device_type = any(${[...(match?.deviceTypes ?? [])]}::text[])
        or c.model = any(${[...(match?.models ?? [])]}::text[]) or c.user_agent = any(${[...(match?.userAgents ?? [])]}::text[])
        or lower(c.device_id) = any(${(match?.deviceIds ?? []).map((id) => id.toLowerCase())}::text[]))
    group by c.id, c.device_id, c.account, c.device_type, c.user_agent, r.server, r.kind, r.command, r.http, r.substatus, r.status, r.error, r.access`.execute(
    db,
  );
  const devices = new Map<string, Row[]>();
  for (const row of rows.rows) {
    const key = row.deviceId.toLowerCase();
    devices.set(key, [...(devices.get(key) ?? []), row]);
  }
  return [...devices.values()].map(denialsOf).sort((a, b) => b.denied - a.denied || (a.deviceId < b.deviceId ? -1 : 1));
}

function denialsOf(rows: Row[]): Denials {
  rows.sort((a, b) => b.lastEnd.getTime() - a.lastEnd.getTime());
  // A front end's 200 may hide the very refusal that the back end writes: where both tell of the device, the back end's word counts.
  const inBackEnd = rows.some(({ kind }) => kind === 'backEnd');
  const denials: Denials = {
    deviceId: rows[0]?.deviceId ?? '',
    accounts: different(rows.map(({ account }) => account)),
    deviceTypes: different(rows.map(({ deviceType }) => deviceType)),
    userAgents: different(rows.map(({ userAgent }) => userAgent)),
    denied: 0,
    succeeded: 0,
    other: 0,
  };
  for (const row of rows) {
    const meaning = meaningOf(row);
    if (meaning.verdict === 'denied') {
      denials.denied += row.requests;
      denials.lastDeniedAt ??= row.lastEnd;
      denials.lastDenial ??= meaning;
    } else if (isSuccess(meaning.verdict)) {
      if (inBackEnd && row.kind !== 'backEnd') continue;
      denials.succeeded += row.requests;
      denials.lastSuccessAt ??= row.lastEnd;
      denials.lastSuccess ??= { server: row.server, kind: row.kind, command: row.command };
    } else {
      denials.other += row.requests;
    }
  }
  return denials;
}

function different(texts: readonly string[]): string[] {
  return [...new Set(texts)].filter((text) => text !== '');
}

/** What the logs say of each device: how often, when last let in, when last refused and why. Read from the reader's roll-ups. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { type AccountOwner, accountsOf } from '../activesync/account.ts';
import { rollupsOf } from '../activesync/store/rollups-of.ts';
import type { LogKind, Organisation } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import { type Outcome, type OutcomeFacts, outcomeOf } from './outcome.ts';

/** One kind of answer that a device got from one server, over the whole time that was asked about, or one day of it. */
export type UsageRow = {
  clientId: number;
  server: string;
  kind: LogKind;
  outcome: Outcome;
  requests: number;
  firstStart: Date;
  lastStart: Date;
  lastEnd: Date;
  lastAddress: string;
  /** YYYY-MM-DD in the zone that was asked for; '' where none was. */
  day: string;
};

/** A client as the logs wrote it. */
export type UsageClient = {
  id: number;
  account: string;
  deviceId: string;
  deviceType: string;
  userAgent: string;
  stray: string;
  os: string;
  model: string;
  firstAt: Date;
  lastAt: Date;
  rows: readonly UsageRow[];
};

export type UsageQuery = {
  organisation: Organisation;
  since: Date;
  /** Only clients whose account may be this person's; absent: all. A bare name may be somebody else's too: see accountOwners. */
  person?: AccountOwner;
  /** Only clients with these device ids, in any case. */
  deviceIds?: readonly string[];
  /** Each day of this zone by itself, for `daysOf`: worth asking of one person's phones. */
  timeZone?: string;
};

/** Clients with requests since then. */
export async function usageOf(db: Kysely<Database>, query: UsageQuery): Promise<UsageClient[]> {
  let reading = db
    .selectFrom('logClient')
    .selectAll()
    .where('organisation', '=', query.organisation)
    .where('lastAt', '>=', query.since);
  if (query.person !== undefined) {
    const { addresses, names } = accountsOf(query.person);
    reading = reading.where(
      sql<boolean>`(account = any(${addresses}::text[]) or split_part(account, '\\', -1) = any(${names}::text[]))`,
    );
  }
  if (query.deviceIds !== undefined) {
    const ids = query.deviceIds.map((id) => id.toLowerCase());
    reading = reading.where(sql<boolean>`lower(device_id) = any(${ids}::text[])`);
  }
  const found = await reading.orderBy('id').execute();
  if (found.length === 0) return [];
  type Row = OutcomeFacts & {
    clientId: number;
    server: string;
    requests: string;
    firstStart: Date;
    lastStart: Date;
    lastEnd: Date;
    lastAddress: string;
    day: string;
  };
  const rows = await sql<Row>`
    select client_id, ${dayIn(query.timeZone)} as day, server, kind, http, substatus, status, error, access, sum(requests) as requests, min(first_start) as first_start,
      max(last_start) as last_start, max(last_end) as last_end, (array_agg(last_address order by last_end desc))[1] as last_address
    from ${rollupsOf(found.map(({ id }) => id))} as told where last_end >= ${query.since}
    group by client_id, day, server, kind, http, substatus, status, error, access`.execute(db);
  const byClient = new Map<number, UsageRow[]>();
  for (const row of rows.rows) {
    const list = byClient.get(row.clientId) ?? [];
    byClient.set(row.clientId, list);
    list.push({ ...row, requests: Number(row.requests), outcome: outcomeOf(row) });
  }
  // A client's own last time is kept by the hour: what it did before `since` in that hour is no use of it.
  return found.flatMap((client) => {
    const own = byClient.get(client.id);
    return own === undefined ? [] : [{ ...client, rows: own }];
  });
}

/** The last of something, and where. */
export type Moment = {
  at: Date;
  end: Date;
  meaning: string;
  why: Outcome['why'];
  server: string;
  address: string;
  kind: LogKind;
};

export type UsageSummary = {
  /** The same request stands in up to four logs: the kind of log that saw most counts. */
  requests: number;
  firstAt: Date | null;
  lastAttempt: Moment | null;
  lastLetIn: Moment | null;
  lastRefused: Moment | null;
  /** Of the counting kind of log. */
  letIn: number;
  refused: number;
  addresses: readonly string[];
  /** Whether a log was there that tells Exchange's own verdict: without one "answered" is all that is known. */
  verdictKnown: boolean;
};

/**
 * One device's rows as one story. A 401 is refused only when nothing was let in after it: with some clients the first of two
 * requests is always unauthenticated. `answered` counts as let in only where no back-end log tells more.
 */
export function summaryOf(clients: readonly UsageClient[]): UsageSummary {
  const rows = clients.flatMap((client) => client.rows);
  const verdictKnown = rows.some(({ kind }) => kind === 'backEnd');
  const isLetIn = (row: UsageRow) =>
    row.outcome.result === 'let-in' || (!verdictKnown && row.outcome.result === 'answered');
  const lastLetIn = latest(rows.filter(isLetIn));
  const failures = rows.filter(isFailure);
  const lastRefused = latest(
    failures.filter(
      ({ outcome, lastStart }) => outcome.why !== 'password' || lastLetIn === null || lastStart > lastLetIn.at,
    ),
  );
  // What the back end says of a request is truer than what the logs before it say of the same one.
  const told = lastRefused === null ? null : truest(failures, lastRefused);
  const lastAttempt = latest(rows.filter(({ outcome }) => outcome.why !== 'cut'));
  const counts = new Map<LogKind, { all: number; letIn: number; refused: number }>();
  for (const row of rows) {
    const count = counts.get(row.kind) ?? { all: 0, letIn: 0, refused: 0 };
    counts.set(row.kind, count);
    count.all += row.requests;
    if (isLetIn(row) || row.outcome.result === 'answered') count.letIn += row.requests;
    if (row.outcome.result === 'refused') count.refused += row.requests;
  }
  const all = [...counts.values()];
  return {
    requests: Math.max(0, ...all.map((count) => count.all)),
    letIn: counts.get('backEnd')?.letIn ?? Math.max(0, ...all.map((count) => count.letIn)),
    refused: Math.max(0, ...all.map((count) => count.refused)),
    firstAt: rows.reduce<Date | null>(
      (first, row) => (first === null || row.firstStart < first ? row.firstStart : first),
      null,
    ),
    lastAttempt: lastAttempt === null ? null : truest(rows, lastAttempt),
    lastLetIn,
    lastRefused: told,
    addresses: [...new Set(rows.filter(({ kind }) => kind !== 'backEnd').map(({ lastAddress }) => lastAddress))].filter(
      (address) => address !== '' && address !== '-',
    ),
    verdictKnown,
  };
}

function isFailure({ outcome }: UsageRow): boolean {
  return outcome.why !== 'cut' && (outcome.result === 'refused' || outcome.result === 'failed');
}

/** Back-end lines carry the front end's address, not the phone's. */
function latest(rows: readonly UsageRow[]): Moment | null {
  let last: UsageRow | undefined;
  for (const row of rows) if (last === undefined || row.lastStart > last.lastStart) last = row;
  if (last === undefined) return null;
  const from = rows.find(
    (row) => row.kind !== 'backEnd' && Math.abs(row.lastEnd.getTime() - (last?.lastEnd.getTime() ?? 0)) < 5_000,
  );
  return momentOf(last, last.kind === 'backEnd' ? (from?.lastAddress ?? '') : last.lastAddress);
}

/** The same request in other logs, within some seconds: the back end says what came of it. */
function truest(rows: readonly UsageRow[], moment: Moment): Moment {
  const same = rows.filter((row) => Math.abs(row.lastEnd.getTime() - moment.end.getTime()) < 5_000);
  const back = same.find(({ kind }) => kind === 'backEnd');
  return back === undefined ? moment : { ...momentOf(back, moment.address), at: moment.at, end: moment.end };
}

function momentOf(row: UsageRow, address: string): Moment {
  const { meaning, why } = row.outcome;
  return { at: row.lastStart, end: row.lastEnd, meaning, why, server: row.server, kind: row.kind, address };
}

export type DayCount = { day: string; letIn: number; refused: number };

/** The days that are counted, by the reader's zone. */
export type Days = { since: Date; until: Date; timeZone: string };

/** Requests per day of the reader's zone, let in and not, for a chart; days without any are there with zeros. */
export async function requestsPerDay(
  db: Kysely<Database>,
  { clientIds, ...days }: Days & { clientIds: readonly number[] },
): Promise<DayCount[]> {
  if (clientIds.length === 0) return daysOf([], days);
  const { rows } = await sql<OutcomeFacts & { day: string; requests: string }>`
    select ${dayIn(days.timeZone)} as day, kind, http, substatus, status, error, access, sum(requests) as requests
    from ${rollupsOf(clientIds)} as told where last_end >= ${days.since}
    group by day, kind, http, substatus, status, error, access`.execute(db);
  return daysOf(
    rows.map((row) => ({ ...row, requests: Number(row.requests), outcome: outcomeOf(row) })),
    days,
  );
}

/** The day of a roll-up's hour. */
function dayIn(timeZone: string | undefined): RawBuilder<string> {
  return timeZone === undefined ? sql`''` : sql`to_char(hour at time zone ${timeZone}, 'YYYY-MM-DD')`;
}

/** The same of rows that were read by day. */
export function daysOf(
  rows: Iterable<Pick<UsageRow, 'day' | 'kind' | 'outcome' | 'requests'>>,
  { since, until, timeZone }: Days,
): DayCount[] {
  const days = new Map<string, Map<LogKind, { letIn: number; refused: number }>>();
  const dayOf = dayNames(timeZone);
  for (let at = since.getTime(); at <= until.getTime() + 3_600_000; at += 3_600_000) {
    days.set(dayOf(new Date(Math.min(at, until.getTime()))), new Map());
  }
  for (const row of rows) {
    const kinds = days.get(row.day);
    // The hour that `since` falls into may have begun on the day before, where a zone is half an hour off.
    if (kinds === undefined) continue;
    const count = kinds.get(row.kind) ?? { letIn: 0, refused: 0 };
    kinds.set(row.kind, count);
    const { result, why } = row.outcome;
    if (result === 'let-in' || result === 'answered' || why === 'cut') count.letIn += row.requests;
    else count.refused += row.requests;
  }
  return [...days]
    .map(([day, kinds]) => ({ day, ...dayCount(kinds) }))
    .sort((one, other) => (one.day < other.day ? -1 : 1));
}

/** The kind of log that saw most requests that day; refusals as the log that saw most of them counts them. */
function dayCount(kinds: ReadonlyMap<LogKind, { letIn: number; refused: number }>): { letIn: number; refused: number } {
  const counts = [...kinds.values()];
  const total = Math.max(0, ...counts.map(({ letIn, refused }) => letIn + refused));
  const refused = Math.max(0, ...counts.map((count) => count.refused));
  return { letIn: Math.max(0, total - refused), refused };
}

/** Names days; making one takes longer than asking it for a month of hours. */
function dayNames(timeZone: string): (at: Date) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  return (at) => format.format(at);
}

/** What the logs say of each device: how often, when last let in, when last refused and why. Read from the reader's roll-ups. */
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import { type AccountOwner, accountsOf } from '../activesync/account.ts';
import { rollupsOf } from '../activesync/store/rollups-of.ts';
import { hour, second } from '../ground/durations.ts';
import { groupedBy } from '../ground/grouped.ts';
import type { LogKind, Organisation } from '../ground/identifiers.ts';
import { earliest } from '../ground/instants.ts';
import { inTurns } from '../ground/turns.ts';
import type { Database } from '../store/schema.ts';
import type { LogClientTable } from '../store/tables/activesync.ts';
import { type Outcome, type OutcomeFacts, outcomeOf } from './outcome.ts';

/** One kind of answer that a device got from one server, over the whole time that was asked about. */
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
};

/** A client as the logs wrote it. */
export type UsageClient = Pick<
  Selectable<LogClientTable>,
  'id' | 'anonymous' | 'account' | 'deviceId' | 'deviceType' | 'userAgent' | 'stray' | 'os' | 'model' | 'lastAt'
> & { rows: readonly UsageRow[] };

export type UsageQuery = {
  organisation: Organisation;
  since: Date;
  /** Only clients whose account may be this person's; absent: all. A bare name may be somebody else's too: see accountOwners. */
  person?: AccountOwner;
  /** Only clients with these device ids, in any case. */
  deviceIds?: readonly string[];
};

/** Clients with requests since then. */
export async function usageOf(db: Kysely<Database>, query: UsageQuery): Promise<UsageClient[]> {
  const { organisation, since, person, deviceIds } = query;
  let reading = db
    .selectFrom('logClient')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('lastAt', '>=', since);
  if (person !== undefined) {
    const { addresses, names } = accountsOf(person);
    reading = reading.where(
      sql<boolean>`(account = any(${addresses}::text[]) or split_part(account, '\\', -1) = any(${names}::text[]))`,
    );
  }
  if (deviceIds !== undefined) reading = reading.where(hasDeviceId(deviceIds));
  const clients: UsageClient[] = [];
  for (let last = 0, more = true; more; ) {
    const found = await reading.where('id', '>', last).orderBy('id').limit(clientsAtOnce).execute();
    more = found.length === clientsAtOnce;
    last = found.at(-1)?.id ?? last;
    clients.push(...(await withRows(db, found, since)));
  }
  return clients;
}

/** Clients that are read together: fewer would unpack what waits to be merged too often, more would hold up the event loop. */
const clientsAtOnce = 2000;

async function withRows(
  db: Kysely<Database>,
  found: readonly Selectable<LogClientTable>[],
  since: Date,
): Promise<UsageClient[]> {
  if (found.length === 0) return [];
  const { rows } = await sql<OutcomeFacts & Omit<UsageRow, 'outcome' | 'requests'> & { requests: string }>`
    select client_id, server, kind, http, substatus, status, error, access, sum(requests) as requests, min(first_start) as first_start,
      max(last_start) as last_start, max(last_end) as last_end, (array_agg(last_address order by last_end desc))[1] as last_address
    from ${rollupsOf(found.map(({ id }) => id))} as told where last_end >= ${since}
    group by client_id, server, kind, http, substatus, status, error, access`.execute(db);
  const byClient = groupedBy(
    await inTurns(rows, clientsAtOnce, (row) => ({ ...row, requests: Number(row.requests), outcome: outcomeOf(row) })),
    ({ clientId }) => clientId,
  );
  // A client's own last time is kept by the hour: what it did before `since` in that hour is no use of it.
  return found.flatMap((client) => {
    const own = byClient.get(client.id);
    return own === undefined ? [] : [{ ...client, rows: own }];
  });
}

/** For a query over rows with a device id: whether it is one of these, in any case. */
export function hasDeviceId(deviceIds: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`lower(device_id) = any(${deviceIds.map((id) => id.toLowerCase())}::text[])`;
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
  /** Attempts that were turned away at the login, of somebody who named themselves so: this phone with a wrong password, or anybody. */
  turnedAway: { requests: number; last: Moment } | null;
  /** The last one that a filter of IIS denied, which it does before anybody can log in. */
  filtered: Moment | null;
};

/**
 * One device's rows as one story. A 401 is refused only when nothing was let in after it: with some clients the first of two
 * requests is always unauthenticated. `answered` counts as let in only where no back-end log tells more.
 */
export function summaryOf(all: readonly UsageClient[]): UsageSummary {
  const rows = all.filter(({ anonymous }) => !anonymous).flatMap((client) => client.rows);
  const verdictKnown = rows.some(({ kind }) => kind === 'backEnd');
  const isLetIn = ({ outcome: { result } }: UsageRow) =>
    result === 'let-in' || (!verdictKnown && result === 'answered');
  const failures = rows.filter(isFailure);
  const lastLetIn = lastOf(rows.filter(isLetIn));
  const lastRefused = lastOf(
    failures.filter(
      ({ outcome, lastStart }) => outcome.why !== 'password' || lastLetIn === null || lastStart > lastLetIn.at,
    ),
  );
  const lastAttempt = lastOf(rows.filter(({ outcome }) => outcome.why !== 'cut'));
  const counts = [...groupedBy(rows, ({ kind }) => kind)].map(([kind, own]) => ({
    kind,
    all: requestsIn(own),
    letIn: requestsIn(own.filter((row) => isLetIn(row) || row.outcome.result === 'answered')),
    refused: requestsIn(own.filter(({ outcome }) => outcome.result === 'refused')),
  }));
  const most = (of: 'all' | 'letIn' | 'refused') => Math.max(0, ...counts.map((count) => count[of]));
  const addresses = rows.filter(({ kind }) => kind !== 'backEnd').map(({ lastAddress }) => lastAddress);
  return {
    requests: most('all'),
    letIn: counts.find(({ kind }) => kind === 'backEnd')?.letIn ?? most('letIn'),
    refused: most('refused'),
    firstAt: earliest(rows.map(({ firstStart }) => firstStart)),
    lastAttempt: lastAttempt && truest(rows, lastAttempt),
    lastLetIn,
    // What the back end says of a request is truer than what the logs before it say of the same one.
    lastRefused: lastRefused && truest(failures, lastRefused),
    addresses: [...new Set(addresses)].filter((address) => address !== '' && address !== '-'),
    ...withoutLogin(all.filter(({ anonymous }) => anonymous).flatMap((client) => client.rows)),
  };
}

/** An edge that cuts a connection, or a server that fails, turned nobody away: of who did not log in only these two say something. */
function withoutLogin(rows: readonly UsageRow[]): Pick<UsageSummary, 'turnedAway' | 'filtered'> {
  const turnedAway = rows.filter(({ outcome }) => outcome.why === 'password');
  const last = lastOf(turnedAway);
  const kinds = [...groupedBy(turnedAway, ({ kind }) => kind).values()];
  return {
    turnedAway: last && { requests: Math.max(...kinds.map(requestsIn)), last },
    filtered: lastOf(rows.filter(({ outcome }) => outcome.why === 'filter')),
  };
}

function requestsIn(rows: readonly { requests: number }[]): number {
  return rows.reduce((sum, { requests }) => sum + requests, 0);
}

function isFailure({ outcome }: UsageRow): boolean {
  return outcome.why !== 'cut' && (outcome.result === 'refused' || outcome.result === 'failed');
}

/** Back-end lines carry the front end's address, not the phone's. */
function lastOf(rows: readonly UsageRow[]): Moment | null {
  const [first, ...others] = rows;
  if (first === undefined) return null;
  const last = others.reduce((one, other) => (other.lastStart > one.lastStart ? other : one), first);
  if (last.kind !== 'backEnd') return momentOf(last, last.lastAddress);
  const before = rows.find((row) => row.kind !== 'backEnd' && isNear(row.lastEnd, last.lastEnd));
  return momentOf(last, before?.lastAddress ?? '');
}

/** The same request in other logs, within some seconds: the back end says what came of it. */
function truest(rows: readonly UsageRow[], moment: Moment): Moment {
  const back = rows.find(({ kind, lastEnd }) => kind === 'backEnd' && isNear(lastEnd, moment.end));
  return back === undefined ? moment : { ...momentOf(back, moment.address), at: moment.at, end: moment.end };
}

function isNear(one: Date, other: Date): boolean {
  return Math.abs(one.getTime() - other.getTime()) < 5 * second;
}

function momentOf(row: UsageRow, address: string): Moment {
  const { meaning, why } = row.outcome;
  return { at: row.lastStart, end: row.lastEnd, meaning, why, server: row.server, kind: row.kind, address };
}

type DayCount = { day: string; letIn: number; refused: number };

/** Requests per day of the reader's zone, let in and not, for a chart; days without any are there with zeros. */
export async function requestsPerDay(
  db: Kysely<Database>,
  input: { clientIds: readonly number[]; since: Date; until: Date; timeZone: string },
): Promise<DayCount[]> {
  const { clientIds, since, until, timeZone } = input;
  const { rows } =
    clientIds.length === 0
      ? { rows: [] }
      : await sql<OutcomeFacts & { day: string; requests: string }>`
    select to_char(hour at time zone ${timeZone}, 'YYYY-MM-DD') as day, kind, http, substatus, status, error, access, sum(requests) as requests
    from ${rollupsOf(clientIds)} as told where last_end >= ${since}
    group by day, kind, http, substatus, status, error, access`.execute(db);
  const byDay = groupedBy(
    rows.map((row) => ({ ...row, requests: Number(row.requests), outcome: outcomeOf(row) })),
    ({ day }) => day,
  );
  return daysBetween(since, until, timeZone).map((day) => {
    // The kind of log that saw most requests that day; refusals as the log that saw most of them counts them.
    const kinds = [...groupedBy(byDay.get(day) ?? [], ({ kind }) => kind).values()];
    const total = Math.max(0, ...kinds.map(requestsIn));
    const refused = Math.max(0, ...kinds.map((own) => requestsIn(own.filter(({ outcome }) => !wentWell(outcome)))));
    return { day, letIn: Math.max(0, total - refused), refused };
  });
}

function wentWell({ result, why }: Outcome): boolean {
  return result === 'let-in' || result === 'answered' || why === 'cut';
}

/** As `YYYY-MM-DD`, the first one first. Making a formatter takes longer than asking it for a month of hours. */
function daysBetween(since: Date, until: Date, timeZone: string): string[] {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  const days = new Set<string>();
  for (let at = since.getTime(); at < until.getTime(); at += hour) days.add(format.format(at));
  return [...days.add(format.format(until))].sort();
}

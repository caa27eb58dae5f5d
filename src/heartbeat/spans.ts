/**
 * Waits over spans of hours, by server. A busy server's day is a hundred thousand rows of the roll-ups; hours that are over change
 * no more, so their sums are kept (heartbeat_span) and a reading sums up only the rows since.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { day, hour, minute } from '../ground/durations.ts';
import type { Database } from '../store/schema.ts';
import type { EndedName } from '../store/tables/activesync.ts';

/** Requests of one client that asked for the same, ended the same way and lived about as long, as JSON in heartbeat_span. */
export type Wait = [
  client: number,
  command: string,
  ended: EndedName,
  asked: number,
  /** Step of the log reader; 0 where every length is one. */
  lived: number,
  requests: number,
  /** Milliseconds. */
  shortest: number,
  longest: number,
  sum: number,
  /** First and last hour they ended in, since 1970. */
  first: number,
  last: number,
];

type Span = { name: string; began: number; ended: number };

/** IIS writes the last lines of an hour when it is over: they come within this time. */
const settleTime = 5 * minute;
const dayHours = day / hour;
/** Days that no reading asks for any more. */
const keptHours = 9 * dayHours;

/** The first hour (since 1970) that is not yet over for good. */
function openHour(now: Date): number {
  return Math.floor((now.getTime() - settleTime) / hour);
}

/** The spans that make up the last `hours` that are over; longer ones are cut at days (UTC), whose sums serve the next reading too. */
export function spansOf(now: Date, hours: number): Span[] {
  const open = openHour(now);
  if (hours <= dayHours) return [{ name: `last-${hours}`, began: open - hours, ended: open }];
  const spans: Span[] = [];
  for (let number = Math.floor((open - hours) / dayHours); number * dayHours < open; number += 1) {
    const [began, ended] = [number * dayHours, Math.min(open, (number + 1) * dayHours)];
    spans.push({ name: ended - began === dayHours ? `day-${number}` : 'today', began, ended });
  }
  return spans;
}

/** The waits at one server in the last `hours` that are over and since. */
export async function readWaits(
  db: Kysely<Database>,
  { server, now, hours }: { server: string; now: Date; hours: number },
): Promise<Wait[]> {
  const parts: string[] = [];
  for (const span of spansOf(now, hours)) {
    const kept = await db
      .selectFrom('heartbeatSpan')
      .select(sql<string>`waits::text`.as('waits'))
      .where((is) => is.and({ server, ...span }))
      .executeTakeFirst();
    parts.push(kept?.waits ?? (await keepSum(db, server, span)));
  }
  parts.push(await sumUp(db, server, openHour(now)));
  // Written by `sumUp`, now or earlier.
  return merged(parts.map((waits): Wait[] => JSON.parse(waits)));
}

/** What the same client asked and got in more than one part is one wait; by client, because texts for keys would cost more than the reading. */
function merged([first = [], ...later]: readonly Wait[][]): Wait[] {
  const byClient = new Map<number, Wait[]>();
  function add(wait: Wait): void {
    const own = byClient.get(wait[0]);
    if (own === undefined) byClient.set(wait[0], [wait]);
    else own.push(wait);
  }
  // No two of one part are alike.
  for (const wait of first) add(wait);
  for (const wait of later.flat()) {
    const [client, command, ended, asked, lived, requests, shortest, longest, sum, firstHour, lastHour] = wait;
    const known = byClient
      .get(client)
      ?.find((each) => each[3] === asked && each[4] === lived && each[2] === ended && each[1] === command);
    if (known === undefined) {
      add(wait);
      continue;
    }
    known[5] += requests;
    known[6] = Math.min(known[6], shortest);
    known[7] = Math.max(known[7], longest);
    known[8] += sum;
    known[9] = Math.min(known[9], firstHour);
    known[10] = Math.max(known[10], lastHour);
  }
  return [...byClient.values()].flat();
}

/** Sums the span up and keeps it, unless a reading of logs adds rows at this moment: then only the answer is made. */
async function keepSum(db: Kysely<Database>, server: string, span: Span): Promise<string> {
  return db.transaction().execute(async (tx) => {
    // Who adds rows holds this lock alone (activesync/store/write-clients.ts); who sums up holds it with others.
    const locked = await sql`select count from log_client_deletions for share skip locked`.execute(tx);
    // Before PostgreSQL has statistics of a growing table it expects one row, and sorts them all; counting them in a hash takes a fifth.
    await sql`set local enable_sort = off`.execute(tx);
    const waits = await sumUp(tx, server, span.began, span.ended);
    if (locked.rows.length === 0) return waits;
    await tx
      .insertInto('heartbeatSpan')
      .values({ server, ...span, waits })
      .onConflict((conflict) =>
        conflict.columns(['server', 'name']).doUpdateSet({ began: span.began, ended: span.ended, waits }),
      )
      .execute();
    await tx
      .deleteFrom('heartbeatSpan')
      .where('server', '=', server)
      .where('ended', '<', span.ended - keptHours)
      .execute();
    return waits;
  });
}

/** The waits that ended from hour `began` on and before hour `ended`, in JSON: one text is read in a tenth of the time of as many rows. */
async function sumUp(db: Kysely<Database>, server: string, began: number, ended?: number): Promise<string> {
  const before = ended === undefined ? sql`` : sql`and hour < to_timestamp(${ended} * 3600.0)`;
  const { rows } = await sql<{ waits: string }>`
    select coalesce(json_agg(json_build_array(client_id, command, ended, asked, lived, requests, shortest, longest, sum, first, last)), '[]')::text
      as waits
    from (
      select client_id, command, ended, asked, lived, sum(requests) as requests, min(shortest) as shortest, max(longest) as longest,
        sum(sum)::bigint as sum, ${hourOf(sql`min(hour)`)} as first, ${hourOf(sql`max(hour)`)} as last
      from log_heartbeat
      where server = ${server} and kind = 'backEnd' and asked > 0 and hour >= to_timestamp(${began} * 3600.0) ${before}
      group by client_id, asked, lived, ended, command) as wait`.execute(db);
  return rows[0]?.waits ?? '[]';
}

/** date_part, because extract counts in decimal numbers, which takes longer than reading the row. */
function hourOf(time: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(date_part('epoch', ${time}) / 3600)::int`;
}

/**
 * Waits over spans of hours, by server. A busy server's day is a hundred thousand rows of the
 * roll-ups; hours that are over change no more, so their sums are kept (heartbeat_span) and a look adds only the rows since.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../store/schema.ts';
import { joinWays, type Way } from './ways.ts';

export type ServerWays = { server: string; ways: readonly Way[] };

type Span = { name: string; began: number; ended: number };

/** IIS writes the last lines of an hour when it is over: they come within so many minutes. */
const settleMinutes = 5;
const hourMs = 3_600_000;
const dayHours = 24;
/** Days that no look asks for any more. */
const keptHours = 9 * dayHours;

/** The first hour (since 1970) that is not yet over for good. */
export function openHour(now: Date): number {
  return Math.floor((now.getTime() - settleMinutes * 60_000) / hourMs);
}

/** The spans that make up the last `hours` that are over; longer ones are cut at days (UTC), whose sums serve the next look too. */
export function spansOf(now: Date, hours: number): Span[] {
  const open = openHour(now);
  if (hours <= dayHours) return [{ name: `last-${hours}`, began: open - hours, ended: open }];
  const spans: Span[] = [];
  for (let day = Math.floor((open - hours) / dayHours); day * dayHours < open; day += 1) {
    const [began, ended] = [day * dayHours, Math.min(open, (day + 1) * dayHours)];
    spans.push({ name: ended - began === dayHours ? `day-${day}` : 'today', began, ended });
  }
  return spans;
}

/** The waits of the last `hours` that are over and of the rows since. */
export async function readWays(
  db: Kysely<Database>,
  { servers, now, hours }: { servers: readonly string[]; now: Date; hours: number },
): Promise<ServerWays[]> {
  if (servers.length === 0) return [];
  const spans = spansOf(now, hours);
  const kept = await db
    .selectFrom('heartbeatSpan')
    .select(['server', 'name', 'began', 'ended', sql<string>`waits::text`.as('waits')])
    .where('server', 'in', [...servers])
    .where(
      'name',
      'in',
      spans.map(({ name }) => name),
    )
    .execute();
  const found: ServerWays[] = [];
  for (const server of servers) {
    const parts: Way[][] = [];
    for (const span of spans) {
      const same = kept.find(
        (row) =>
          row.server === server && row.name === span.name && row.began === span.began && row.ended === span.ended,
      );
      parts.push(parsed(same?.waits ?? (await sumUp(db, server, span))));
    }
    parts.push(await unsummed(db, server, openHour(now)));
    found.push({ server, ways: joinWays(parts) });
  }
  return found;
}

/** Sums the span up and keeps it, unless a reading adds rows at this moment: then only the answer is made. */
async function sumUp(db: Kysely<Database>, server: string, span: Span): Promise<string> {
  return db.transaction().execute(async (tx) => {
    // Who adds rows holds this lock alone (activesync/store/write-clients.ts); who sums up holds it with others.
    const locked = await sql`select count from log_client_deletions for share skip locked`.execute(tx);
    // Before PostgreSQL has statistics of a growing table it expects one row, and sorts them all; counting them in a hash takes a fifth.
    await sql`set local enable_sort = off`.execute(tx);
    const waits = await summed(tx, server, span);
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

/** The sums over the hours of a span as ways, in JSON: one text is read in a tenth of the time of as many rows. */
async function summed(db: Kysely<Database>, server: string, { began, ended }: Span): Promise<string> {
  const { rows } = await sql<{ ways: string }>`
    select coalesce(json_agg(way), '[]')::text as ways from (
      select command, ended, array_agg(client_id) as client, array_agg(asked) as asked, array_agg(lived) as lived,
        array_agg(requests) as requests, array_agg(shortest) as shortest, array_agg(longest) as longest, array_agg(sum) as sum,
        array_agg(first) as first, array_agg(last) as last
      from (
        select h.command, h.ended, h.client_id, h.asked, h.lived, sum(h.requests) as requests, min(h.shortest) as shortest,
          max(h.longest) as longest, sum(h.sum)::bigint as sum, ${hourOf(sql`min(h.hour)`)} as first, ${hourOf(sql`max(h.hour)`)} as last
        from log_heartbeat h
        where ${isWait(server)} and h.hour >= to_timestamp(${began} * 3600.0) and h.hour < to_timestamp(${ended} * 3600.0)
        group by h.client_id, h.asked, h.lived, h.ended, h.command) as wait
      group by command, ended) as way`.execute(db);
  return rows[0]?.ways ?? '[]';
}

/** The rows since, as they are: an hour of a busy server. Arrays as text cost PostgreSQL less than JSON. */
async function unsummed(db: Kysely<Database>, server: string, began: number): Promise<Way[]> {
  const columns = unsummedColumns.map((column) => sql`array_agg(h.${sql.ref(column)})::text as ${sql.ref(column)}`);
  const { rows } = await sql<
    Record<(typeof unsummedColumns)[number], string> & Pick<Way, 'command' | 'ended'> & { hour: number }
  >`
    select h.command, h.ended, ${hourOf(sql`h.hour`)} as hour, ${sql.join(columns)}
    from log_heartbeat h where ${isWait(server)} and h.hour >= to_timestamp(${began} * 3600.0)
    group by h.command, h.ended, h.hour`.execute(db);
  return rows.map(({ command, ended, hour, ...texts }) => {
    const numbers = (column: (typeof unsummedColumns)[number]): number[] =>
      JSON.parse(`[${texts[column].slice(1, -1)}]`);
    const client = numbers('clientId');
    const hours = () => client.map(() => hour);
    return {
      command,
      ended,
      client,
      asked: numbers('asked'),
      lived: numbers('lived'),
      requests: numbers('requests'),
      shortest: numbers('shortest'),
      longest: numbers('longest'),
      sum: numbers('sum'),
      first: hours(),
      last: hours(),
    };
  });
}

const unsummedColumns = ['clientId', 'asked', 'lived', 'requests', 'shortest', 'longest', 'sum'] as const;

function isWait(server: string): RawBuilder<unknown> {
  return sql`h.server = ${server} and h.kind = 'backEnd' and h.asked > 0`;
}

/** date_part, because extract counts in decimal numbers, which takes longer than reading the row. */
function hourOf(time: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(date_part('epoch', ${time}) / 3600)::int`;
}

/** It was written by `summed`, by this or an earlier process of the same migration. */
function parsed(waits: string): Way[] {
  return JSON.parse(waits);
}

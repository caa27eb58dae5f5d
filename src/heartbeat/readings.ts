/** Readings as they are stored: for the answer at once, for history, and for what changed since the last one. */
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import { after, day } from '../ground/durations.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import { changesBetween } from './changes.ts';
import { Reading, VerdictKind } from './reading.ts';

/** All readings are kept so long, then the first of each day. */
const allKeptDays = 14;
const keptDays = 400;

/** Stores the reading with what changed since the one before; answers that one. */
export async function storeReading(
  db: Kysely<Database>,
  organisation: Organisation,
  reading: Reading,
): Promise<Reading | undefined> {
  const previous = await latestReading(db, organisation);
  const changes = previous === undefined ? [] : changesBetween(previous, reading);
  await db
    .insertInto('heartbeatReading')
    .values({ organisation, at: new Date(reading.at), reading: JSON.stringify({ ...reading, changes }) })
    .execute();
  return previous;
}

/** The newest reading; one of an older shape counts as none. */
export async function latestReading(db: Kysely<Database>, organisation: Organisation): Promise<Reading | undefined> {
  const row = await db
    .selectFrom('heartbeatReading')
    .select('reading')
    .where('organisation', '=', organisation)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return Reading.safeParse(row?.reading).data;
}

/** One day of readings: the last of them, every verdict of the day, and what changed in it, oldest first. */
const Day = z.object({
  day: z.string(),
  reading: Reading,
  verdicts: z.array(VerdictKind),
  changes: z.array(z.object({ at: z.coerce.date(), change: z.string() })),
});
export type ReadingDay = z.infer<typeof Day>;

/** Of the last `days`, oldest first. */
export async function readingsByDay(
  db: Kysely<Database>,
  query: { organisation: Organisation; now: Date; days: number; timeZone: string },
): Promise<ReadingDay[]> {
  const { organisation, now, days, timeZone } = query;
  const { rows } = await sql`
    with readings as (
      select id, at, reading, to_char(at at time zone ${timeZone}, 'YYYY-MM-DD') as day from heartbeat_reading
      where organisation = ${organisation} and at >= ${after(now, -days * day)})
    select day, (array_agg(reading order by at desc, id desc))[1] as reading, jsonb_agg(distinct reading->'verdict') as verdicts,
      (select coalesce(jsonb_agg(jsonb_build_object('at', l.at, 'change', c.change) order by l.at, l.id), '[]')
        from readings l, jsonb_array_elements_text(coalesce(l.reading->'changes', '[]')) as c(change) where l.day = readings.day) as changes
    from readings group by day order by day`.execute(db);
  return rows.flatMap((row) => Day.safeParse(row).data ?? []);
}

export async function pruneReadings(db: Kysely<Database>, now: Date): Promise<void> {
  await sql`
    delete from heartbeat_reading where at < ${after(now, -keptDays * day)} or (at < ${after(now, -allKeptDays * day)} and id not in (
      select min(id) from heartbeat_reading group by organisation, date_trunc('day', at at time zone 'UTC')))`.execute(
    db,
  );
}

/** Looks as they are kept: for the answer at once, for history, and for what changed since the last one. */
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import type { Organisation } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import { changesBetween } from './changes.ts';
import { Look, VerdictKind } from './look.ts';

/** All looks are kept so long, then the first of each day. */
const allKeptDays = 14;
const keptDays = 400;
const day = 86_400_000;

/** Keeps the look with what changed since the one before; answers that one. */
export async function keepLook(
  db: Kysely<Database>,
  organisation: Organisation,
  look: Look,
): Promise<Look | undefined> {
  const previous = await latestLook(db, organisation);
  const changes = previous === undefined ? [] : changesBetween(previous, look);
  await db
    .insertInto('heartbeatLook')
    .values({ organisation, at: new Date(look.at), look: JSON.stringify({ ...look, changes }) })
    .execute();
  return previous;
}

/** The newest look; one of an older shape counts as none. */
export async function latestLook(db: Kysely<Database>, organisation: Organisation): Promise<Look | undefined> {
  const row = await db
    .selectFrom('heartbeatLook')
    .select('look')
    .where('organisation', '=', organisation)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const parsed = Look.safeParse(row?.look);
  return parsed.success ? parsed.data : undefined;
}

/** One day of looks: the last of them, every verdict of the day, and what changed in it, oldest first. */
export type LookedDay = { day: string; look: Look; verdicts: VerdictKind[]; changes: { at: Date; change: string }[] };

/** Of the last `days`, oldest first. */
export async function looksByDay(
  db: Kysely<Database>,
  query: { organisation: Organisation; now: Date; days: number; timeZone: string },
): Promise<LookedDay[]> {
  const { organisation, now, days, timeZone } = query;
  const { rows } = await sql<{ day: string; look: unknown; verdicts: unknown; changes: unknown }>`
    with looks as (
      select id, at, look, to_char(at at time zone ${timeZone}, 'YYYY-MM-DD') as day from heartbeat_look
      where organisation = ${organisation} and at >= ${new Date(now.getTime() - days * day)})
    select day, (array_agg(look order by at desc, id desc))[1] as look, jsonb_agg(distinct look->'verdict') as verdicts,
      (select coalesce(jsonb_agg(jsonb_build_object('at', l.at, 'change', c.change) order by l.at, l.id), '[]')
        from looks l, jsonb_array_elements_text(coalesce(l.look->'changes', '[]')) as c(change) where l.day = looks.day) as changes
    from looks group by day order by day`.execute(db);
  return rows.flatMap((row) => {
    const parsed = Day.safeParse(row);
    return parsed.success ? [parsed.data] : [];
  });
}

const Day = z.object({
  day: z.string(),
  look: Look,
  verdicts: z.array(VerdictKind),
  changes: z.array(z.object({ at: z.coerce.date(), change: z.string() })),
});

export async function pruneLooks(db: Kysely<Database>, now: Date): Promise<void> {
  await db
    .deleteFrom('heartbeatLook')
    .where('at', '<', new Date(now.getTime() - keptDays * day))
    .execute();
  await sql`
    delete from heartbeat_look where at < ${new Date(now.getTime() - allKeptDays * day)} and id not in (
      select min(id) from heartbeat_look group by organisation, date_trunc('day', at at time zone 'UTC'))`.execute(db);
}

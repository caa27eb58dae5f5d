/** Looks as they are kept: for the answer at once, for history, and for what changed since the last one. */
import { type Kysely, sql } from 'kysely';
import type { Organisation } from '../directory/person.ts';
import type { Database } from '../store/schema.ts';
import { Look } from './look.ts';

/** All looks are kept so long, then the first of each day. */
const allKeptDays = 14;
const keptDays = 400;
const day = 86_400_000;

export async function keepLook(db: Kysely<Database>, organisation: Organisation, look: Look): Promise<void> {
  await db
    .insertInto('heartbeatLook')
    .values({ organisation, at: new Date(look.at), look: JSON.stringify(look) })
    .execute();
}

/** The newest look, or the newest one before an instant; one of an older shape counts as none. */
export async function latestLook(
  db: Kysely<Database>,
  organisation: Organisation,
  before?: Date,
): Promise<Look | undefined> {
  let query = db
    .selectFrom('heartbeatLook')
    .select('look')
    .where('organisation', '=', organisation)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(1);
  if (before !== undefined) query = query.where('at', '<', before);
  const row = await query.executeTakeFirst();
  const parsed = Look.safeParse(row?.look);
  return parsed.success ? parsed.data : undefined;
}

/** The last look of each day of the last `days`, oldest first. */
export async function looksByDay(
  db: Kysely<Database>,
  query: { organisation: Organisation; now: Date; days: number; timeZone: string },
): Promise<{ day: string; look: Look }[]> {
  const { rows } = await sql<{ day: string; look: unknown }>`
    select distinct on (day) to_char(at at time zone ${query.timeZone}, 'YYYY-MM-DD') as day, look from heartbeat_look
    where organisation = ${query.organisation} and at >= ${new Date(query.now.getTime() - query.days * day)}
    order by day, at desc, id desc`.execute(db);
  return rows.flatMap((row) => {
    const parsed = Look.safeParse(row.look);
    return parsed.success ? [{ day: row.day, look: parsed.data }] : [];
  });
}

export async function pruneLooks(db: Kysely<Database>, now: Date): Promise<void> {
  await db
    .deleteFrom('heartbeatLook')
    .where('at', '<', new Date(now.getTime() - keptDays * day))
    .execute();
  await sql`
    delete from heartbeat_look where at < ${new Date(now.getTime() - allKeptDays * day)} and id not in (
      select min(id) from heartbeat_look group by organisation, date_trunc('day', at at time zone 'UTC'))`.execute(db);
}

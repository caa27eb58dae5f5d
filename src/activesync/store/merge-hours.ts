import { type Kysely, sql } from 'kysely';
import type { Database } from '../../store/schema.ts';

/** Hours merged at a time: the rest waits for the next reading. */
const hoursAtOnce = 8;

type Due = { server: string; kind: string; hour: Date };

/** Once an hour is over, its rows of the same client, command and outcome become one. */
export async function mergeHours(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<Due>`
    select server, kind, hour from log_hour h where parts > 1 and exists (select from log_hour later
      where later.server = h.server and later.kind = h.kind and later.hour > h.hour)
    order by hour limit ${hoursAtOnce}`.execute(db);
  for (const due of rows) await mergeHour(db, due);
}

async function mergeHour(db: Kysely<Database>, { server, kind, hour }: Due): Promise<void> {
  const ofHour = sql`server = ${server} and kind = ${kind} and hour = ${hour}`;
  await db.transaction().execute(async (tx) => {
    // Until the commit nobody adds to this hour; the statements below see what another process merged or added before.
    await sql`update log_hour set parts = 1 where ${ofHour}`.execute(tx);
    await sql`
      with parts as (delete from log_rollup_row where hour = (extract(epoch from ${hour}::timestamptz) / 3600)::int
        and series_id in (select id from log_series where server = ${server} and kind = ${kind}) returning *)
      insert into log_rollup_row (client_id, series_id, hour, requests, first_start, last_start, last_end, last_address)
      select client_id, series_id, hour, sum(requests), min(first_start), (array_agg(last_start order by last_end desc))[1],
        max(last_end), (array_agg(last_address order by last_end desc))[1]
      from parts group by client_id, series_id, hour order by client_id`.execute(tx);
    await sql`
      with parts as (delete from log_heartbeat where ${ofHour} returning *)
      insert into log_heartbeat (client_id, server, kind, hour, command, asked, ended, win32, lived, requests, shortest, longest, sum)
      select client_id, server, kind, hour, command, asked, ended, win32, lived, sum(requests), min(shortest), max(longest), sum(sum)
      from parts group by client_id, server, kind, hour, command, asked, ended, win32, lived order by client_id`.execute(
      tx,
    );
  });
}

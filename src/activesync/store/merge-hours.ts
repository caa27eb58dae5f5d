import { type Kysely, sql } from 'kysely';
import type { Database } from '../../store/schema.ts';

/** Batches of an hour that is still being written are merged so many at a time. */
const manyBatches = 16;
/** Hours merged at a time: the rest waits for the next reading. */
const hoursAtOnce = 8;

type Due = { server: string; kind: string; hour: Date; over: boolean };

/**
 * Batches become plain rows, one for those of the same client, hour, command, outcome and address. While an hour lasts its
 * batches merge now and then, beside the rows that are there; once it is over, all of it is merged.
 */
export async function mergeHours(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<Due>`
    select server, kind, hour, over from (select *, exists (select from log_hour later
        where later.server = h.server and later.kind = h.kind and later.hour > h.hour) as over from log_hour h
      where batches > 0 or parts > 1) as waiting
    where over or batches >= ${manyBatches} order by hour limit ${hoursAtOnce}`.execute(db);
  for (const due of rows) await mergeHour(db, due);
}

async function mergeHour(db: Kysely<Database>, { server, kind, hour, over }: Due): Promise<void> {
  const ofHour = sql`server = ${server} and kind = ${kind} and hour = ${hour}`;
  await db.transaction().execute(async (tx) => {
    // Until the commit nobody adds to this hour; the statements below see what another process merged or added before.
    await sql`update log_hour set batches = 0, parts = ${over ? sql`1` : sql`parts + 1`} where ${ofHour}`.execute(tx);
    for (const { name, columns, merged, by } of [rollups, heartbeats]) {
      const rows = sql.raw(`${name}_row`);
      const rest = over ? sql`, rest as (delete from ${rows} where ${ofHour} returning *)` : sql``;
      const whole = over ? sql`union all select ${columns} from rest` : sql``;
      await sql`
        with deleted as (delete from ${sql.raw(`${name}_batch`)} where ${ofHour}) ${rest}
        insert into ${rows} (${columns})
        select ${merged} from (select ${columns} from ${sql.raw(`${name}_waiting`)} where ${ofHour} ${whole}) as all_rows
        group by ${by} order by client_id`.execute(tx);
    }
  });
}

const rollups = {
  name: 'log_rollup',
  columns:
    sql.raw(`client_id, server, kind, hour, command, http, substatus, status, error, access, last_address, requests,
    first_start, last_start, last_end, taken, sent, received`),
  merged:
    sql.raw(`client_id, server, kind, hour, command, http, substatus, status, error, access, last_address, sum(requests),
    min(first_start), (array_agg(last_start order by last_end desc))[1], max(last_end), sum(taken), sum(sent), sum(received)`),
  by: sql.raw('client_id, server, kind, hour, command, http, substatus, status, error, access, last_address'),
};

const heartbeats = {
  name: 'log_heartbeat',
  columns: sql.raw(
    'client_id, server, kind, hour, command, asked, ended, win32, lived, requests, shortest, longest, sum',
  ),
  merged:
    sql.raw(`client_id, server, kind, hour, command, asked, ended, win32, lived, sum(requests), min(shortest), max(longest),
    sum(sum)`),
  by: sql.raw('client_id, server, kind, hour, command, asked, ended, win32, lived'),
};

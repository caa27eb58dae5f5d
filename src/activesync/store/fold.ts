import { type Kysely, sql } from 'kysely';
import type { Database } from '../../store/schema.ts';

/** Batches of an hour that is still being written are folded so many at a time. */
const MANY_BATCHES = 16;
/** Hours folded at a time: the rest waits for the next reading. */
const AT_ONCE = 8;

type Due = { server: string; kind: string; hour: Date; over: boolean };

/**
 * Batches become plain rows, one of those that tell of the same client, hour, command, outcome and address. While an hour lasts its
 * batches fold now and then, beside the rows that are there; once it is over, everything of it falls together.
 */
export async function foldHours(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<Due>`
    select server, kind, hour, over from (select *, exists (select from log_hour later
        where later.server = h.server and later.kind = h.kind and later.hour > h.hour) as over from log_hour h
      where batches > 0 or parts > 1) as waiting
    where over or batches >= ${MANY_BATCHES} order by hour limit ${AT_ONCE}`.execute(db);
  for (const due of rows) await fold(db, due);
}

async function fold(db: Kysely<Database>, { server, kind, hour, over }: Due): Promise<void> {
  const ofHour = sql`server = ${server} and kind = ${kind} and hour = ${hour}`;
  await db.transaction().execute(async (tx) => {
    // Until the commit nobody adds to this hour; what another process folds or adds before, the statements below see.
    await sql`update log_hour set batches = 0, parts = ${over ? sql`1` : sql`parts + 1`} where ${ofHour}`.execute(tx);
    for (const { name, columns, folded, by } of [ROLLUPS, HEARTBEATS]) {
      const rows = sql.raw(`${name}_row`);
      const rest = over ? sql`, rest as (delete from ${rows} where ${ofHour} returning *)` : sql``;
      const whole = over ? sql`union all select ${columns} from rest` : sql``;
      await sql`
        with gone as (delete from ${sql.raw(`${name}_batch`)} where ${ofHour}) ${rest}
        insert into ${rows} (${columns})
        select ${folded} from (select ${columns} from ${sql.raw(`${name}_waiting`)} where ${ofHour} ${whole}) as told
        group by ${by} order by client_id`.execute(tx);
    }
  });
}

const ROLLUPS = {
  name: 'log_rollup',
  columns:
    sql.raw(`client_id, server, kind, hour, command, http, substatus, status, error, access, last_address, requests,
    first_start, last_start, last_end, taken, sent, received`),
  folded:
    sql.raw(`client_id, server, kind, hour, command, http, substatus, status, error, access, last_address, sum(requests),
    min(first_start), (array_agg(last_start order by last_end desc))[1], max(last_end), sum(taken), sum(sent), sum(received)`),
  by: sql.raw('client_id, server, kind, hour, command, http, substatus, status, error, access, last_address'),
};

const HEARTBEATS = {
  name: 'log_heartbeat',
  columns: sql.raw(
    'client_id, server, kind, hour, command, asked, ended, win32, lived, requests, shortest, longest, sum',
  ),
  folded:
    sql.raw(`client_id, server, kind, hour, command, asked, ended, win32, lived, sum(requests), min(shortest), max(longest),
    sum(sum)`),
  by: sql.raw('client_id, server, kind, hour, command, asked, ended, win32, lived'),
};

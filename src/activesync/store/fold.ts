import { type Kysely, sql } from 'kysely';
import type { Database } from '../../store/schema.ts';

/** An hour that is still being written is folded now and then only. */
const MANY_BATCHES = 16;
/** Hours folded at a time: the rest waits for the next reading. */
const AT_ONCE = 8;

/** Makes one row of those that tell of the same client, hour, command, outcome and address, hour by hour, where batch after batch has added some. */
export async function foldHours(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ server: string; kind: string; hour: Date }>`
    select server, kind, hour from log_hour h where batches >= ${MANY_BATCHES} or (batches > 1
      and exists (select from log_hour later where later.server = h.server and later.kind = h.kind and later.hour > h.hour))
    order by hour limit ${AT_ONCE}`.execute(db);
  for (const { server, kind, hour } of rows) {
    await db.transaction().execute(async (tx) => {
      // Batches that are being added count again from here on; their rows are not seen below.
      await sql`update log_hour set batches = 1 where server = ${server} and kind = ${kind} and hour = ${hour}`.execute(
        tx,
      );
      await sql`
        with gone as (delete from log_rollup where server = ${server} and kind = ${kind} and hour = ${hour} returning *)
        insert into log_rollup (client_id, server, kind, hour, command, http, substatus, status, error, access, requests,
          first_start, last_start, last_end, last_address, taken, sent, received)
        select client_id, server, kind, hour, command, http, substatus, status, error, access, sum(requests),
          min(first_start), (array_agg(last_start order by last_end desc))[1], max(last_end), last_address, sum(taken), sum(sent), sum(received)
        from gone group by client_id, server, kind, hour, command, http, substatus, status, error, access, last_address`.execute(
        tx,
      );
      await sql`
        with gone as (delete from log_heartbeat where server = ${server} and kind = ${kind} and hour = ${hour} returning *)
        insert into log_heartbeat (client_id, server, kind, hour, command, asked, ended, win32, lived, requests, shortest, longest, sum)
        select client_id, server, kind, hour, command, asked, ended, win32, lived, sum(requests), min(shortest), max(longest), sum(sum)
        from gone group by client_id, server, kind, hour, command, asked, ended, win32, lived`.execute(tx);
    });
  }
}

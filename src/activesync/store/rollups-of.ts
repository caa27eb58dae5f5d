import { type RawBuilder, sql } from 'kysely';

/** With more clients than this nearly every row of arrays holds some of them. */
const few = 200;

/**
 * Roll-ups of these clients as a table (`log_rollup`'s columns) to select from. The view alone would unpack every batch that waits to be
 * merged; of a few clients only their own elements are unpacked.
 */
export function rollupsOf(clientIds: readonly number[]): RawBuilder<unknown> {
  const ids = sql`${`{${clientIds.join(',')}}`}::int[]`;
  if (clientIds.length > few) return sql`(select * from log_rollup where client_id = any(${ids}))`;
  return sql`(select ${columns} from log_rollup_row where client_id = any(${ids})
    union all select ${elements} from unnest(${ids}) as wanted (id) join log_rollup_batch as batch on batch.clients @> wanted.id
      cross join lateral unnest(array_positions(batch.client_id, wanted.id)) as n)`;
}

const columns = sql.raw(`client_id, server, kind, hour, command, http, substatus, status, error, access, requests,
  first_start, last_start, last_end, last_address, taken, sent, received`);

/** The same of element n of a batch's arrays, as the view `log_rollup_waiting` makes them of all. */
const elements =
  sql.raw(`wanted.id, server, kind, hour, command[n], http[n]::smallint, substatus[n]::smallint, status[n]::smallint,
  error[n], access[n], requests[n], to_timestamp(first_start[n]), to_timestamp(last_start[n]), to_timestamp(last_end[n]),
  last_address[n], taken[n], sent[n], received[n]`);

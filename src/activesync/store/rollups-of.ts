import { type RawBuilder, sql } from 'kysely';

/** With more clients than this nearly every row of arrays holds some of them. */
const FEW = 200;

/**
 * Roll-ups of these clients as a table (`log_rollup`'s columns) to select from. The view alone would unpack every batch that waits to be
 * folded; of a few clients only those pieces are that they can be in.
 */
export function rollupsOf(clientIds: readonly number[]): RawBuilder<unknown> {
  const ids = sql`${`{${clientIds.join(',')}}`}::int[]`;
  if (clientIds.length > FEW) return sql`(select * from log_rollup where client_id = any(${ids}))`;
  const ranges = `{${clientIds.map((id) => `[${id},${id}]`).join(',')}}`;
  return sql`(select ${columns} from log_rollup_row where client_id = any(${ids}) union all
    select ${columns} from log_rollup_waiting where clients && ${ranges}::int4multirange and client_id = any(${ids}))`;
}

const columns = sql.raw(`client_id, server, kind, hour, command, http, substatus, status, error, access, requests,
  first_start, last_start, last_end, last_address, taken, sent, received`);

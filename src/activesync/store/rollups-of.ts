import { type RawBuilder, sql } from 'kysely';

/** Roll-ups of these clients as a table (`log_rollup`'s columns) to select from. */
export function rollupsOf(clientIds: readonly number[]): RawBuilder<unknown> {
  return sql`(select * from log_rollup where client_id = any(${`{${clientIds.join(',')}}`}::int[]))`;
}

import { type Kysely, sql } from 'kysely';

/**
 * Roll-ups of logs are only ever added to, which costs a fraction of looking for the row to change; rows of the same hour fall
 * together later (log_hour says which hours are worth it). Meanings stand in ../../activesync/tables.ts.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `alter table log_rollup drop constraint log_rollup_pkey`,
  `create index log_rollup_client on log_rollup (client_id, hour)`,
  `alter table log_heartbeat drop constraint log_heartbeat_pkey`,
  `create index log_heartbeat_hour on log_heartbeat (hour, server)`,
  `create table log_hour (
    server text not null, kind text not null, hour timestamptz not null, batches integer not null, primary key (server, kind, hour))`,

  // A roll-up knows its address, so addresses need no table of their own.
  `drop table log_address`,
  `create view log_address as
    select client_id, last_address as address, sum(requests)::bigint as requests, min(first_start) as first_at, max(last_end) as last_at
    from log_rollup where last_address <> '' group by client_id, last_address`,

  // Room in the page of a client, so that a new last hour moves no index.
  `alter table log_client set (fillfactor = 70)`,
  // Readers keep the ids of clients in memory for as long as none was deleted. Its row is also their lock: one writes at a time.
  `create table log_client_deletions (count bigint not null)`,
  `insert into log_client_deletions values (0)`,
  `create function count_log_client_deletion() returns trigger language plpgsql as
    'begin update log_client_deletions set count = count + 1; return null; end'`,
  `create trigger log_client_deleted before delete on log_client for each statement execute function count_log_client_deletion()`,
  `create trigger log_client_truncated before truncate on log_client for each statement execute function count_log_client_deletion()`,
];

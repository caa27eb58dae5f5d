import { type Kysely, sql } from 'kysely';

/**
 * Roll-ups are plain narrow rows: what many of them say alike (server, kind, command, answer) is a series, the address is that of the
 * last request, times are whole seconds. Rows of arrays that waited to be merged are no longer worth their while.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const answer = 'http, substatus, status, error, access';

const statements = [
  // `last_hour`, since 1970, is when a series may go with its last row.
  `create table log_series (
    id integer generated always as identity primary key, server text not null, kind text not null, command text not null,
    http smallint not null, substatus smallint not null, status smallint not null, error text not null, access text not null,
    last_hour integer not null)`,
  `create unique index log_series_key on log_series (server, kind, command, ${answer})`,
  `create trigger log_series_deleted before delete on log_series for each statement execute function count_log_client_deletion()`,
  `create trigger log_series_truncated before truncate on log_series for each statement execute function count_log_client_deletion()`,
  `insert into log_series (server, kind, command, ${answer}, last_hour)
    select server, kind, command, ${answer}, (extract(epoch from max(hour)) / 3600)::int from log_rollup
    group by server, kind, command, ${answer}`,

  `create table log_rollup_narrow (
    client_id integer not null, series_id integer not null, hour integer not null, requests integer not null,
    first_start integer not null, last_start integer not null, last_end integer not null, last_address text not null)`,
  `insert into log_rollup_narrow
    select client_id, s.id, (extract(epoch from hour) / 3600)::int, sum(requests), extract(epoch from min(first_start))::int,
      (array_agg(extract(epoch from last_start)::int order by last_end desc))[1], extract(epoch from max(last_end))::int,
      case kind when 'backEnd' then '' else (array_agg(last_address order by last_end desc))[1] end
    from log_rollup r join log_series s using (server, kind, command, ${answer}) group by client_id, s.id, hour, kind order by hour`,
  `insert into log_heartbeat_row
    select client_id, server, kind, hour, command, asked, ended, win32, lived, requests, shortest, longest, sum from log_heartbeat_waiting`,
  `update log_hour set parts = parts + 1 where batches > 0`,
  `alter table log_hour drop column batches`,

  ...['log_rollup', 'log_heartbeat', 'log_rollup_waiting', 'log_heartbeat_waiting'].map((view) => `drop view ${view}`),
  ...['log_rollup_batch', 'log_heartbeat_batch', 'log_rollup_row'].map((table) => `drop table ${table}`),
  `alter table log_heartbeat_row rename to log_heartbeat`,
  `alter table log_rollup_narrow rename to log_rollup_row`,
  // One client's rows are neighbours in the index, which keeps their id once.
  `create index log_rollup_row_client on log_rollup_row (client_id)`,
  `create index log_rollup_row_hour on log_rollup_row using brin (hour)`,
  `create view log_rollup as
    select client_id, server, kind, to_timestamp(hour * 3600.0) as hour, command, ${answer}, requests,
      to_timestamp(first_start) as first_start, to_timestamp(last_start) as last_start, to_timestamp(last_end) as last_end, last_address
    from log_rollup_row join log_series on log_series.id = series_id`,
];

import { type Kysely, sql } from 'kysely';

/**
 * One row a file. Two readers that met a new file at the same time made two, and counted all its requests twice: everything that was read
 * of such a server's logs of that kind goes, and its logs are read again as far as they are still there.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const ofDoubled = 'where (server, kind) in (select server, kind from doubled_log)';

const statements = [
  `create temporary table doubled_log on commit drop as select distinct organisation, server, kind from (
    select organisation, server, kind from log_file where position > 0
    group by organisation, server, kind, identity, head_hash having count(*) > 1) as twice`,
  ...['log_rollup_row', 'log_rollup_batch', 'log_heartbeat_row', 'log_heartbeat_batch', 'log_hour'].map(
    (table) => `delete from ${table} ${ofDoubled}`,
  ),
  ...['log_oddity', 'log_reading', 'log_file'].map(
    (table) =>
      `delete from ${table} where (organisation, server, kind) in (select organisation, server, kind from doubled_log)`,
  ),
  `delete from log_sample where (organisation, server) in (select organisation, server from doubled_log where kind = 'backEnd')`,
  `delete from heartbeat_span where server in (select server from doubled_log where kind = 'backEnd')`,
  // Of several files that had one identity after another the newest has it.
  `update log_file as file set identity = identity || ' until ' || id where exists (
    select from log_file newer where newer.organisation = file.organisation and newer.server = file.server
      and newer.kind = file.kind and newer.identity = file.identity and newer.id > file.id)`,
  `drop index log_file_identity`,
  `create unique index log_file_identity on log_file (organisation, server, kind, identity)`,
];

import { type Kysely, sql } from 'kysely';

/** Who had not logged in is a client of their own, whatever names they gave. What was read before stays as it is, until it is pruned. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `alter table log_client add column anonymous boolean not null default false`,
  `drop index log_client_key`,
  `create unique index log_client_key on log_client (organisation, anonymous, account, device_id, device_type, md5(user_agent), stray)`,
];

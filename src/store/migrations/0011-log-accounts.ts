import { type Kysely, sql } from 'kysely';

/** A person's clients are found by whole account or by the bare name in it (`usageOf`), without a look at everybody's. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index log_client_account on log_client (account)`.execute(db);
  await sql`create index log_client_name on log_client (split_part(account, '\\', -1))`.execute(db);
}

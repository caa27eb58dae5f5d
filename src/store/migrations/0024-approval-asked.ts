import { type Kysely, sql } from 'kysely';

/** From when on Exchange may have been asked for what was approved: what ends after it is not called "not carried out". */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table approval add column asked_at timestamptz`.execute(db);
}

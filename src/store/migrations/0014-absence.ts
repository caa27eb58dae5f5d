import { type Kysely, sql } from 'kysely';

/** One reading that does not show a partnership proves nothing: since when, and in how many readings, it has been absent. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table wipe add column absent_since timestamptz, add column absent_reads integer not null default 0`.execute(
    db,
  );
}

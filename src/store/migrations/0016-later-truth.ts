import { type Kysely, sql } from 'kysely';

/** When a wipe was claimed, by the database's own clock; and since when Exchange does not say what it holds for its device. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table wipe
    add column claimed_at timestamptz,
    add column unread_since timestamptz,
    add column unread_told boolean not null default false`.execute(db);
}

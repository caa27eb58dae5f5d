import { type Kysely, sql } from 'kysely';

/** Names of the heartbeat tables that were not yet the words of docs/glossary.md; sums of waits are kept in another form. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  'alter table heartbeat_look rename to heartbeat_reading',
  'alter table heartbeat_reading rename column look to reading',
  'alter index heartbeat_look_at rename to heartbeat_reading_at',
  'alter table heartbeat_alert rename column told_on to notified_on',
  'delete from heartbeat_span',
];

import { type Kysely, sql } from 'kysely';

/** When a backup was put back in which a wipe was on its way: of what happened meanwhile, only reading Exchange can tell. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table wipe add column restored_at timestamptz`.execute(db);
}

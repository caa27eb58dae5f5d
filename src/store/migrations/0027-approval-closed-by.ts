import { type Kysely, sql } from 'kysely';

/** Whether one person ends many requests of others is asked at each ending. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index approval_closed_by on approval (closed_by, closed_at) where closed_by is not null`.execute(db);
}

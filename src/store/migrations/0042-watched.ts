import { type Kysely, sql } from 'kysely';

/** What is asked of tables that only grow since backups can be restored and wipes that are not known are counted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // As in 0021: where the audit belongs to a role of its own, this user cannot give it an index.
  await sql
    .raw(`do $$ begin
      if pg_has_role((select relowner from pg_class where oid = 'public.audit'::regclass), 'USAGE') then
        create index audit_restored on audit (seq) where action = 'audit.restored';
      end if;
    end $$`)
    .execute(db);
  await sql`create index wipe_unread on wipe (organisation) where unread_since is not null and ended_at is null`.execute(
    db,
  );
}

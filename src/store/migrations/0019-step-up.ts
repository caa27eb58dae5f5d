import { type Kysely, sql } from 'kysely';

/** Codes that were sent to whoever decides, where policy asks for one more proof of who they are. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table approval_code (
    id integer generated always as identity primary key,
    approval_id integer not null references approval on delete cascade,
    actor_guid text not null,
    identity text not null,
    sent_to text not null,
    shown text not null,
    salt text not null,
    code_hash text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    tries integer not null default 0,
    used_at timestamptz
  )`.execute(db);
  await sql`create index approval_code_of on approval_code (approval_id, actor_guid)`.execute(db);
}

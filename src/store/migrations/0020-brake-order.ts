import { type Kysely, sql } from 'kysely';

/**
 * What the brake counts gets rows of its own, in the order in which it happened and with the database's own time, so that no host's clock
 * opens it; another kind of thing that shuts people out can count there, too. An unlocking remembers what was counted before it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table brake_entry (
    id integer generated always as identity primary key,
    kind text not null,
    subject_id text not null,
    organisation text not null,
    drill boolean not null,
    requested_by text not null,
    at timestamptz not null,
    counted_at timestamptz not null default clock_timestamp(),
    unique (kind, subject_id)
  )`.execute(db);
  await sql`create index brake_entry_counted on brake_entry (organisation, drill, counted_at)`.execute(db);
  await sql`insert into brake_entry (kind, subject_id, organisation, drill, requested_by, at, counted_at)
    select 'wipe', id::text, organisation, drill, requested_by, issuing_at, coalesce(claimed_at, issuing_at) from wipe
    where issuing_at is not null order by issuing_at, id`.execute(db);
  await sql`alter table wipe_lock add column counted_before integer not null default 0`.execute(db);
  await sql`update wipe_lock set counted_before = coalesce((select max(id) from brake_entry where at <= wipe_lock.at), 0)
    where state = 'unlocked'`.execute(db);
}

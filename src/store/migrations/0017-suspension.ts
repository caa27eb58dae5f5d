import { type Kysely, sql } from 'kysely';

/**
 * Suspensions get rows of their own, so that they outlive the incident that caused them; whoever was suspended by an open incident
 * stays so. The lock remembers whether a suspended person pulled it, and a chat account whether its groups make it helpdesk.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table suspension (
    id integer generated always as identity primary key,
    person_guid text not null,
    incident_number integer not null references incident (number) on delete cascade,
    reported_by text,
    reported_at timestamptz not null,
    held boolean not null,
    state text not null check (state in ('waiting', 'active', 'ended')),
    confirmed_by text,
    ended_at timestamptz,
    ended_by text,
    ended_how text check (ended_how in ('restored', 'closed', 'host'))
  )`.execute(db);
  await sql`create index suspension_person on suspension (person_guid) where state <> 'ended'`.execute(db);
  await sql`create index suspension_reporter on suspension (reported_by, reported_at)`.execute(db);
  await sql`create index suspension_incident on suspension (incident_number)`.execute(db);
  await sql`insert into suspension (person_guid, incident_number, reported_by, reported_at, held, state)
    select person_guid, number, opened_by, opened_at, true, 'active' from incident
    where state = 'open' and not drill and not exists (
      select from incident_event where incident_number = number and kind = 'roles.restored' and at >= opened_at)`.execute(
    db,
  );
  await sql`alter table wipe_lock add column suspended boolean not null default false`.execute(db);
  await sql`alter table chat_identity add column helpdesk_group boolean not null default false`.execute(db);
}

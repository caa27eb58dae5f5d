import { type Kysely, sql } from 'kysely';

/** Role grants, reviews of break-glass, seen wipe requests. Meanings stand in ../../incidents/tables.ts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table role_grant (
    organisation text not null check (organisation in ('real','lab')), role text not null check (role in ('approver','security','admin')),
    identity text not null, mailbox text not null, granted_at timestamptz, accepted_by jsonb not null default '[]',
    primary key (organisation, role, identity, mailbox))`,

  `create table wipe_review (
    id integer generated always as identity primary key, wipe_id integer not null unique references wipe,
    incident_number integer not null references incident, actor_guid text not null, actor_identity text not null,
    due_at timestamptz not null, reminded_times integer not null default 0, closed_at timestamptz, closed_by text, finding text)`,

  `create table wipe_request_seen (
    organisation text not null check (organisation in ('real','lab')), device_guid text not null,
    scope text not null check (scope in ('full','account-only')), requested_at timestamptz not null, requestor text,
    seen_at timestamptz not null, origin text not null check (origin in ('ours','before','outside')),
    primary key (organisation, device_guid, scope, requested_at))`,

  // A drill lives on the lab alone, whatever the code above it believes.
  `alter table incident add constraint incident_drill_is_lab check (not drill or organisation = 'lab')`,
  `alter table wipe add constraint wipe_drill_is_lab check (not drill or organisation = 'lab')`,
];

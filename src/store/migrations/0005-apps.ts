import { type Kysely, sql } from 'kysely';

/** The inventory of devices and rules, blocks of apps, and scheduled reports. Meanings stand in ../../apps/tables.ts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const organisation = `organisation text not null check (organisation in ('real','lab'))`;

const statements = [
  `create table mobile_device (
    ${organisation}, guid text not null, person_guid text, device_id text not null, friendly_name text not null, device_type text not null,
    device_model text not null, device_os text not null, user_agent text not null, client_type text not null, client_version integer,
    access_state text not null, access_reason text not null, access_rule text not null, first_sync timestamptz,
    first_seen_at timestamptz not null, read_at timestamptz not null, gone boolean not null, primary key (organisation, guid))`,
  `create index mobile_device_person on mobile_device (person_guid)`,
  `create index mobile_device_id on mobile_device (organisation, lower(device_id))`,

  `create table access_rule (
    ${organisation}, guid text not null, name text not null, characteristic text not null, query_string text not null,
    access_level text not null, first_seen_at timestamptz not null, read_at timestamptz not null, gone_at timestamptz,
    primary key (organisation, guid))`,

  `create table app_inventory (
    ${organisation}, default_access_level text not null, read_at timestamptz not null, problem text, primary key (organisation))`,
  `create table app_seen (
    ${organisation}, app text not null, name text not null, first_seen_at timestamptz not null, primary key (organisation, app))`,
  `create table app_look (
    ${organisation}, person_guid text not null, looked_at timestamptz not null, primary key (organisation, person_guid))`,

  `create table app_block (
    id integer generated always as identity primary key, ${organisation}, app text not null, name text not null,
    state text not null check (state in ('open','ended')), requested_by text not null, requested_at timestamptz not null,
    since timestamptz, ended_at timestamptz, ended_by text, verdict jsonb, verdict_at timestamptz)`,
  `create unique index app_block_open on app_block (organisation, app) where state = 'open'`,

  `create table app_block_step (
    id integer generated always as identity primary key, block_id integer not null references app_block (id),
    kind text not null check (kind in ('notice','rule','personal','ews','web-config','undo')), payload jsonb not null,
    state text not null check (state in ('waiting','approved','done','failed','undone','dropped')),
    requested_by text not null, requested_at timestamptz not null, approval_id integer, done_at timestamptz, undone_at timestamptz, result jsonb)`,
  `create index app_block_step_block on app_block_step (block_id)`,

  `create table config_edit (
    id integer generated always as identity primary key, ${organisation}, step_id integer not null references app_block_step (id),
    server text not null, kind text not null, path text not null, before_hash text not null, after_hash text not null, before bytea not null,
    backup text, at timestamptz not null, undone_at timestamptz, lost_at timestamptz)`,

  `create table app_report (
    id integer generated always as identity primary key, ${organisation}, what text not null check (what in ('apps','blocked-apps')),
    place text not null, cron text not null, time_zone text not null, words text not null, requested_by text not null,
    requested_at timestamptz not null, next_at timestamptz not null, stopped_at timestamptz)`,

  `create table lab_ews (id integer primary key, policy text not null, block_list jsonb not null, allow_list jsonb not null)`,
  `insert into lab_ews (id, policy, block_list, allow_list) values (1, '', '[]', '[]')`,
];

import { type Kysely, sql } from 'kysely';

/** The log reader's files and roll-ups. Meanings stand in ../../activesync/tables.ts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const kinds = `check (kind in ('frontEnd','backEnd','httpProxy','edge'))`;

const statements = [
  `create table log_file (
    id integer generated always as identity primary key, organisation text not null, server text not null, kind text not null ${kinds},
    identity text not null, path text not null, head_hash text not null, head_length integer not null, position bigint not null,
    header text not null, skipping boolean not null, size bigint not null, modified_at timestamptz not null, read_at timestamptz not null)`,
  `create index log_file_identity on log_file (organisation, server, kind, identity)`,

  // md5 keeps the key short: agents and device types are as long as phones make them.
  `create table log_client (
    id integer generated always as identity primary key, organisation text not null, account text not null, device_id text not null,
    device_type text not null, user_agent text not null, stray text not null, os text not null default '', model text not null default '',
    eas_version integer not null default 0, first_at timestamptz not null, last_at timestamptz not null)`,
  `create unique index log_client_key on log_client (organisation, account, device_id, device_type, md5(user_agent), stray)`,
  `create index log_client_device on log_client (organisation, lower(device_id))`,

  `create table log_rollup (
    client_id integer not null, server text not null, kind text not null ${kinds}, hour timestamptz not null, command text not null,
    http smallint not null, substatus smallint not null, status smallint not null, error text not null, access text not null,
    requests integer not null, first_start timestamptz not null, last_start timestamptz not null, last_end timestamptz not null,
    last_address text not null, taken bigint not null, sent bigint not null, received bigint not null,
    primary key (client_id, hour, server, kind, command, http, substatus, status, error, access))`,
  `create index log_rollup_hour on log_rollup using brin (hour)`,

  `create table log_address (
    client_id integer not null, address text not null, requests bigint not null, first_at timestamptz not null, last_at timestamptz not null,
    primary key (client_id, address))`,

  `create table log_heartbeat (
    client_id integer not null, server text not null, kind text not null ${kinds}, hour timestamptz not null, command text not null,
    asked integer not null, ended text not null, win32 integer not null, lived integer not null, requests integer not null,
    shortest integer not null, longest integer not null, sum bigint not null,
    primary key (hour, server, client_id, kind, command, asked, ended, win32, lived))`,

  `create table log_sample (
    id integer generated always as identity primary key, organisation text not null, server text not null, command text not null,
    started_at timestamptz not null, asked integer not null, client_id integer not null)`,
  `create index log_sample_last on log_sample (organisation, server, command, started_at)`,

  `create table log_sighting (
    client_id integer not null, server text not null, at timestamptz not null, what text not null, primary key (client_id, at, server, what))`,

  `create table log_oddity (
    organisation text not null, server text not null, kind text not null ${kinds}, odd text not null, text text not null,
    requests bigint not null, last_at timestamptz not null, primary key (organisation, server, kind, odd, text))`,

  `create table log_reading (
    organisation text not null, server text not null, kind text not null ${kinds}, started_at timestamptz not null,
    updated_at timestamptz not null, finished_at timestamptz, files_total integer not null, files_done integer not null,
    bytes_total bigint not null, bytes_done bigint not null, problem text, primary key (organisation, server, kind))`,
];

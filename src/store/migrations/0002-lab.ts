import { type Kysely, sql } from 'kysely';

/** The simulated Exchange organisation. Meanings stand in ../../exchange/lab/tables.ts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table lab_state (
    id integer primary key check (id = 1), offset_ms double precision not null, seed text not null, ticked_at timestamptz not null,
    pace double precision not null, kept_today integer not null default 0, available boolean not null default true, default_access_level text not null default 'Allow')`,

  `create table lab_edge (name text primary key, ip text not null, idle_seconds integer not null check (idle_seconds > 0))`,

  `create table lab_server (
    name text primary key, edge text references lab_edge, ip text not null, sync_config text not null, ews_config text not null,
    eas_config text not null, configs_at timestamptz not null, pool_started_at timestamptz not null,
    min_heartbeat integer not null, max_heartbeat integer not null, sample_size integer not null, alert_threshold integer not null)`,

  `create table lab_mailbox (
    exchange_guid text primary key, object_guid text not null unique, display_name text not null, first_name text not null,
    last_name text not null, alias text not null unique, upn text not null, primary_smtp text not null, email_addresses jsonb not null,
    department text not null, title text not null, phone text not null, mobile_phone text not null, manager text not null,
    recipient_type_details text not null, account_disabled boolean not null, server text not null references lab_server,
    database text not null, active_sync_enabled boolean not null, allowed_ids jsonb not null, blocked_ids jsonb not null,
    policy text not null, password_changed_at timestamptz, mails_per_hour double precision not null)`,

  `create table lab_device (
    id integer primary key, guid text not null unique, present boolean not null, mailbox_guid text not null references lab_mailbox,
    device_id text not null, friendly_name text not null, device_type text not null, device_model text not null, device_os text not null,
    user_agent text not null, imei text not null, phone_number text not null, operator text not null, client_type text not null,
    client_version text not null, ip text not null, first_sync_time timestamptz, last_sync_attempt timestamptz,
    last_success_sync timestamptz, last_policy_update timestamptz, last_ping_heartbeat integer,
    wipe_request_time timestamptz, wipe_sent_time timestamptz, wipe_ack_time timestamptz, wipe_requestor text,
    account_wipe_request_time timestamptz, account_wipe_sent_time timestamptz, account_wipe_ack_time timestamptz, account_wipe_requestor text,
    notify jsonb not null, wipe_supported boolean not null, access_state text not null, access_reason text not null,
    managed boolean not null, compliant boolean not null, policy_status text not null, folders integer not null,
    rhythm text not null, poll_seconds integer not null, heartbeat integer not null, heartbeat_works integer not null,
    heartbeat_cut integer, heartbeat_wish integer not null, step text not null, next_contact_at timestamptz, ping_ms integer not null,
    ping_end text not null, contacts integer not null, stale_password boolean not null, refuses_wipe boolean not null,
    silent_wipe boolean not null, erased_at timestamptz)`,
  `create index lab_device_next on lab_device (next_contact_at) where next_contact_at is not null`,
  `create index lab_device_mailbox on lab_device (mailbox_guid)`,

  `create table lab_contact (
    id integer generated always as identity primary key, at timestamptz not null, duration_ms integer not null, server text not null,
    edge text, mailbox_guid text not null, device_id text not null, device_type text not null, device_os text not null,
    user_agent text not null, version integer not null, upn text not null, smtp text not null, ip text not null, command text not null,
    heartbeat integer, http_status integer not null, eas_status integer, win32_status integer not null, error text,
    access text not null, request_id text not null)`,
  `create index lab_contact_server on lab_contact (server, at, id)`,
  `create index lab_contact_at on lab_contact (at)`,

  `create table lab_ledger (
    id integer generated always as identity primary key, at timestamptz not null, cmdlet text not null, name text not null,
    target text not null, arguments jsonb not null, by text not null, outcome text not null)`,

  `create table lab_access_rule (
    guid text primary key, name text not null unique, characteristic text not null, query_string text not null, access_level text not null)`,
];

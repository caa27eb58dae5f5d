import { type Kysely, sql } from 'kysely';

/** The core: people, incidents, approvals, wipes, chat, work and the audit chain. Meanings stand in ../schema.ts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table person (
    guid text primary key, organisation text not null check (organisation in ('real','lab')),
    display_name text not null, alias text not null, upn text not null, primary_smtp text not null,
    addresses jsonb not null, department text not null, phones jsonb not null, manager_name text not null,
    mailbox_type text not null, account_enabled boolean, refreshed_at timestamptz not null, gone boolean not null default false)`,
  `create index person_alias on person (organisation, lower(alias))`,

  `create table chat_identity (
    identity text primary key, person_guid text, display_name text not null, email text, time_zone text,
    found_by text check (found_by in ('policy','email')), refused text, address text, last_seen_at timestamptz not null)`,
  `create index chat_identity_person on chat_identity (person_guid)`,

  `create table inbox (
    id integer generated always as identity primary key, event_key text not null unique, identity text not null,
    incoming jsonb not null, received_at timestamptz not null,
    state text not null check (state in ('stored','handled','refused','too-old')),
    handled_at timestamptz, command text, outcome text)`,
  `create index inbox_stored on inbox (id) where state = 'stored'`,

  `create table incident (
    number integer generated always as identity (start with 101) primary key,
    organisation text not null check (organisation in ('real','lab')), drill boolean not null,
    kind text not null check (kind in ('lost','stolen','missing','suspicious','outside-wipe')),
    person_guid text not null, opened_by text, opened_via text, by_owner boolean not null, remark text,
    opened_at timestamptz not null, state text not null check (state in ('open','closed')),
    closed_at timestamptz, closed_by text, close_reason text,
    hold text not null check (hold in ('open','closed')), hold_closed_at timestamptz, hold_closed_by text, hold_closed_why text,
    hold_asked_at timestamptz, plan_b_quiet_until timestamptz, plan_b_raised_at timestamptz, plan_b_raised_times integer not null default 0)`,
  `create index incident_open on incident (person_guid) where state = 'open'`,

  `create table incident_device (
    incident_number integer not null references incident, number integer not null, device_guid text not null,
    facts jsonb not null, read_at timestamptz not null, present boolean not null, chosen boolean not null default false,
    owner_says_kept_at timestamptz, owner_says_kept_sync timestamptz, kept_verified_by text,
    primary key (incident_number, number), unique (incident_number, device_guid))`,

  `create table incident_event (
    id integer generated always as identity primary key, incident_number integer not null references incident,
    at timestamptz not null, kind text not null, actor_guid text, data jsonb not null)`,
  `create index incident_event_incident on incident_event (incident_number, id)`,

  `create table approval (
    id integer generated always as identity primary key, subject_kind text not null, subject_id text not null,
    incident_number integer references incident, organisation text not null, payload jsonb not null,
    payload_hash text not null, policy_hash text not null, requested_by text not null, requested_via text not null,
    owner_guid text, role text not null, needed integer not null check (needed >= 1),
    state text not null check (state in ('waiting','approved','denied','withdrawn','expired','voided','executed','lapsed')),
    requested_at timestamptz not null, expires_at timestamptz not null, approved_at timestamptz, execute_by timestamptz,
    closed_at timestamptz, closed_by text, reason text)`,
  `create unique index approval_one_open on approval (subject_kind, subject_id) where state in ('waiting','approved')`,
  `create index approval_waiting on approval (expires_at) where state in ('waiting','approved')`,

  `create table approval_decision (
    approval_id integer not null references approval, actor_guid text not null, identity text not null,
    decision text not null check (decision in ('approve','deny')), reason text, at timestamptz not null,
    primary key (approval_id, actor_guid))`,

  `create table wipe (
    id integer generated always as identity primary key, organisation text not null, drill boolean not null,
    incident_number integer not null references incident, device_number integer not null, device_guid text not null,
    mailbox_guid text not null, scope text not null check (scope in ('full','account-only','outlook-app')),
    state text not null, requested_by text not null, reason text not null, verification jsonb not null,
    owner_was_told boolean not null, notify jsonb not null, frozen jsonb not null, break_glass_by text,
    proposed_at timestamptz not null, held_because text, before jsonb, issuing_at timestamptz, call_deadline_at timestamptz,
    requested_at timestamptz, sent_at timestamptz, acknowledged_at timestamptz, ended_at timestamptz,
    watch_step integer not null default 0, exchange_holds boolean not null default false)`,
  // One open proposal or wipe per device: what cannot end in an acknowledgement any more does not count.
  `create unique index wipe_one_open on wipe (device_guid)
    where state in ('awaiting-approval','approved','issuing','requested','sent','refused-by-device','not-reported')`,
  `create index wipe_incident on wipe (incident_number)`,
  `create index wipe_issued on wipe (issuing_at) where issuing_at is not null`,

  `create table wipe_transition (
    id integer generated always as identity primary key, wipe_id integer not null references wipe, at timestamptz not null,
    from_state text, to_state text not null, event text not null, actor_guid text, why text, evidence jsonb)`,
  `create index wipe_transition_wipe on wipe_transition (wipe_id, id)`,

  `create table stored_action (
    id text primary key, subject text not null, command text not null, args jsonb not null, epoch text not null,
    label text not null, created_at timestamptz not null, used_at timestamptz, used_by text)`,
  `create unique index stored_action_intent on stored_action (subject, command, md5(args::text), epoch, label)`,

  `create table card (
    id integer generated always as identity primary key, subject text not null, place text not null, personal boolean not null default false, ref text,
    post_key text not null unique, post_tried boolean not null default false, wanted integer not null default 1,
    shown integer not null default 0, shown_hash text, dead boolean not null default false, problem text,
    due_at timestamptz not null, attempts integer not null default 0, created_at timestamptz not null, unique (subject, place))`,
  `create index card_due on card (due_at) where wanted > shown and not dead`,

  `create table delivery (
    id integer generated always as identity primary key, kind text not null check (kind in ('reply','private','notice','home')),
    card_id integer references card, place text, identity text, draft jsonb, key text not null unique,
    tried boolean not null default false, due_at timestamptz not null,
    state text not null default 'waiting' check (state in ('waiting','done','dropped')),
    attempts integer not null default 0, problem text, created_at timestamptz not null, done_at timestamptz)`,
  `create index delivery_due on delivery (due_at, id) where state = 'waiting'`,

  `create table work (
    id integer generated always as identity primary key, job text not null, key text, payload jsonb not null, lane text not null,
    due_at timestamptz not null, state text not null default 'waiting' check (state in ('waiting','done','given-up')),
    attempts integer not null default 0, revision integer not null default 1, job_id text, enqueued_at timestamptz, last_error text,
    created_at timestamptz not null, done_at timestamptz)`,
  `create unique index work_key on work (job, key) where state = 'waiting' and key is not null`,
  `create index work_due on work (due_at, id) where state = 'waiting'`,

  `create table audit (
    seq integer primary key, at timestamptz not null, actor_guid text, actor_identity text, action text not null,
    subject text not null, incident_number integer, data jsonb not null, prev_hash text not null, hash text not null unique)`,
  `create function audit_is_append_only() returns trigger language plpgsql as $$
    begin raise exception 'the audit is append-only'; end $$`,
  `create trigger audit_no_change before update or delete on audit for each row execute function audit_is_append_only()`,
  `create trigger audit_no_truncate before truncate on audit for each statement execute function audit_is_append_only()`,

  `create table wipe_lock (
    id integer generated always as identity primary key, at timestamptz not null,
    state text not null check (state in ('locked','unlocked')), cause text not null, actor_guid text, reason text not null)`,

  `create table setting (key text primary key, value jsonb not null)`,
  `create table image (id text primary key, png bytea not null, width integer not null, height integer not null, alt text not null, created_at timestamptz not null)`,
];

/**
 * Years of history, written straight into the tables: what was closed long ago, and what was said, shown and done about it, as daily
 * pruning leaves it. Only the shapes and the numbers matter, so that PostgreSQL plans as it does there; nothing of it is read as a fact.
 */
import { type Kysely, sql } from 'kysely';
import type { Database } from '../../src/store/schema.ts';

/** The incidents of the last days, of so many of the last two years. */
const lastDays = (days: number) => `n > $1 * (1 - ${days} / 730.0)`;

/** Closed incidents, and each other thing in its usual proportion to them. */
export async function writeHistory(
  db: Kysely<Database>,
  { incidents, until }: { incidents: number; until: Date },
): Promise<void> {
  // Every statement sees `at`: the instants of the last two years, one to an incident, oldest first.
  const at = `($2::timestamptz - interval '2 years' * (1 - n::float / $1) - interval '2 days')`;
  for (const statement of historyStatements(at)) {
    await sql
      .raw(statement.replaceAll('$1', String(incidents)).replaceAll('$2', `'${until.toISOString()}'`))
      .execute(db);
  }
  await sql`analyze`.execute(db);
}

function historyStatements(at: string): string[] {
  const each = (columns: string, more = '') => `select ${columns} from generate_series(1, $1) n ${more}`;
  return [
    `create temporary table past (n integer primary key, incident integer, wipe integer, approval integer)`,
    `with opened as (
      insert into incident (organisation, drill, kind, person_guid, opened_by, opened_via, by_owner, opened_at, state, closed_at,
        closed_by, close_reason, hold, hold_closed_at)
      ${each(`'lab', false, 'lost', 'past-person-' || n % 5000, 'past-helper', 'console:past', n % 3 = 0, ${at}, 'closed',
        ${at} + interval '1 day', 'past-helper', 'It was found.', 'closed', ${at} + interval '2 hours'`)} order by n returning number)
      insert into past (n, incident) select row_number() over (order by number), number from opened`,
    `insert into incident_device (incident_number, number, device_guid, facts, read_at, present)
      select incident, d, 'past-device-' || n || '-' || d, '{"name":"iPhone"}', ${at}, true from past, generate_series(1, 2) d`,
    `insert into incident_event (incident_number, at, kind, actor_guid, data)
      select incident, ${at}, kind, null, '{}' from past,
      unnest(array['incident.opened','devices.read','wipe.proposed','wipe.approved','wipe.issuing','wipe.requested','wipe.sent',
        'wipe.acknowledged','hold.closed','incident.closed']) kind`,
    `with asked as (
      insert into wipe (organisation, drill, incident_number, device_number, device_guid, mailbox_guid, scope, state, requested_by,
        reason, verification, owner_informed, notify, frozen, proposed_at, issuing_at, requested_at, sent_at, acknowledged_at, ended_at)
      select 'lab', false, incident, 1, 'past-device-' || n || '-1', 'past-person-' || n % 5000, 'account-only', 'acknowledged',
        'past-helper', 'Left in a taxi.', '{}', true, '[]', '{}', ${at}, ${at}, ${at}, ${at}, ${at}, ${at}
      from past order by n returning id, incident_number)
      update past set wipe = asked.id from asked where asked.incident_number = past.incident`,
    `insert into wipe_transition (wipe_id, at, from_state, to_state, event, evidence)
      select wipe, ${at}, null, state, state, case when ${lastDays(365)} then '{"read":true}'::jsonb end from past,
      unnest(array['awaiting-approval','approved','issuing','requested','acknowledged']) state`,
    `with asked as (
      insert into approval (subject_kind, subject_id, incident_number, organisation, payload, payload_hash, policy_hash, requested_by,
        requested_via, owner_guid, role, needed, state, requested_at, expires_at, approved_at, closed_at)
      select 'wipe', wipe, incident, 'lab', '{}', 'past', 'past', 'past-helper', 'console:past', 'past-person-' || n % 5000, 'approver',
        1, 'executed', ${at}, ${at}, ${at}, ${at} from past order by n returning id, incident_number)
      update past set approval = asked.id from asked where asked.incident_number = past.incident`,
    `insert into approval_decision (approval_id, actor_guid, identity, decision, at)
      select approval, 'past-approver-' || n % 7, 'console:past', 'approve', ${at} from past`,
    `insert into approval_code (approval_id, actor_guid, identity, sent_to, shown, salt, code_hash, created_at, expires_at, used_at)
      select approval, 'past-approver-' || n % 7, 'console:past', 'teams:past', 'past', 'past', 'past', ${at}, ${at}, ${at} from past`,
    `insert into wipe_review (wipe_id, incident_number, actor_guid, actor_identity, due_at, closed_at)
      select wipe, incident, 'past-approver', 'console:past', ${at}, ${at} from past`,
    `insert into wipe_request_seen (organisation, device_guid, scope, requested_at, seen_at, origin)
      select 'lab', 'past-device-' || n || '-1', 'account-only', ${at}, ${at}, 'ours' from past`,
    `insert into brake_entry (kind, subject_id, organisation, drill, requested_by, at, counted_at)
      select 'wipe', wipe, 'lab', false, 'past-helper', ${at}, ${at} from past order by n`,
    `insert into suspension (person_guid, incident_number, reported_by, reported_at, held, state, ended_at, ended_how)
      select 'past-person-' || n % 5000, incident, 'past-helper-' || n % 50, ${at}, false, 'ended', ${at}, 'closed' from past order by n`,
    `insert into stored_action (id, subject, command, args, epoch, label, created_at, used_at)
      select 'past-' || subject || '-' || label, subject, 'status', jsonb_build_object('incident', incident), '', label, ${at},
        case when label = 'Open' then ${at} end
      from past, unnest(array['incident:' || incident, 'approval:' || approval, 'answer:' || n]) subject, unnest(array['Open', 'Deny']) label
      where label = 'Open' or ${lastDays(180)}`,
    `insert into card (subject, place, ref, post_key, post_tried, wanted, shown, shown_hash, due_at, created_at)
      select subject, place, 'past-' || subject || place, 'past-' || subject || place, true, 9, 9, 'past', ${at}, ${at}
      from past, unnest(array['incident:' || incident, 'approval:' || approval]) subject,
      unnest(array['console:#past', 'console:#gone']) place`,
    `insert into delivery (kind, place, identity, draft, key, tried, due_at, state, created_at, done_at)
      select kind, case when kind = 'notice' then 'console:#past' end, case when kind <> 'notice' then 'console:past' || n % 50 end,
        case when kind <> 'home' and ${lastDays(90)} then '{"tone":"neutral","blocks":[]}'::jsonb end, 'past-' || n || kind || i, true, ${at},
        'done', ${at}, ${at}
      from past, unnest(array['notice', 'private', 'home']) kind, generate_series(1, 4) i order by n`,
    `insert into inbox (event_key, identity, incoming, received_at, state, handled_at, command, outcome)
      select 'past-' || n || '-' || i, 'console:past', case when ${lastDays(30)} then '{"text":"status"}'::jsonb else '{}' end, ${at},
        'handled', ${at}, 'status', 'done' from past, generate_series(1, 8) i order by n`,
    `insert into work (job, key, payload, lane, due_at, state, created_at, done_at)
      select job, null, '{}', 'rounds', recent, 'done', recent, recent from past,
      lateral (select $2::timestamptz - interval '25 days' * (1 - n::float / $1) as recent) done,
      unnest(array['deliver', 'deliver', 'read-devices', 'watch-wipe', 'watch-wipe', 'plan-b', 'end-approval', 'issue-wipe']) job order by n`,
    `insert into image (id, png, width, height, alt, created_at)
      select 'past-' || n, 'x', 1, 1, '', ${at} from past`,
    `drop table past`,
  ];
}

/** Entries of the audit that link to each other in no way: enough for plans, and a chain that `audit verify` refuses. */
export async function writeAuditHistory(
  db: Kysely<Database>,
  { entries, incidents, until }: { entries: number; incidents: number; until: Date },
): Promise<void> {
  await sql`
    insert into audit (seq, at, action, subject, incident_number, data, covers, salt, commitment, prev_hash, hash)
    select last + n, ${until}::timestamptz - interval '2 years' * (1 - n::float / ${entries}), 'wipe.approved', 'wipe:1',
      101 + n % ${incidents}, '{}', 'commitment', 'past', 'past', 'past', 'past-' || n
    from (select coalesce(max(seq), 0) as last from audit) as end_of_chain, generate_series(1, ${entries}::integer) n`.execute(
    db,
  );
  await sql`analyze audit`.execute(db);
}

/**
 * Every table: `history` grows with each incident, command and message, for years. Others are of the size of the organisation or its
 * logs (`organisation`), are pruned to a size (`pruned`), or get a row when somebody sets something up (`settings`).
 */
export const historyTables: Readonly<Record<string, 'history' | 'organisation' | 'pruned' | 'settings'>> = {
  approval: 'history',
  approval_code: 'history',
  approval_decision: 'history',
  audit: 'history',
  brake_entry: 'history',
  card: 'history',
  delivery: 'history',
  image: 'history',
  inbox: 'history',
  incident: 'history',
  incident_device: 'history',
  incident_event: 'history',
  stored_action: 'history',
  suspension: 'history',
  wipe: 'history',
  wipe_request_seen: 'history',
  wipe_review: 'history',
  wipe_transition: 'history',
  work: 'history',

  access_rule: 'organisation',
  app_inventory: 'organisation',
  app_look: 'organisation',
  app_phone: 'organisation',
  app_seen: 'organisation',
  chat_identity: 'organisation',
  home_page: 'organisation',
  mobile_device: 'organisation',
  person: 'organisation',
  person_form: 'organisation',

  heartbeat_reading: 'pruned',
  heartbeat_span: 'pruned',
  lab_contact: 'pruned',
  log_client: 'pruned',
  log_client_deletions: 'pruned',
  log_file: 'pruned',
  log_heartbeat: 'pruned',
  log_hour: 'pruned',
  log_oddity: 'pruned',
  log_reading: 'pruned',
  log_rollup_row: 'pruned',
  log_sample: 'pruned',
  log_series: 'pruned',
  log_sighting: 'pruned',

  app_block: 'settings',
  app_block_step: 'settings',
  app_report: 'settings',
  config_edit: 'settings',
  heartbeat_alert: 'settings',
  lab_access_rule: 'settings',
  lab_device: 'settings',
  lab_edge: 'settings',
  lab_ews: 'settings',
  lab_ledger: 'settings',
  lab_mailbox: 'settings',
  lab_server: 'settings',
  lab_state: 'settings',
  role_grant: 'settings',
  setting: 'settings',
  wipe_lock: 'settings',
};

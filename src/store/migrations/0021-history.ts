import { type Kysely, sql } from 'kysely';

/**
 * Years of history cost nothing: indexes for what commands, rounds and jobs ask of tables that only grow, and who has opened a home page
 * in rows of its own, which was read out of all deliveries.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // Where the audit belongs to a role of its own, this user cannot give it an index, and must not fail to start for that.
  `do $$ begin
    if pg_has_role((select relowner from pg_class where oid = 'public.audit'::regclass), 'USAGE') then
      create index audit_incident on audit (incident_number, seq) where incident_number is not null;
    end if;
  end $$`,
  `create index incident_opened on incident (opened_at)`,
  `create index incident_person on incident (person_guid, opened_at)`,
  `create index incident_event_drill on incident_event ((data ->> 'token')) where kind = 'drill.started'`,
  `create index wipe_device on wipe (device_guid, proposed_at)`,
  `create index wipe_unfinished on wipe (incident_number) where exchange_holds
    or state in ('awaiting-approval', 'approved', 'issuing', 'requested', 'sent', 'refused-by-device')`,
  `create index wipe_request_device on wipe_request_seen (device_guid)`,
  `create index wipe_review_incident on wipe_review (incident_number)`,
  `create index wipe_review_open on wipe_review (incident_number) where closed_at is null`,
  `create index brake_entry_at on brake_entry (organisation, drill, at)`,
  `create index card_ref on card (ref)`,
  `create index card_dead on card (place) where dead`,

  // What pruning looks for: a row leaves the index when it is emptied.
  `create index inbox_kept on inbox (received_at) where state <> 'stored' and incoming <> '{}'`,
  `create index delivery_kept on delivery (created_at) where state <> 'waiting' and draft is not null`,
  `create index stored_action_unused on stored_action (created_at) where used_at is null`,
  `create index wipe_transition_evidence on wipe_transition (wipe_id) where evidence is not null`,
  `create index work_ended on work (done_at) where state <> 'waiting'`,
  `create index work_open on work (job, state) where state <> 'done'`,

  `create table home_page (identity text primary key)`,
  `insert into home_page select distinct identity from delivery where kind = 'home' and identity is not null`,
];

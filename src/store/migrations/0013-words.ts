import { type Kysely, sql } from 'kysely';

/** Names in rows and columns that were not yet the words of docs/glossary.md. The audit keeps the codes it was written with. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [old, name] of kinds) await sql`update incident_event set kind = ${name} where kind = ${old}`.execute(db);
  for (const [old, name] of wipeEvents) {
    await sql`update wipe_transition set event = ${name} where event = ${old}`.execute(db);
    await sql`update incident_event set data = jsonb_set(data, '{event}', to_jsonb(${name}::text))
      where kind like 'wipe.%' and data->>'event' = ${old}`.execute(db);
  }
  await sql`update incident_event set data = data - 'ownerWasTold' || jsonb_build_object('ownerInformed', data->'ownerWasTold')
    where kind = 'wipe.proposed' and data ? 'ownerWasTold'`.execute(db);
  await sql`alter table incident_device rename column owner_says_kept_at to kept_reported_at`.execute(db);
  await sql`alter table incident_device rename column owner_says_kept_sync to kept_reported_sync`.execute(db);
  await sql`alter table wipe rename column owner_was_told to owner_informed`.execute(db);
}

const kinds = [
  ['approval.one-agreed', 'approval.one-approved'],
  ['device.kept-taken-back', 'device.kept-withdrawn'],
  ['owner.says-found', 'owner.reported-found'],
  ['owner.says-kept', 'owner.reported-kept'],
  ['owner.says-lost', 'owner.reported-lost'],
  ['roles-restored', 'roles.restored'],
] as const;

const wipeEvents = [
  ['cancel-read-back', 'cancel-proved'],
  ['device-told', 'sent'],
  ['execution-lapsed', 'lapsed'],
  ['not-asked-proved', 'no-request-proved'],
  ['taken-for-issuing', 'claimed'],
] as const;

import { type Kysely, sql } from 'kysely';

/**
 * Every command finds its actor by address, and every card its approvals: neither may read whole tables.
 * `directory_revision` counts the statements that changed `person`, so that names kept in memory are known to be those of now.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create index person_upn on person (lower(upn))`,
  `create index person_primary_smtp on person (lower(primary_smtp))`,
  // Not of the kind jsonb_path_ops: the accounts of the logs are looked for by `?|`.
  `create index person_addresses on person using gin (addresses)`,
  `create index person_account on person (lower(split_part(upn, '@', 1)))`,
  `create index approval_incident on approval (incident_number, id)`,

  `create table directory_revision (revision bigint not null)`,
  `insert into directory_revision values (1)`,
  `create function count_directory_revision() returns trigger language plpgsql as
    'begin update directory_revision set revision = revision + 1; return null; end'`,
  `create trigger person_changed after insert or update or delete or truncate on person
    for each statement execute function count_directory_revision()`,
];

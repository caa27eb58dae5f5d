import { type Kysely, sql } from 'kysely';

/**
 * Names are asked of the database and no longer kept in memory: every form by which a person is found is a row. Forms are folded by the
 * program, which does not do so here: `folded` says of which names there are forms, and who lacks them is found by an index.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // Byte order, so that a beginning is a range of the index.
  `create table person_form (
    person_guid text not null references person on update cascade on delete cascade, organisation text not null,
    form text collate "C" not null, word boolean not null, length smallint not null, letters integer not null)`,
  `create index person_form_person on person_form (person_guid)`,
  `create index person_form_form on person_form (organisation, form, word) include (person_guid)`,
  `create index person_form_near on person_form (organisation, length, letters) include (form)`,

  `alter table person add column folded text, add column missed_since timestamptz`,
  `create index person_unfolded on person (guid)
    where folded is distinct from (display_name || E'\\n' || alias || E'\\n' || primary_smtp)`,

  `drop trigger person_changed on person`,
  `drop function count_directory_revision`,
  `drop table directory_revision`,
];

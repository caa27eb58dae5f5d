/**
 * Finding people by what somebody typed. The text is data: it is compared, never used as a pattern, so `*`, quotes
 * and `%` match only themselves. One match is one person; several are a choice; a guess is never made.
 */
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import type { Organisation, PersonGuid } from '../ground/identifiers.ts';
import { Guid } from '../ground/identifiers.ts';
import { jsonRows } from '../store/json-rows.ts';
import type { Database } from '../store/schema.ts';
import type { PersonTable } from '../store/tables/people.ts';
import { folded, lettersOf, longestName, nearForms, slipsIn, wordsOf } from './names.ts';
import type { Person } from './person.ts';
import { foldNames, personFromRow } from './store-people.ts';

export type Found =
  | { kind: 'one'; person: Person }
  /** The first `mostListed` of `count`, by name: nobody reads more. */
  | { kind: 'many'; people: Person[]; count: number }
  /** Nobody; `near` are the closest names, at most three, closest first. */
  | { kind: 'none'; near: Person[] };

const mostListed = 20;

/**
 * People of one organisation by GUID, address, UPN, alias, display name or parts of the name, whatever the case and
 * the accents. A GUID, an address or a UPN settles it; an alias does not when other people's names match it as well.
 */
export async function findPeople(db: Kysely<Database>, organisation: Organisation, text: string): Promise<Found> {
  const wanted = folded(text);
  if (wanted === '' || wanted.length > longestName) return { kind: 'none', near: [] };

  const guid = Guid.safeParse(wanted);
  if (guid.success) {
    const person = await personByGuid(db, guid.data);
    if (person?.organisation === organisation) return { kind: 'one', person };
  }
  const addressed = wanted.includes('@') ? await personByAddress(db, organisation, text) : undefined;
  if (addressed !== undefined) return { kind: 'one', person: addressed };

  await foldNames(db);
  const found = (await people(db, named(organisation, wanted))) ?? (await people(db, begun(organisation, wanted)));
  return found ?? { kind: 'none', near: await nearest(db, organisation, wanted) };
}

/** The person with this GUID, also one who is gone. */
export async function personByGuid(db: Kysely<Database>, guid: PersonGuid): Promise<Person | undefined> {
  const row = await db.selectFrom('person').selectAll().where('guid', '=', guid.toLowerCase()).executeTakeFirst();
  return row === undefined ? undefined : personFromRow(row);
}

/** The one person who has this address or UPN; undefined when nobody or more than one has it. */
export async function personByAddress(
  db: Kysely<Database>,
  organisation: Organisation,
  address: string,
): Promise<Person | undefined> {
  const [only, ...others] = await db
    .selectFrom('person')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('gone', '=', false)
    .where(hasAddress(address))
    .limit(2)
    .execute();
  return only === undefined || others.length > 0 ? undefined : personFromRow(only);
}

/** For a query over `person`: whether this is an address or the UPN of the person. More than one may have it. */
export function hasAddress(address: string): RawBuilder<boolean> {
  const wanted = address.trim().toLowerCase();
  // PostgreSQL has no text with a NUL in it, and nobody has such an address.
  if (wanted === '' || wanted.includes('\u0000')) return sql<boolean>`false`;
  return sql<boolean>`(lower(person.upn) = ${wanted} or lower(person.primary_smtp) = ${wanted}
    or person.addresses @> ${JSON.stringify([wanted])}::jsonb)`;
}

/** Who has exactly this for an alias, local part or whole name, or each of these words in their name. */
function named(organisation: Organisation, wanted: string): RawBuilder<unknown> | undefined {
  if (isNobodys(wanted)) return undefined;
  const words = [...new Set(wordsOf(wanted))];
  return sql`
    select person_guid from person_form where organisation = ${organisation} and form = ${wanted} and not word
    union
    select person_guid from person_form where organisation = ${organisation} and form = any(${words}::text[]) and word
    group by person_guid having count(distinct form) = ${words.length}`;
}

/** In whose name each of these words begins one. */
function begun(organisation: Organisation, wanted: string): RawBuilder<unknown> | undefined {
  const words = wordsOf(wanted);
  // One letter would list half the directory.
  if (isNobodys(wanted) || Math.max(0, ...words.map((word) => word.length)) < 2) return undefined;
  const parts = words.map(
    (word) => sql`
      select person_guid from person_form
      where organisation = ${organisation} and form >= ${word} and form < ${`${word}${lastOfAll}`} and word`,
  );
  return sql.join(parts, sql` intersect `);
}

/** After whatever begins with a word comes the word with the last of all characters. */
const lastOfAll = '\u{10ffff}';

/** PostgreSQL has no text with a NUL in it, and nobody has such a name. */
function isNobodys(wanted: string): boolean {
  return wanted.includes('\u0000');
}

/** The living among those whose GUIDs a query selects; undefined where there is nobody. */
async function people(db: Kysely<Database>, guids: RawBuilder<unknown> | undefined): Promise<Found | undefined> {
  if (guids === undefined) return undefined;
  const { rows } = await sql<Selectable<PersonTable> & { found: number }>`
    select person.*, count(*) over () as found from (${guids}) as wanted join person on person.guid = wanted.person_guid
    where not gone order by display_name, guid limit ${mostListed}`.execute(db);
  const [only, ...others] = rows.map(({ found: _found, ...row }) => personFromRow(row));
  if (only === undefined) return undefined;
  if (others.length === 0) return { kind: 'one', person: only };
  return { kind: 'many', people: [only, ...others], count: rows[0]?.found ?? 0 };
}

/**
 * Each slip adds or takes one letter or puts one for another, so who is near has nearly the same letters and length: of the others
 * PostgreSQL tells nothing.
 */
async function nearest(db: Kysely<Database>, organisation: Organisation, wanted: string): Promise<Person[]> {
  const slips = slipsIn(wanted);
  const { rows } = await sql<{ form: string }>`
    select distinct form from person_form where organisation = ${organisation}
      and length between ${wanted.length - slips} and ${wanted.length + slips}
      and bit_count((letters # ${lettersOf(wanted)}::integer)::bit(32)) <= ${2 * slips}`.execute(db);
  const near = nearForms(
    rows.map(({ form }) => form),
    wanted,
  );
  if (near.length === 0) return [];
  const found = await sql<Selectable<PersonTable>>`
    select person.* from (
      select person_guid, min(near.away) as away
      from jsonb_to_recordset(${jsonRows(near)}) as near (form text, away integer)
        join person_form on person_form.form = near.form and organisation = ${organisation} group by person_guid
    ) as close join person on person.guid = close.person_guid
    where not gone order by away, display_name, guid limit 3`.execute(db);
  return found.rows.map(personFromRow);
}

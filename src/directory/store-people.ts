import { type Kysely, type Selectable, sql } from 'kysely';
import type { Organisation, PersonGuid } from '../ground/identifiers.ts';
import { jsonRows } from '../store/json-rows.ts';
import { pagesOf } from '../store/pages.ts';
import type { Database } from '../store/schema.ts';
import type { PersonTable } from '../store/tables/people.ts';
import { formsOf, namesOf } from './names.ts';
import type { Person } from './person.ts';

/** The person as commands read it, from its row. */
export function personFromRow(row: Selectable<PersonTable>): Person {
  const {
    refreshedAt: _refreshedAt,
    gone: _gone,
    folded: _folded,
    missedSince: _missed,
    accountEnabled,
    ...person
  } = row;
  return accountEnabled === null ? person : { ...person, accountEnabled };
}

/** Rows per statement: few enough that making one does not hold up the event loop. */
export const peopleAtOnce = 500;

/**
 * Stores people as Exchange reports them now, and answers how many rows that wrote: who is known like that is not written again. Who was
 * gone and is back is no longer gone. `only` the mailbox: what their user says (department, phones, manager) was not told, and stays as
 * it is stored.
 */
export async function storePeople(
  db: Kysely<Database>,
  people: readonly Person[],
  at: Date,
  only?: 'mailbox',
): Promise<number> {
  const once = [...new Map(people.map((person) => [person.guid, person])).values()];
  let written = 0;
  for (let first = 0; first < once.length; first += peopleAtOnce) {
    const some = once.slice(first, first + peopleAtOnce);
    const guids = new Set(await writeChanged(db, some, at, only));
    if (guids.size === 0) continue;
    written += guids.size;
    await writeForms(
      db,
      some.filter(({ guid }) => guids.has(guid)),
    );
  }
  return written;
}

async function writeChanged(
  db: Kysely<Database>,
  people: readonly Person[],
  at: Date,
  only: 'mailbox' | undefined,
): Promise<PersonGuid[]> {
  const user = only === 'mailbox' ? { department: null, phones: null, managerName: null } : {};
  const told = people.map((person) => ({ ...person, names: namesOf(person), ...user }));
  const { rows } = await sql<{ guid: PersonGuid }>`
    insert into person (guid, organisation, display_name, alias, upn, primary_smtp, addresses, department, phones, manager_name,
      mailbox_type, account_enabled, refreshed_at, gone, folded)
    select told.guid, told.organisation, told."displayName", told.alias, told.upn, told."primarySmtp", told.addresses,
      coalesce(told.department, known.department, ''), coalesce(told.phones, known.phones, '[]'),
      coalesce(told."managerName", known.manager_name, ''), told."mailboxType", told."accountEnabled", ${at}, false, told.names
    from jsonb_to_recordset(${jsonRows(told)}) as told (guid text, organisation text, "displayName" text, alias text, upn text,
        "primarySmtp" text, addresses jsonb, department text, phones jsonb, "managerName" text, "mailboxType" text,
        "accountEnabled" boolean, names text)
      left join person as known on known.guid = told.guid
    where known.guid is null or known.gone or known.missed_since is not null or (known.display_name, known.alias, known.upn,
        known.primary_smtp, known.addresses, known.mailbox_type, known.account_enabled, known.folded)
      is distinct from (told."displayName", told.alias, told.upn, told."primarySmtp", told.addresses, told."mailboxType",
        told."accountEnabled", told.names)
      or known.department <> told.department or known.phones <> told.phones or known.manager_name <> told."managerName"
    on conflict (guid) do update set display_name = excluded.display_name, alias = excluded.alias, upn = excluded.upn,
      primary_smtp = excluded.primary_smtp, addresses = excluded.addresses, department = excluded.department, phones = excluded.phones,
      manager_name = excluded.manager_name, mailbox_type = excluded.mailbox_type, account_enabled = excluded.account_enabled,
      refreshed_at = excluded.refreshed_at, gone = false, missed_since = null, folded = excluded.folded
    returning guid`.execute(db);
  return rows.map(({ guid }) => guid);
}

type Named = Pick<Person, 'guid' | 'organisation' | 'displayName' | 'alias' | 'primarySmtp'>;

/** Keeps the forms of their names, instead of those that were kept. */
async function writeForms(db: Kysely<Database>, people: readonly Named[]): Promise<void> {
  const forms = people.flatMap((person) =>
    formsOf(person).map((form) => ({ guid: person.guid, organisation: person.organisation, ...form })),
  );
  await sql`
    with told as (
      select * from jsonb_to_recordset(${jsonRows(forms)})
        as told (guid text, organisation text, form text, word boolean, length smallint, letters integer)),
    gone as (delete from person_form where person_guid in (select guid from told))
    insert into person_form (person_guid, organisation, form, word, length, letters)
    select guid, organisation, form, word, length, letters from told`.execute(db);
}

/**
 * Makes the forms of whoever lacks them: was stored by a version that made none, or changed by hand. Asked before names are looked for,
 * so that these are never older than the people.
 */
export async function foldNames(db: Kysely<Database>): Promise<void> {
  const lacking = await db.selectFrom('person').select('guid').where(unfolded).limit(1).executeTakeFirst();
  if (lacking === undefined) return;
  for (let folding = peopleAtOnce; folding === peopleAtOnce; ) folding = await inTransaction(db, foldSome);
}

async function inTransaction<T>(db: Kysely<Database>, body: (tx: Kysely<Database>) => Promise<T>): Promise<T> {
  return db.isTransaction ? await body(db) : await db.transaction().execute(body);
}

async function foldSome(tx: Kysely<Database>): Promise<number> {
  const people = await tx
    .selectFrom('person')
    .select(['guid', 'organisation', 'displayName', 'alias', 'primarySmtp'])
    .where(unfolded)
    .orderBy('guid')
    .limit(peopleAtOnce)
    .forUpdate()
    .execute();
  if (people.length === 0) return 0;
  await writeForms(tx, people);
  const guids = people.map(({ guid }) => guid);
  await sql`update person set folded = ${names} where guid = any(${guids}::text[])`.execute(tx);
  return people.length;
}

/** As in the index `person_unfolded`, and as `namesOf` puts it together. */
const names = sql<string>`(display_name || E'\\n' || alias || E'\\n' || primary_smtp)`;
const unfolded = sql<boolean>`folded is distinct from ${names}`;

/**
 * Notes who is not in a listing that began at `began`, and marks as gone whom no listing had since `goneBefore` (nobody without it);
 * answers how many. `last`: when the listing before this one began.
 */
export async function markAbsent(
  db: Kysely<Database>,
  organisation: Organisation,
  listing: { told: ReadonlySet<PersonGuid>; last: Date | undefined; goneBefore: Date | undefined },
): Promise<number> {
  const { told, last, goneBefore } = listing;
  let gone = 0;
  const living = db
    .selectFrom('person')
    .select('guid')
    .where('organisation', '=', organisation)
    .where('gone', '=', false);
  for await (const some of pagesOf((after, most) =>
    living.where('guid', '>', after).orderBy('guid').limit(most).execute(),
  )) {
    const absent = some.flatMap(({ guid }) => (told.has(guid) ? [] : [guid]));
    if (absent.length === 0) continue;
    const { rows } = await sql<{ gone: boolean }>`
      update person set missed_since = coalesce(missed_since, greatest(refreshed_at, ${last ?? null}::timestamptz)),
        gone = coalesce(coalesce(missed_since, greatest(refreshed_at, ${last ?? null}::timestamptz)) < ${goneBefore ?? null}::timestamptz, false)
      where guid = any(${absent}::text[]) and not gone
        and (missed_since is null or missed_since < ${goneBefore ?? null}::timestamptz) returning gone`.execute(db);
    gone += rows.filter((row) => row.gone).length;
  }
  return gone;
}

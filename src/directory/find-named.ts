import { type Kysely, type Selectable, sql } from 'kysely';
import type { Organisation } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import type { PersonTable } from '../store/tables/people.ts';
import { hasAddress } from './find.ts';
import type { Person } from './person.ts';
import { foldNames, personFromRow } from './store-people.ts';

/** A form of a name, folded, and whose it is. `word`: one word of the name; else all of it, an alias or an address. */
export type FormOf = { readonly form: string; readonly word: boolean; readonly person: Person };

/** Of a name that more people have, the longest forms count, which are the surest. */
const mostForms = 200;

/** Who has one of these folded forms exactly: for names somewhere in a sentence. */
export async function findForms(
  db: Kysely<Database>,
  organisation: Organisation,
  forms: readonly string[],
): Promise<FormOf[]> {
  const asked = forms.filter((form) => !form.includes('\u0000'));
  if (asked.length === 0) return [];
  await foldNames(db);
  const { rows } = await sql<Selectable<PersonTable> & { form: string; word: boolean }>`
    select person.*, person_form.form, person_form.word
    from person_form join person on person.guid = person_form.person_guid
    where person_form.organisation = ${organisation} and person_form.form = any(${asked}::text[]) and not person.gone
    order by person_form.length desc, person.guid limit ${mostForms}`.execute(db);
  const found = rows.map(({ form, word, ...row }) => ({ form, word, person: personFromRow(row) }));
  const addressed = asked.filter((form) => form.includes('@'));
  for (const address of addressed.slice(0, 5)) {
    const people = await db
      .selectFrom('person')
      .selectAll()
      .where('organisation', '=', organisation)
      .where('gone', '=', false)
      .where(hasAddress(address))
      .limit(2)
      .execute();
    found.push(...people.map((row) => ({ form: address, word: false, person: personFromRow(row) })));
  }
  return found;
}

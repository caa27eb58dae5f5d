/**
 * Finding people by what somebody typed. The text is data: it is compared, never used as a pattern, so `*`, quotes
 * and `%` match only themselves. One match is one person; several are a choice; a guess is never made.
 */
import { distance } from 'fastest-levenshtein';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Database, PersonTable } from '../store/schema.ts';
import { Guid, type Organisation, type Person, type PersonGuid } from './person.ts';
import { personOf } from './rows.ts';

export type Found =
  | { kind: 'one'; person: Person }
  | { kind: 'many'; people: Person[] }
  /** Nobody; `near` are the closest names, at most three, closest first. */
  | { kind: 'none'; near: Person[] };

/** Longer text is nobody's name; it is not even compared. */
const longestName = 256;

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
  const addressed = await personByAddress(db, organisation, text);
  if (addressed !== undefined && wanted.includes('@')) return { kind: 'one', person: addressed };

  const people = await living(db, organisation);
  const named = people.filter((person) => isNamed(person, wanted));
  if (named.length > 0) return oneOrMany(named);
  const begun = people.filter((person) => everyWordBegins(person, wanted));
  if (begun.length > 0) return oneOrMany(begun);
  return { kind: 'none', near: nearest(people, wanted) };
}

/** The person with this GUID, also one who is gone. */
export async function personByGuid(db: Kysely<Database>, guid: PersonGuid): Promise<Person | undefined> {
  const row = await db.selectFrom('person').selectAll().where('guid', '=', guid.toLowerCase()).executeTakeFirst();
  return row === undefined ? undefined : personOf(row);
}

/** The one person who has this address or UPN; undefined when nobody or more than one has it. */
export async function personByAddress(
  db: Kysely<Database>,
  organisation: Organisation,
  address: string,
): Promise<Person | undefined> {
  const wanted = address.trim().toLowerCase();
  // PostgreSQL has no text with a NUL in it, and nobody has such an address.
  if (wanted === '' || wanted.includes('\u0000')) return undefined;
  const rows = await db
    .selectFrom('person')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('gone', '=', false)
    .where((eb) =>
      eb.or([
        eb(sql`lower(upn)`, '=', wanted),
        eb(sql`lower(primary_smtp)`, '=', wanted),
        eb(sql`addresses`, '@>', sql`${JSON.stringify([wanted])}::jsonb`),
      ]),
    )
    .limit(2)
    .execute();
  const [only, ...others] = rows;
  return only === undefined || others.length > 0 ? undefined : personOf(only);
}

async function living(db: Kysely<Database>, organisation: Organisation): Promise<Candidate[]> {
  const rows = await db
    .selectFrom('person')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('gone', '=', false)
    .orderBy('displayName')
    .orderBy('guid')
    .execute();
  return rows.map(candidateOf);
}

/** A person with the folded forms that are compared. */
type Candidate = { row: Selectable<PersonTable>; name: string; words: readonly string[]; alias: string; local: string };

function candidateOf(row: Selectable<PersonTable>): Candidate {
  const name = folded(row.displayName);
  const local = folded(row.primarySmtp.split('@')[0] ?? '');
  return { row, name, words: wordsOf(name), alias: folded(row.alias), local };
}

function isNamed(person: Candidate, wanted: string): boolean {
  if (person.alias === wanted || person.local === wanted || person.name === wanted) return true;
  const words = wordsOf(wanted);
  return words.length > 0 && words.every((word) => person.words.includes(word));
}

function everyWordBegins(person: Candidate, wanted: string): boolean {
  const words = wordsOf(wanted);
  // One letter would list half the directory.
  if (words.length === 0 || Math.max(...words.map((word) => word.length)) < 2) return false;
  return words.every((word) => person.words.some((part) => part.startsWith(word)));
}

function oneOrMany(candidates: readonly Candidate[]): Found {
  const people = candidates.map((candidate) => personOf(candidate.row));
  const [only] = people;
  return people.length === 1 && only !== undefined ? { kind: 'one', person: only } : { kind: 'many', people };
}

function nearest(people: readonly Candidate[], wanted: string): Person[] {
  // Two slips in a short name, three in a long one: more would suggest strangers.
  const furthest = wanted.length < 4 ? 1 : wanted.length < 10 ? 2 : 3;
  return people
    .map((person) => ({
      person,
      away: Math.min(
        ...[person.name, person.alias, person.local, ...person.words].map((form) => distance(form, wanted)),
      ),
    }))
    .filter(({ away }) => away <= furthest)
    .sort((one, other) => one.away - other.away)
    .slice(0, 3)
    .map(({ person }) => personOf(person.row));
}

/** Lower case, without accents, with single blanks: "Renée  Dubois" and "renee dubois" are the same name. */
function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim();
}

function wordsOf(name: string): string[] {
  return name.split(/[\s,()]+/).filter((word) => word !== '');
}

/**
 * Finding people by what somebody typed. The text is data: it is compared, never used as a pattern, so `*`, quotes
 * and `%` match only themselves. One match is one person; several are a choice; a guess is never made.
 */
import { distance } from 'fastest-levenshtein';
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import type { Organisation, PersonGuid } from '../ground/identifiers.ts';
import { Guid } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import type { PersonTable } from '../store/tables/people.ts';
import type { Person } from './person.ts';
import { personFromRow } from './store-people.ts';

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
  const addressed = wanted.includes('@') ? await personByAddress(db, organisation, text) : undefined;
  if (addressed !== undefined) return { kind: 'one', person: addressed };

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

/**
 * The names of everybody, folded: kept in memory for as long as nobody was changed, because a directory may hold tens of
 * thousands of people and is asked with every report.
 */
const kept = new WeakMap<Kysely<Database>, Map<Organisation, { revision: number; people: readonly Candidate[] }>>();

async function living(db: Kysely<Database>, organisation: Organisation): Promise<readonly Candidate[]> {
  // Read before the people: a change between the two makes them newer than they are taken for, never older.
  const { revision } = await db.selectFrom('directoryRevision').select('revision').executeTakeFirstOrThrow();
  const byOrganisation = kept.get(db) ?? new Map();
  const known = byOrganisation.get(organisation);
  if (known?.revision === revision) return known.people;
  const rows = await db
    .selectFrom('person')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('gone', '=', false)
    .orderBy('displayName')
    .orderBy('guid')
    .execute();
  const people = rows.map(candidateOf);
  kept.set(db, byOrganisation.set(organisation, { revision, people }));
  return people;
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
  const people = candidates.map((candidate) => personFromRow(candidate.row));
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
    .map(({ person }) => personFromRow(person.row));
}

/** Lower case, without accents, with single blanks: "Renée  Dubois" and "renee dubois" are the same name. */
function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim();
}

function wordsOf(name: string): string[] {
  return name.split(/[\s,()]+/).filter((word) => word !== '');
}

import fc from 'fast-check';
import { distance } from 'fastest-levenshtein';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findPeople, personByAddress, personByGuid } from '../../src/directory/find.ts';
import { folded, wordsOf } from '../../src/directory/names.ts';
import type { Person } from '../../src/directory/person.ts';
import { markAbsent, storePeople } from '../../src/directory/store-people.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';

const at = new Date('2026-03-02T09:00:00Z');
let database: TestDatabase;

function person(number: number, displayName: string, alias: string, rest: Partial<Person> = {}): Person {
  const address = `${alias}@contoso.example`;
  return {
    guid: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    organisation: 'lab',
    displayName,
    alias,
    upn: address,
    primarySmtp: address,
    addresses: [address, `${alias}@mail.contoso.example`],
    department: '',
    phones: [],
    managerName: '',
    mailboxType: 'user',
    accountEnabled: true,
    ...rest,
  };
}

const people = [
  person(1, 'Alice Ng', 'alice.ng'),
  person(2, 'Alice Moreau', 'alice.moreau'),
  person(3, 'Renée Dubois', 'renee'),
  person(4, "Tom O'Brien", 'tom'),
  person(5, 'Bob Tanaka', 'bob'),
  person(6, 'Karl Bob', 'karl'),
  person(7, 'Alice Real', 'alice.real', { organisation: 'real' }),
];

async function names(text: string): Promise<string[]> {
  const found = await findPeople(database.db, 'lab', text);
  switch (found.kind) {
    case 'one':
      return [found.person.displayName];
    case 'many':
      return found.people.map((one) => one.displayName);
    case 'none':
      return [];
  }
}

/** What finding means: everybody's names compared, one after the other. */
function comparing(everybody: readonly Person[], text: string): { kind: string; people: Person[] } {
  const wanted = folded(text);
  if (wanted === '') return { kind: 'none', people: [] };
  const forms = ({ displayName, alias, primarySmtp }: Person) =>
    [displayName, alias, primarySmtp.split('@')[0] ?? ''].map(folded);
  const words = wordsOf(wanted);
  const partsOf = ({ displayName }: Person) => wordsOf(folded(displayName));
  const named = everybody.filter(
    (one) => forms(one).includes(wanted) || (words.length > 0 && words.every((word) => partsOf(one).includes(word))),
  );
  const begun = everybody.filter(
    (one) =>
      words.some(({ length }) => length > 1) &&
      words.every((word) => partsOf(one).some((other) => other.startsWith(word))),
  );
  const people = named.length > 0 ? named : begun;
  if (people.length > 0) return { kind: people.length === 1 ? 'one' : 'many', people };
  const furthest = wanted.length < 4 ? 1 : wanted.length < 10 ? 2 : 3;
  const near = everybody
    .map((one) => ({ one, away: Math.min(...[...forms(one), ...partsOf(one)].map((form) => distance(form, wanted))) }))
    .filter(({ away }) => away <= furthest)
    .sort((one, other) => one.away - other.away);
  return { kind: 'none', people: near.slice(0, 3).map(({ one }) => one) };
}

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.db.deleteFrom('person').execute();
  await storePeople(database.db, people, at);
});

describe('findPeople', () => {
  it.each([
    ['alice.ng', ['Alice Ng']],
    ['ALICE.NG@contoso.example', ['Alice Ng']],
    ['alice.ng@mail.contoso.example', ['Alice Ng']],
    ['Alice Ng', ['Alice Ng']],
    ['ng, alice', ['Alice Ng']],
    ['ng', ['Alice Ng']],
    ['mor', ['Alice Moreau']],
    ['alice m', ['Alice Moreau']],
    ['renee dubois', ['Renée Dubois']],
    ["o'brien", ["Tom O'Brien"]],
    ['00000000-0000-4000-8000-000000000005', ['Bob Tanaka']],
  ])('finds exactly one for %s', async (text, expected) => {
    expect(await names(text)).toEqual(expected);
    expect((await findPeople(database.db, 'lab', text)).kind).toBe('one');
  });

  it('answers with a choice for a name of two people', async () => {
    expect(await names('alice')).toEqual(['Alice Moreau', 'Alice Ng']);
  });

  it('does not let an alias win over another person of that name', async () => {
    expect(await names('bob')).toEqual(['Bob Tanaka', 'Karl Bob']);
  });

  it('knows at once who came, was renamed or went since the last search', async () => {
    expect(await names('zora')).toEqual([]);
    const zora = person(9, 'Zora Quist', 'zora');
    await storePeople(database.db, [zora], at);
    expect(await names('zora')).toEqual(['Zora Quist']);
    await storePeople(database.db, [{ ...zora, displayName: 'Zora Adler' }], at);
    expect(await names('zora adler')).toEqual(['Zora Adler']);
    await database.db.updateTable('person').set({ gone: true }).where('guid', '=', zora.guid).execute();
    expect(await names('zora')).toEqual([]);
  });

  it('lists the first of many and counts the rest', async () => {
    const many = Array.from({ length: 30 }, (_, index) => person(100 + index, `Max Doe ${index}`, `max${index}`));
    await storePeople(database.db, many, at);
    const found = await findPeople(database.db, 'lab', 'max');
    expect(found).toMatchObject({ kind: 'many', count: 30 });
    expect(await names('max')).toEqual(
      many
        .map(({ displayName }) => displayName)
        .sort()
        .slice(0, 20),
    );
  });

  it('takes a name with half a character for what it is, and nobody beside it is hurt', async () => {
    await storePeople(database.db, [person(8, 'Half \ud83d', 'half'), person(9, 'Whole Hugh', 'whole')], at);
    expect(await names('whole hugh')).toEqual(['Whole Hugh']);
    expect(await names('half')).toEqual(['Half \ufffd']);
  });

  it('compares names longer than anybody types by their beginning', async () => {
    const name = `Long${'o'.repeat(600)} Name`;
    await storePeople(database.db, [person(8, name, 'long')], at);
    expect(await names(`long${'o'.repeat(200)}`)).toEqual([name]);
    expect(await names(`long${'o'.repeat(252)}`)).toEqual([name]);
  });

  it('keeps the organisations apart', async () => {
    expect(await names('alice.real')).toEqual([]);
    expect(await findPeople(database.db, 'lab', '00000000-0000-4000-8000-000000000007')).toMatchObject({
      kind: 'none',
    });
  });

  it('suggests near names, and no strangers', async () => {
    expect(await findPeople(database.db, 'lab', 'alcie')).toMatchObject({
      kind: 'none',
      near: [{ displayName: 'Alice Moreau' }, { displayName: 'Alice Ng' }],
    });
    expect(await findPeople(database.db, 'lab', 'zacharias')).toEqual({ kind: 'none', near: [] });
  });

  it.each([
    '',
    '   ',
    '*',
    '%',
    '_',
    'a',
    "' or 1=1 --",
    '$(Get-Mailbox)',
    '"',
    '\u0000',
    '\u202Eecila',
    'x'.repeat(300),
  ])('takes %j for data and matches nobody', async (text) => {
    expect(await names(text)).toEqual([]);
  });

  it('finds nobody for what is no part of a name, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('%', '*', '_', "'", '\\', '"', '?', '[', ']', '.', ' ') }),
        async (text) => {
          expect(await names(text)).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('finds whom comparing everybody finds', async () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', 'é', 'ß', 'İ', ' ', ',', '\u0301'), maxLength: 6 });
    const directory = fc.array(fc.record({ displayName: part, alias: part }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(directory, fc.array(part, { minLength: 1, maxLength: 4 }), async (rows, texts) => {
        await database.db.deleteFrom('person').execute();
        const everybody = rows.map(({ displayName, alias }, index) => person(index, displayName, alias));
        await storePeople(database.db, everybody, at);
        const { rows: sorted } = await sql<{
          guid: string;
        }>`select guid from person order by display_name, guid`.execute(database.db);
        const inOrder = sorted.flatMap(({ guid }) => everybody.find((one) => one.guid === guid) ?? []);
        for (const text of texts) {
          const found = await findPeople(database.db, 'lab', text);
          const told = found.kind === 'one' ? [found.person] : found.kind === 'many' ? found.people : found.near;
          const expected = comparing(inOrder, text);
          expect([text, found.kind, told.map(({ guid }) => guid)]).toEqual([
            text,
            expected.kind,
            expected.people.map(({ guid }) => guid),
          ]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('forgets who is gone, and knows him again when he is back', async () => {
    const told = new Set(people.slice(1).map(({ guid }) => guid));
    const listing = { told, last: undefined, goneBefore: undefined };
    expect(await markAbsent(database.db, 'lab', listing)).toBe(0);
    expect(await names('alice')).toHaveLength(2);
    expect(await markAbsent(database.db, 'lab', { ...listing, goneBefore: new Date(at.getTime() + 1) })).toBe(1);
    expect(await names('alice')).toEqual(['Alice Moreau']);
    expect(await personByGuid(database.db, people[0]?.guid ?? '')).toMatchObject({ displayName: 'Alice Ng' });
    await storePeople(database.db, people, new Date(at.getTime() + 2000));
    expect(await names('alice')).toHaveLength(2);
  });
});

describe('personByAddress', () => {
  it('finds by address and UPN, and nobody where two share one', async () => {
    expect(await personByAddress(database.db, 'lab', ' Bob@Contoso.example ')).toMatchObject({
      displayName: 'Bob Tanaka',
    });
    expect(await personByAddress(database.db, 'lab', 'nobody@contoso.example')).toBeUndefined();
    expect(await personByAddress(database.db, 'lab', '')).toBeUndefined();
    await storePeople(database.db, [person(8, 'Double', 'double', { addresses: ['bob@contoso.example'] })], at);
    expect(await personByAddress(database.db, 'lab', 'bob@contoso.example')).toBeUndefined();
  });
});

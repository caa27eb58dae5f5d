import type { Kysely, Selectable } from 'kysely';
import type { Organisation } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import type { PersonTable } from '../store/tables/people.ts';
import type { Person } from './person.ts';

/** The person as commands read it, from its row. */
export function personFromRow(row: Selectable<PersonTable>): Person {
  const { refreshedAt: _refreshedAt, gone: _gone, accountEnabled, ...person } = row;
  return accountEnabled === null ? person : { ...person, accountEnabled };
}

/** Stores people as Exchange reports them now; who was gone and is back is no longer gone. */
export async function storePeople(db: Kysely<Database>, people: readonly Person[], at: Date): Promise<void> {
  for (let first = 0; first < people.length; first += batch) {
    const rows = people.slice(first, first + batch).map((person) => ({
      ...person,
      addresses: JSON.stringify(person.addresses),
      phones: JSON.stringify(person.phones),
      accountEnabled: person.accountEnabled ?? null,
      refreshedAt: at,
      gone: false,
    }));
    await db
      .insertInto('person')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('guid').doUpdateSet((eb) => ({
          displayName: eb.ref('excluded.displayName'),
          alias: eb.ref('excluded.alias'),
          upn: eb.ref('excluded.upn'),
          primarySmtp: eb.ref('excluded.primarySmtp'),
          addresses: eb.ref('excluded.addresses'),
          department: eb.ref('excluded.department'),
          phones: eb.ref('excluded.phones'),
          managerName: eb.ref('excluded.managerName'),
          mailboxType: eb.ref('excluded.mailboxType'),
          accountEnabled: eb.ref('excluded.accountEnabled'),
          refreshedAt: eb.ref('excluded.refreshedAt'),
          gone: eb.ref('excluded.gone'),
        })),
      )
      .execute();
  }
}

/** Rows per statement: PostgreSQL takes at most 65,535 parameters. */
const batch = 1000;

/** Marks as gone whom a refresh that began at `before` no longer found; answers how many. */
export async function markGone(db: Kysely<Database>, organisation: Organisation, before: Date): Promise<number> {
  const result = await db
    .updateTable('person')
    .set({ gone: true })
    .where('organisation', '=', organisation)
    .where('refreshedAt', '<', before)
    .where('gone', '=', false)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

import type { Kysely } from 'kysely';
import type { Organisation } from '../../directory/person.ts';
import type { Database } from '../../store/schema.ts';

/** Which person an account of the logs is (accountOwners in ../account.ts makes one from the directory); undefined: nobody known. */
export type AccountOwnerOf = (account: string) => string | undefined;

/** Every account of the logs that is this person. */
export async function accountsOf(
  db: Kysely<Database>,
  organisation: Organisation,
  ownerOf: AccountOwnerOf,
  personGuid: string,
): Promise<string[]> {
  const rows = await db
    .selectFrom('logClient')
    .select('account')
    .distinct()
    .where('organisation', '=', organisation)
    .execute();
  return rows.map(({ account }) => account).filter((account) => ownerOf(account) === personGuid);
}

import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';

/** Which incidents are drills, and the word that marks them. */

export const drillWord = 'DRILL';

export async function isDrill(db: Kysely<Database>, incident: number): Promise<boolean> {
  const row = await db.selectFrom('incident').select('drill').where('number', '=', incident).executeTakeFirst();
  return row?.drill === true;
}

/** Small things that the bot remembers, one JSON value to a key. What is read was written by some version: the reader parses it. */
import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';

/** undefined when nothing is stored under the key. */
export async function readSetting(db: Kysely<Database>, key: string): Promise<unknown> {
  const row = await db.selectFrom('setting').select('value').where('key', '=', key).executeTakeFirst();
  return row?.value;
}

/** Replaces what was stored under the key; `db` may be a transaction. */
export async function storeSetting(db: Kysely<Database>, key: string, value: object): Promise<void> {
  const json = JSON.stringify(value);
  await db
    .insertInto('setting')
    .values({ key, value: json })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: json }))
    .execute();
}

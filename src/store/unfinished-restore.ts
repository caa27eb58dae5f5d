/**
 * The mark of a restore under way: from the moment on in which a backup's rows are there until all that must be done to them is done,
 * no bot runs on them.
 */
import { type Kysely, sql } from 'kysely';
import { hostError } from '../ground/errors.ts';
import type { Database } from './schema.ts';
import { readSetting } from './settings.ts';

export const restoreMark = 'restore-under-way';

/** Throws MislaidError `restore-unfinished`. */
export async function refuseUnfinishedRestore(db: Kysely<Database>): Promise<void> {
  if ((await readSetting(db, restoreMark)) === undefined) return;
  throw hostError({
    code: 'restore-unfinished',
    message:
      'A backup is being restored into this database, or the restore was cut off. Wait until it says that it is done; if none runs, make the database anew and restore again.',
  });
}

export async function endRestore(db: Kysely<Database>): Promise<void> {
  await sql`delete from setting where key = ${restoreMark}`.execute(db);
}

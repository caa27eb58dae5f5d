import { type Kysely, Migrator } from 'kysely';
import { hostError } from '../ground/errors.ts';
import { migrations } from './migrations/index.ts';
import type { Database } from './schema.ts';

/** Brings the tables (schema `public`) to this version. Several processes may call it at once: one migrates, the others wait. */
export async function migrate(db: Kysely<Database>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  // Kysely answers with the error instead of throwing it.
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((result) => result.status === 'Error')?.migrationName;
  const why = error instanceof Error ? error.message : 'unknown error';
  // Kysely's words for a migration that was carried out and that this version does not know.
  const newer = /corrupted migrations: previously executed migration (\S+) is missing/.exec(why)?.[1];
  throw newer === undefined
    ? hostError({
        code: 'migration-failed',
        message: `The database could not be brought to this version${failed === undefined ? '' : ` (migration ${failed})`}: ${why}. It was left as it was.`,
        cause: error,
      })
    : hostError({
        code: 'database-newer',
        message: `A newer Mislaid has used this database (migration ${newer}). Start that version, or restore a backup from before it.`,
        cause: error,
      });
}

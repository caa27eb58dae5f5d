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
  throw hostError({
    code: 'migration-failed',
    message: `The database could not be brought to this version${failed === undefined ? '' : ` (migration ${failed})`}: ${error instanceof Error ? error.message : 'unknown error'}. It was left as it was; a newer Mislaid may have used it.`,
    cause: error,
  });
}

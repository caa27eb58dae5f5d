import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hostError } from '../../ground/errors.ts';
import type { Binaries } from './binaries.ts';
import { credentials } from './database-user.ts';
import { type Folders, give } from './folders.ts';

const run = promisify(execFile);

/** The only role; it owns everything. */
export const databaseRole = 'mislaid';

/** Major version of the binaries in package.json: PostgreSQL reads only data of its own major version. */
const majorVersion = '18';

/**
 * Creates the database cluster unless it is there, and answers its password. It is made in a temporary folder and renamed, so that
 * what is called `data` is always whole.
 */
export async function ensureCluster(folders: Folders, binaries: Binaries): Promise<string> {
  if (!existsSync(folders.cluster)) await createCluster(folders, binaries);
  const version = readFileSync(join(folders.cluster, 'PG_VERSION'), 'utf8').trim();
  if (version !== majorVersion) {
    throw hostError({
      code: 'wrong-postgres-version',
      message: `The database in ${folders.cluster} was made by PostgreSQL ${version}, this Mislaid brings ${majorVersion}. Start the older Mislaid, pg_dump its database and restore it into a new data folder.`,
    });
  }
  return readFileSync(folders.password, 'utf8');
}

async function createCluster(folders: Folders, binaries: Binaries): Promise<void> {
  for (const name of readdirSync(folders.own)) {
    if (name.startsWith('data.new')) rmSync(join(folders.own, name), { recursive: true, force: true });
  }
  const draft = join(folders.own, `data.new-${process.pid}`);
  rmSync(folders.password, { force: true });
  writeFileSync(folders.password, randomBytes(24).toString('base64url'), { mode: 0o600 });
  give(folders.password, folders.user);
  const options = [
    ...['--pgdata', draft, '--username', databaseRole, '--pwfile', folders.password, '--auth', 'scram-sha-256'],
    // The built-in locale is the same on every machine; the others change with the operating system's libraries.
    ...['--encoding=UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', '--no-instructions'],
  ];
  try {
    await run(binaries.initdb, options, { ...credentials(folders.user), cwd: '/', env: { LC_ALL: 'C', TZ: 'UTC' } });
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true });
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim().split('\n').at(-1) : '';
    throw hostError({
      code: 'initdb-failed',
      message: `The database could not be created in ${folders.own}${said ? ` (${said})` : ''}. Check free space and rights there, or set MISLAID_DATA to another folder.`,
      cause,
    });
  }
  renameSync(draft, folders.cluster);
}

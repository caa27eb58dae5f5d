import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { hostError } from '../../ground/errors.ts';

const run = promisify(execFile);

/** The account of the operating system that runs PostgreSQL, which refuses to run as root. */
export type DatabaseUser = { name: string; uid: number; gid: number };

/**
 * undefined: PostgreSQL runs as we do. As root: whoever owns the database already, else `postgres` if there is one, else `nobody`.
 * Accounts are never made.
 */
export async function databaseUser(clusterFolder: string): Promise<DatabaseUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(clusterFolder, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { name: `user ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  const found = (await account('postgres')) ?? (await account('nobody'));
  if (found !== undefined) return found;
  throw hostError({
    code: 'no-database-user',
    message:
      'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor a user "nobody". Start Mislaid as an ordinary user, or set DATABASE_URL to a PostgreSQL server.',
  });
}

/** The first folder (or the file) on the way to `path` that the user may not enter; undefined when it can reach it. */
export async function firstUnreachable(user: DatabaseUser, path: string): Promise<string | undefined> {
  const way = [path];
  for (let folder = dirname(path); folder !== way[0]; folder = dirname(folder)) way.unshift(folder);
  const script = 'for p; do test -x "$p" || { printf %s "$p"; exit 0; }; done';
  const { stdout } = await run('/bin/sh', ['-c', script, 'sh', ...way], { ...credentials(user), cwd: '/', env: {} });
  return stdout === '' ? undefined : stdout;
}

/** Options for child_process that make the child this user. */
export function credentials(user: DatabaseUser | undefined): { uid?: number; gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}

async function account(name: string): Promise<DatabaseUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

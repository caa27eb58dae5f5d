import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { hostError, MislaidError } from '../../ground/errors.ts';
import { type DatabaseUser, databaseUser, firstUnreachable } from './database-user.ts';
import { codeOf } from './processes.ts';

/** Where everything of the embedded server lies. All but `root` belongs to the database user and is closed to others. */
export type Folders = {
  /** The data folder, symbolic links resolved: PostgreSQL writes the path it was given into its files. */
  root: string;
  own: string;
  cluster: string;
  password: string;
  log: string;
  /** Names the folder of the socket when that had to go under the temporary directory. */
  socketNote: string;
  user: DatabaseUser | undefined;
};

/** sun_path of sockaddr_un without its closing NUL: unix(7) on Linux, 104 bytes on macOS. */
const socketPathBytes = process.platform === 'darwin' ? 103 : 107;
export const socketFile = '.s.PGSQL.5432';

/** Creates the data folder; nothing in it is touched until `prepareFolders` (the lock comes first). */
export function createRoot(dataFolder: string): string {
  const path = resolve(dataFolder);
  try {
    // As root, the database user has to pass through to its own folder below; it sees nothing else.
    const asRoot = process.getuid?.() === 0;
    mkdirSync(path, { recursive: true, mode: asRoot ? 0o711 : 0o700 });
    const root = realpathSync(path);
    if (asRoot) chmodSync(root, statSync(root).mode | 0o011);
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK);
    return root;
  } catch (cause) {
    throw cannotUse(path, cause);
  }
}

/** Creates the database's own folder for the user that will run it. Throws `data-folder-unreachable` with the mend. */
export async function prepareFolders(root: string): Promise<Folders> {
  const own = join(root, 'postgres');
  try {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    const user = await databaseUser(own);
    if (user !== undefined) {
      chownSync(own, user.uid, user.gid);
      const blocked = await firstUnreachable(user, own);
      if (blocked !== undefined) throw unreachable(root, blocked, user);
    }
    return {
      root,
      own,
      cluster: join(own, 'data'),
      password: join(own, 'password'),
      log: join(own, 'postgres.log'),
      socketNote: join(own, 'socket-folder'),
      user,
    };
  } catch (cause) {
    throw cause instanceof MislaidError ? cause : cannotUse(root, cause);
  }
}

/** A private folder for the socket: beside the data, or under the temporary directory where that path is too long for a socket. */
export async function createSocketFolder(folders: Folders): Promise<string> {
  const beside = join(folders.own, 'socket');
  if (Buffer.byteLength(join(beside, socketFile)) <= socketPathBytes) {
    mkdirSync(beside, { recursive: true, mode: 0o700 });
    give(beside, folders.user);
    return beside;
  }
  for (const parent of [tmpdir(), '/tmp']) {
    if (Buffer.byteLength(join(parent, 'mislaid-XXXXXX', socketFile)) > socketPathBytes) continue;
    const folder = mkdtempSync(join(parent, 'mislaid-'));
    // Noted before it is used, so that a killed process leaves nothing that the next start does not know of.
    writeFileSync(folders.socketNote, folder, { mode: 0o600 });
    give(folder, folders.user);
    if (folders.user === undefined || (await firstUnreachable(folders.user, folder)) === undefined) return folder;
    removeSocketFolder(folders);
  }
  throw hostError({
    code: 'socket-path-too-long',
    message: `The path ${beside} is too long for a socket (${socketPathBytes} bytes), and so is the temporary directory's. Set MISLAID_DATA to a shorter path.`,
  });
}

/** Removes a socket folder under the temporary directory, if there is one; also one that a killed process left. */
export function removeSocketFolder(folders: Folders): void {
  if (!existsSync(folders.socketNote)) return;
  const folder = readFileSync(folders.socketNote, 'utf8');
  // A note cut short by a crash must never name a folder that is not ours.
  if (basename(folder).startsWith('mislaid-')) rmSync(folder, { recursive: true, force: true });
  rmSync(folders.socketNote, { force: true });
}

/** Makes the path the database user's. */
export function give(path: string, user: DatabaseUser | undefined): void {
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}

function unreachable(root: string, blocked: string, user: DatabaseUser): MislaidError {
  return hostError({
    code: 'data-folder-unreachable',
    message: `PostgreSQL runs as ${user.name}, who cannot enter ${blocked} and so cannot reach the data folder ${root}. Set MISLAID_DATA to a folder that everybody may enter (such as /var/lib/mislaid), start Mislaid as an ordinary user, or set DATABASE_URL.`,
  });
}

function cannotUse(path: string, cause: unknown): MislaidError {
  return hostError({
    code: 'data-folder-unusable',
    message: `The data folder ${path} cannot be used (${codeOf(cause) ?? 'unknown error'}). Start Mislaid as the owner of that folder, or set MISLAID_DATA to another folder.`,
    cause,
  });
}

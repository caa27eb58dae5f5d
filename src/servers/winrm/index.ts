/**
 * The Servers port over Windows Remote Management: a Windows PowerShell with rights on the servers reads logs, web.config and
 * events, and recycles pools. Folders in policy.yaml are as the servers themselves see them (`C:\inetpub\logs\LogFiles\W3SVC1`).
 * Documented, and not yet tried on Windows.
 */
import { z } from 'zod';
import { ExchangeError } from '../../exchange/port.ts';
import { CmdletFailure } from '../../exchange/transport.ts';
import type { Clock } from '../../ground/clock.ts';
import { minute } from '../../ground/durations.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { ConfigKind } from '../../ground/identifiers.ts';
import { valuesOf } from '../files/exported-text.ts';
import { configPaths, isPacked, logNames, type PolicyServer, PolicyServers } from '../policy-servers.ts';
import { configChanged, type Servers, ServerUnreadable } from '../port.ts';
import type { WinrmCall, WinrmPool } from './session.ts';

/** Bytes of one answer: base64 of it stays well under what a frame may hold. */
const piece = 1 << 20;

/** What each of our functions answers, what it does, and how long it may take. */
const functions = {
  'Get-MislaidLog': {
    row: z.object({ Name: z.string(), Path: z.string(), Size: z.coerce.number(), ModifiedAt: z.coerce.date() }),
    effect: 'read',
    deadlineMs: 2 * minute,
  },
  'Read-MislaidFile': {
    row: z.object({ Content: z.string(), ModifiedAt: z.coerce.date() }),
    effect: 'read',
    deadlineMs: 2 * minute,
  },
  'Write-MislaidConfig': { row: z.object({ Backup: z.string() }), effect: 'change', deadlineMs: minute },
  'Get-MislaidEvent': {
    row: z.object({ At: z.coerce.date(), Message: z.string() }),
    effect: 'read',
    deadlineMs: 3 * minute,
  },
  'Restart-MislaidPool': { row: z.object({ Done: z.unknown() }), effect: 'change', deadlineMs: 3 * minute },
} as const;

type Functions = typeof functions;

export function createWinrmServers(servers: readonly PolicyServer[], pool: WinrmPool, clock: Clock): Servers {
  const known = new PolicyServers(servers);

  function configPath(name: string, kind: ConfigKind): string {
    const path = known.exchangePath(name);
    const separator = separatorOf(path);
    return `${path.replace(/[\\/]+$/, '')}${separator}${configPaths[kind].replaceAll('/', separator)}`;
  }

  async function call<Name extends keyof Functions>(
    server: string,
    name: Name,
    args: WinrmCall['args'],
  ): Promise<z.infer<Functions[Name]['row']>[]> {
    const { row, effect, deadlineMs } = functions[name];
    try {
      const select = Object.keys(row.shape);
      const rows = await pool.call({ name, args: { Server: server, ...args }, select, effect, deadlineMs });
      return z.array<Functions[Name]['row']>(row).parse(rows);
    } catch (error) {
      throw unreadable(server, error);
    }
  }

  async function readPiece(server: string, path: string, from: number) {
    const [row] = await call(server, 'Read-MislaidFile', { Path: path, From: from, Count: piece });
    if (row === undefined) throw new ServerUnreadable(server, `${server} answered nothing about a file.`);
    return { bytes: Buffer.from(row.Content, 'base64'), modifiedAt: row.ModifiedAt };
  }

  /** From `start` to the end of the file; the last piece is shorter than the others, or empty. */
  async function* pieces(server: string, path: string, start: number) {
    for (let from = start; ; from += piece) {
      const next = await readPiece(server, path, from);
      yield next;
      if (next.bytes.length < piece) return;
    }
  }

  return {
    list: () => known.names,
    listLogs: async (name, kind, since) => {
      const folder = known.logFolder(name, kind);
      if (folder === undefined) return [];
      const rows = await call(name, 'Get-MislaidLog', { Folder: folder });
      return rows
        .filter((row) => logNames[kind].test(row.Name) && (since === undefined || row.ModifiedAt >= since))
        .map((row) => ({
          server: name,
          kind,
          path: row.Path,
          // IIS does not rename its logs, and the reader knows a new file under an old name by its first bytes.
          identity: row.Path,
          size: row.Size,
          modifiedAt: row.ModifiedAt,
          compressed: isPacked(row.Name),
          ...known.logMarks(name, kind),
        }))
        .sort((one, other) => one.modifiedAt.getTime() - other.modifiedAt.getTime());
    },
    openLog: async (file, from) =>
      (async function* () {
        for await (const { bytes } of pieces(file.server, file.path, from)) if (bytes.length > 0) yield bytes;
      })(),
    readConfig: async (name, kind) => {
      const path = configPath(name, kind);
      const all: Buffer[] = [];
      let modifiedAt = new Date(0);
      for await (const next of pieces(name, path, 0)) {
        all.push(next.bytes);
        ({ modifiedAt } = next);
      }
      return { path, bytes: Buffer.concat(all), modifiedAt };
    },
    writeConfig: async (name, kind, bytes, expected) => {
      const [row] = await call(name, 'Write-MislaidConfig', {
        Path: configPath(name, kind),
        Content: bytes.toString('base64'),
        Expected: expected,
        Stamp: clock
          .now()
          .toISOString()
          .replaceAll(/[^0-9]/g, ''),
      });
      if (row === undefined)
        throw new ServerUnreadable(name, `${name} did not say whether the web.config was written.`);
      return { backup: row.Backup };
    },
    events1040: async (name, since) => {
      known.named(name);
      const rows = await call(name, 'Get-MislaidEvent', { Since: since });
      const read = rows.map(({ At, Message }) => ({ at: At, values: valuesOf({ message: Message }) }));
      const unclear = read.filter(({ values }) => values === undefined).length;
      return {
        events: read
          .flatMap(({ at, values }) => (values === undefined || at < since ? [] : [{ server: name, at, ...values }]))
          .sort((one, other) => one.at.getTime() - other.at.getTime()),
        unread: unclear === 0 ? [] : [`${unclear} of its events 1040 have values that I cannot read.`],
      };
    },
    recyclePool: async (name, applicationPool) => {
      known.named(name);
      await call(name, 'Restart-MislaidPool', { Pool: applicationPool });
      return { done: true };
    },
  };
}

/** A server of the policy may be written with either slash; Windows takes both. */
function separatorOf(path: string): string {
  return path.includes('\\') ? '\\' : '/';
}

/** Told apart by type and id, never by localised text. */
function unreadable(server: string, error: unknown): Error {
  if (error instanceof ServerUnreadable || error instanceof MislaidError) return error;
  if (error instanceof CmdletFailure) {
    if (error.errorId.startsWith('MislaidConfigChanged')) {
      return configChanged(server, 'a web.config', error);
    }
    return new ServerUnreadable(server, `${server} could not be read: ${reasonOf(error)}`, { cause: error });
  }
  if (error instanceof ExchangeError)
    return new ServerUnreadable(server, `${server} does not answer over WinRM.`, { cause: error });
  return new ServerUnreadable(server, `${server} gave an answer that is not understood.`, { cause: error });
}

function reasonOf({ type, errorId }: CmdletFailure): string {
  if (/UnauthorizedAccess|SecurityException/.test(`${type} ${errorId}`))
    return 'access denied. Let the account that runs Mislaid in.';
  if (/DirectoryNotFound|FileNotFound/.test(`${type} ${errorId}`))
    return 'the folder or file that policy.yaml names is not there.';
  if (/MislaidBackupFailed/.test(errorId)) return 'no whole backup could be written, so the file was left alone.';
  return `PowerShell said ${type}.`;
}

/**
 * The Servers port over Windows Remote Management: a Windows PowerShell with rights on the servers reads logs, web.config and
 * events, and recycles pools. Folders in policy.yaml are as the servers themselves see them (`C:\inetpub\logs\LogFiles\W3SVC1`).
 * Documented, and not yet tried on Windows.
 */
import { z } from 'zod';
import { ExchangeError } from '../../exchange/port.ts';
import { CmdletFailure } from '../../exchange/transport.ts';
import type { Clock } from '../../ground/clock.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { ConfigKind, LogKind } from '../../ground/identifiers.ts';
import type { Policy } from '../../policy.ts';
import { eventsIn } from '../files/events.ts';
import { type LogFile, type Servers, ServerUnreadable } from '../port.ts';
import type { WinrmCall, WinrmPool } from './session.ts';

type PolicyServer = Policy['servers'][number];

const configPaths: Record<ConfigKind, string> = {
  sync: 'ClientAccess\\Sync\\web.config',
  ewsFrontEnd: 'FrontEnd\\HttpProxy\\EWS\\web.config',
  easFrontEnd: 'FrontEnd\\HttpProxy\\Sync\\web.config',
};

const names: Record<LogKind, RegExp> = {
  frontEnd: /\.log(?:\.gz)?$/i,
  backEnd: /\.log(?:\.gz)?$/i,
  httpProxy: /\.log(?:\.gz)?$/i,
  edge: /(?:\.log|access|_log)(?:[.-][\w.-]*)?$/i,
};

/** Bytes of one answer: base64 of it stays well under what a frame may hold. */
const piece = 1 << 20;
const minute = 60_000;

const FileRow = z.object({
  Name: z.string(),
  Path: z.string(),
  Size: z.coerce.number(),
  ModifiedAt: z.coerce.date(),
});
const ContentRow = z.object({ Content: z.string(), ModifiedAt: z.coerce.date() });
const BackupRow = z.object({ Backup: z.string() });
const EventRow = z.object({ At: z.coerce.date(), Message: z.string() });

export function createWinrmServers(servers: readonly PolicyServer[], pool: WinrmPool, clock: Clock): Servers {
  const byName = new Map(servers.map((server) => [server.name, server]));

  function named(name: string): PolicyServer {
    const server = byName.get(name);
    if (server === undefined) throw new ServerUnreadable(name, `policy.yaml lists no server ${name}.`);
    return server;
  }

  function configPath(name: string, kind: ConfigKind): string {
    const { exchangePath } = named(name);
    if (exchangePath === undefined)
      throw new ServerUnreadable(
        name,
        `policy.yaml gives no exchangePath for ${name}, so its web.config files are not known.`,
      );
    return `${exchangePath.replace(/[\\/]+$/, '')}${separatorOf(exchangePath)}${configPaths[kind].replaceAll('\\', separatorOf(exchangePath))}`;
  }

  async function call<R>(
    server: string,
    row: z.ZodType<R>,
    rest: Omit<WinrmCall, 'args'> & { args: WinrmCall['args'] },
  ): Promise<R[]> {
    try {
      const rows = await pool.call({ ...rest, args: { Server: server, ...rest.args } });
      return z.array(row).parse(rows);
    } catch (error) {
      throw unreadable(server, error);
    }
  }

  async function readWhole(server: string, path: string): Promise<{ bytes: Buffer; modifiedAt: Date }> {
    const pieces: Buffer[] = [];
    for (let from = 0; ; from += piece) {
      const [row] = await readPiece(server, path, from);
      if (row === undefined) throw new ServerUnreadable(server, `${server} answered nothing about a file.`);
      const bytes = Buffer.from(row.Content, 'base64');
      pieces.push(bytes);
      if (bytes.length < piece) return { bytes: Buffer.concat(pieces), modifiedAt: row.ModifiedAt };
    }
  }

  function readPiece(server: string, path: string, from: number) {
    return call(server, ContentRow, {
      name: 'Read-MislaidFile',
      args: { Path: path, From: from, Count: piece },
      select: ['Content', 'ModifiedAt'],
      effect: 'read',
      deadlineMs: 2 * minute,
    });
  }

  async function* pieces(file: LogFile, start: number): AsyncGenerator<Uint8Array> {
    for (let from = start; ; ) {
      const [row] = await readPiece(file.server, file.path, from);
      const bytes = Buffer.from(row?.Content ?? '', 'base64');
      if (bytes.length > 0) yield bytes;
      from += bytes.length;
      if (bytes.length < piece) return;
    }
  }

  return {
    list: () => servers.map(({ name }) => name),
    listLogs: async (name, kind, since) => {
      const { frontEndLogs, backEndLogs, httpProxyLogs, edgeLogs } = named(name);
      const folder = { frontEnd: frontEndLogs, backEnd: backEndLogs, httpProxy: httpProxyLogs, edge: edgeLogs }[kind];
      if (folder === undefined) return [];
      const rows = await call(name, FileRow, {
        name: 'Get-MislaidLog',
        args: { Folder: folder },
        select: ['Name', 'Path', 'Size', 'ModifiedAt'],
        effect: 'read',
        deadlineMs: 2 * minute,
      });
      return rows
        .filter((row) => names[kind].test(row.Name) && (since === undefined || row.ModifiedAt >= since))
        .map((row) => ({
          server: name,
          kind,
          path: row.Path,
          // IIS does not rename its logs, and the reader knows a new file under an old name by its first bytes.
          identity: row.Path,
          size: row.Size,
          modifiedAt: row.ModifiedAt,
          compressed: /\.gz$/i.test(row.Name),
        }))
        .sort((one, other) => one.modifiedAt.getTime() - other.modifiedAt.getTime());
    },
    openLog: async (file, from) => pieces(file, from),
    readConfig: async (name, kind) => {
      const path = configPath(name, kind);
      return { path, ...(await readWhole(name, path)) };
    },
    writeConfig: async (name, kind, bytes, expected) => {
      const [row] = await call(name, BackupRow, {
        name: 'Write-MislaidConfig',
        args: {
          Path: configPath(name, kind),
          Content: bytes.toString('base64'),
          Expected: expected,
          Stamp: clock
            .now()
            .toISOString()
            .replaceAll(/[^0-9]/g, ''),
        },
        select: ['Backup'],
        effect: 'change',
        deadlineMs: minute,
      });
      if (row === undefined)
        throw new ServerUnreadable(name, `${name} did not say whether the web.config was written.`);
      return { backup: row.Backup };
    },
    events1040: async (name, since) => {
      named(name);
      const rows = await call(name, EventRow, {
        name: 'Get-MislaidEvent',
        args: { Since: since },
        select: ['At', 'Message'],
        effect: 'read',
        deadlineMs: 3 * minute,
      });
      return rows
        .flatMap(({ At, Message }) => eventsIn(name, `${At.toISOString()} ${Message.replaceAll(/\s+/g, ' ')}`))
        .filter((event) => event.at >= since)
        .sort((one, other) => one.at.getTime() - other.at.getTime());
    },
    recyclePool: async (name, pool_) => {
      named(name);
      await call(name, z.unknown(), {
        name: 'Restart-MislaidPool',
        args: { Pool: pool_ },
        select: ['Done'],
        effect: 'change',
        deadlineMs: 3 * minute,
      });
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
      return new MislaidError({
        code: 'config-changed',
        message: `A web.config on ${server} was changed by somebody else meanwhile. Nothing was written; look at it again.`,
        cause: error,
      });
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

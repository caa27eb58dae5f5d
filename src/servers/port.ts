/**
 * The Servers port: what is not a cmdlet, per server of policy.yaml. Exchange Online has no servers, and answers say so.
 *
 * server   one Exchange server by its policy name (`EX01`)
 * log      one log file of one kind on one server; `frontEnd` and `backEnd` are IIS W3C, `httpProxy` is CSV, `edge` is the balancer's access log
 * config   one web.config: `sync` is the back end's ClientAccess\Sync, `ews` and `eas` are the front end's HttpProxy folders
 */
import { MislaidError } from '../ground/errors.ts';
import type { ConfigKind, LogKind } from '../ground/identifiers.ts';

/** What people call each kind of log. */
export const logKindNames: Readonly<Record<LogKind, string>> = {
  frontEnd: 'front-end logs',
  backEnd: 'back-end logs',
  httpProxy: 'HttpProxy logs',
  edge: 'edge logs',
};
export type LogFile = {
  server: string;
  kind: LogKind;
  /** Path or name that `openLog` takes back. */
  path: string;
  /** Stable identity of the file over renames (device and inode, or the platform's own). */
  identity: string;
  size: number;
  modifiedAt: Date;
  compressed: boolean;
  /** One log of both ends, as Exchange 2010 writes it: what Exchange appends stands in it at any port. */
  oneLog?: true;
};

/** One Application log event 1040 of source "MSExchange ActiveSync". */
export type Event1040 = {
  server: string;
  at: Date;
  /** The average of the requested heartbeats, in seconds: the first bracket of both wordings. */
  averageSeconds: number;
  thresholdSeconds: number;
  /** `Ping` or `Sync` where the wording names it (2013 and later). */
  command?: string;
};

/** `unread`: what could not be read of them, each a sentence that names it. Where it is not empty, there may be more events. */
export type EventsRead = { events: Event1040[]; unread: string[] };

export type ConfigFile = { path: string; bytes: Buffer; modifiedAt: Date };

export type Servers = {
  /** Names from policy, in its order. */
  list(): readonly string[];
  listLogs(server: string, kind: LogKind, since?: Date): Promise<LogFile[]>;
  /**
   * Raw bytes from `from` to the end as it is now; a locked, growing file is opened for shared reading. A piece is good until the next
   * is asked for: whoever keeps one copies it.
   */
  openLog(file: LogFile, from: number): Promise<AsyncIterable<Uint8Array>>;
  readConfig(server: string, kind: ConfigKind): Promise<ConfigFile>;
  /** Replaces the file only if its bytes still hash (SHA-256, hex) to `expected`: backup first, then write beside and rename. */
  writeConfig(server: string, kind: ConfigKind, bytes: Buffer, expected: string): Promise<{ backup: string }>;
  events1040(server: string, since: Date): Promise<EventsRead>;
  /** undefined: this implementation cannot recycle; `command` is what an administrator types instead. */
  recyclePool(server: string, pool: string): Promise<{ done: true } | { done: false; command: string }>;
};

/** A server that could not be read: the answer says which, and goes on with the others. */
export class ServerUnreadable extends Error {
  override readonly name = 'ServerUnreadable';
  readonly server: string;
  readonly userMessage: string;
  constructor(server: string, userMessage: string, options?: { cause?: unknown }) {
    super(`${server}: ${userMessage}`, options);
    this.server = server;
    this.userMessage = userMessage;
  }
}

/** The file is no longer the one that the edit was made of. */
export function configChanged(server: string, path: string, cause?: unknown): MislaidError {
  return new MislaidError({
    code: 'config-changed',
    message: `${path} on ${server} is not the file that was read. Nothing was written.`,
    userMessage: `The web.config on ${server} was changed meanwhile, so nothing was written. Look at it again.`,
    cause,
  });
}

/** Tables of the log reader's roll-ups (migrations 0003, 0007 and 0008). Everything here can be read again from the logs, and is pruned by age. */
import type { ColumnType, Generated } from 'kysely';
import type { LogKind, Organisation } from '../../ground/identifiers.ts';
import type { Fixed } from './columns.ts';

type Seen<T> = ColumnType<T, never, never>;
type Selected<T> = T extends ColumnType<infer S, unknown, unknown> ? S : T;

/** One log file and how far it was read. */
export type LogFileTable = {
  id: Generated<number>;
  organisation: Fixed<Organisation>;
  server: Fixed<string>;
  kind: Fixed<LogKind>;
  /** Identity of the file over renames, as the Servers port names it. */
  identity: string;
  path: string;
  /** SHA-256 of its first `headLength` bytes (unpacked): tells a new file under an old identity, and a packed one from its original. */
  headHash: string;
  headLength: number;
  /** Bytes (unpacked) read up to the end of a line. */
  position: number;
  /** The header in force there, and whether a line that is too long is being skipped. */
  header: string;
  skipping: boolean;
  size: number;
  modifiedAt: Date;
  readAt: Date;
};

/** A client as the logs wrote it: one account, device id, type, agent and stray parameter. */
export type LogClientTable = {
  id: Generated<number>;
  organisation: Fixed<Organisation>;
  /** Somebody who had not logged in named themselves so: counted, and nothing else follows from it. */
  anonymous: ColumnType<boolean, boolean | undefined, never>;
  /** Lower case, in the form it was logged: `contoso\alice`, `alice@contoso.example`, `alice`. */
  account: Fixed<string>;
  deviceId: Fixed<string>;
  deviceType: Fixed<string>;
  userAgent: Fixed<string>;
  /** What the request signed itself with (`Cm=CloudMagic`). */
  stray: Fixed<string>;
  os: string;
  model: string;
  /** Times ten; 0: not known. */
  easVersion: number;
  firstAt: Date;
  /** End of the hour of the last request, so that a row changes once an hour at most; when in that hour, its roll-ups tell. */
  lastAt: Date;
};

/** What many roll-ups say alike. */
export type LogSeriesTable = {
  id: Generated<number>;
  server: Fixed<string>;
  kind: Fixed<LogKind>;
  command: Fixed<string>;
  http: Fixed<number>;
  substatus: Fixed<number>;
  /** EAS status; -1: the log does not tell it. */
  status: Fixed<number>;
  /** `Error:` token of the back end, or ErrorCode of HttpProxy. */
  error: Fixed<string>;
  /** `AllowedG`, `BlockedD`, …: access state and first letter of its reason. */
  access: Fixed<string>;
  /** The newest hour, since 1970, that has rows of it. */
  lastHour: number;
};

/**
 * Requests of one client, series and hour. Rows are only ever added; those of one hour are merged once it is over. Read it through
 * LogRollupView.
 */
export type LogRollupRowTable = {
  clientId: Fixed<number>;
  seriesId: Fixed<number>;
  /** Since 1970. */
  hour: Fixed<number>;
  requests: Fixed<number>;
  /** Earliest start; start and end of the last request. Seconds since 1970. */
  firstStart: Fixed<number>;
  lastStart: Fixed<number>;
  lastEnd: Fixed<number>;
  /** Of the last request; empty for back ends, which name the front end there. */
  lastAddress: Fixed<string>;
};

/** Rows with what their series says: what every report reads. */
export type LogRollupView = {
  [C in Exclude<keyof LogSeriesTable, 'id' | 'lastHour'>]: Seen<Selected<LogSeriesTable[C]>>;
} & {
  clientId: Seen<number>;
  hour: Seen<Date>;
  requests: Seen<number>;
  firstStart: Seen<Date>;
  lastStart: Seen<Date>;
  lastEnd: Seen<Date>;
  lastAddress: Seen<string>;
};

/**
 * Pings and hanging Syncs by how long they asked to wait and how they ended; of logs that do not tell what was asked, only those cut
 * short.
 */
export type LogHeartbeatTable = {
  clientId: Fixed<number>;
  server: Fixed<string>;
  kind: Fixed<LogKind>;
  hour: Fixed<Date>;
  command: Fixed<string>;
  /** Seconds asked for; 0 where the log does not tell (front ends). */
  asked: Fixed<number>;
  ended: Fixed<EndedName>;
  win32: Fixed<number>;
  /** Seconds the connection lived, in steps of 2 %, for `cut`, `dropped` and `overlapped`; else 0. */
  lived: Fixed<number>;
  requests: number;
  /** Milliseconds. */
  shortest: number;
  longest: number;
  sum: number;
};

export type ActiveSyncTables = {
  logFile: LogFileTable;
  logClient: LogClientTable;
  logRollup: LogRollupView;
  logRollupRow: LogRollupRowTable;
  logSeries: LogSeriesTable;
  /** What is left to merge of an hour. */
  logHour: {
    server: Fixed<string>;
    kind: Fixed<LogKind>;
    hour: Fixed<Date>;
    /** How many times rows were added: more than once, and rows of the hour may fall together. */
    parts: number;
  };
  logHeartbeat: LogHeartbeatTable;
  /** The last heartbeats asked of one server, in order: what Exchange's own moving average is made of. */
  logSample: {
    id: Generated<number>;
    organisation: Fixed<Organisation>;
    server: Fixed<string>;
    command: Fixed<string>;
    startedAt: Fixed<Date>;
    asked: Fixed<number>;
    clientId: Fixed<number>;
  };
  /** A back-end line that proves that a phone was told to wipe. */
  logSighting: {
    clientId: Fixed<number>;
    server: Fixed<string>;
    at: Fixed<Date>;
    what: Fixed<string>;
  };
  /** What was left out or looked odd, counted. */
  logOddity: {
    organisation: Fixed<Organisation>;
    server: Fixed<string>;
    kind: Fixed<LogKind>;
    odd: Fixed<OddKind>;
    text: Fixed<string>;
    requests: number;
    lastAt: Date;
  };
  /** How a reading of one server's logs goes, for progress in chat and for what could not be read. */
  logReading: {
    organisation: Fixed<Organisation>;
    server: Fixed<string>;
    kind: Fixed<LogKind>;
    startedAt: Date;
    updatedAt: Date;
    finishedAt: Date | null;
    filesTotal: number;
    filesDone: number;
    /** Bytes still to read when it began, and those read since. */
    bytesTotal: number;
    bytesDone: number;
    /** A sentence for people; null while all is well. */
    problem: string | null;
  };
};

export type OddKind =
  | 'no-fields'
  | 'unreadable-line'
  | 'over-long-line'
  | 'unreadable-query'
  | 'misspelt-stem'
  | 'stray-parameter'
  | 'probe'
  | 'health-mailbox'
  /** A `Log=` that Exchange did not write, or that nothing vouches for. */
  | 'untrusted-log'
  | 'out-of-range'
  | 'too-many';

/** How a hanging Ping or Sync ended; `Ended` of src/activesync/reader/outcome.ts says what each means. */
export type EndedName = 'unknown' | 'heartbeat' | 'change' | 'cut' | 'dropped' | 'overlapped' | 'refused';

import type { OddKind } from '../../store/tables/activesync.ts';
import type { HeartbeatCount } from './heartbeats.ts';

/** A client as the lines wrote it; `os`, `model` and `easVersion` (times ten, 0 unknown) only from back-end lines. */
export type BatchClient = {
  /** These are the names that somebody gave who had not logged in: theirs, or anybody's. */
  anonymous: boolean;
  account: string;
  deviceId: string;
  deviceType: string;
  userAgent: string;
  stray: string;
  os: string;
  model: string;
  easVersion: number;
};

/** Requests of one client, command, hour and outcome. Times in seconds since 1970. */
export type Group = {
  client: BatchClient;
  command: string;
  /** Hours since 1970. */
  hour: number;
  http: number;
  substatus: number;
  /** EAS status, -1: unknown. */
  status: number;
  /** `Error:` token or HttpProxy's ErrorCode. */
  error: string;
  /** Access state (`AllowedG`). */
  access: string;
  /** Of the last one that ended. */
  lastAddress: string;
  requests: number;
  /** Earliest start. */
  firstStart: number;
  /** Latest end, and the start of that same request. */
  lastEnd: number;
  lastStart: number;
};

/** A roll-up. Clients are the same object wherever they stand. */
export type Batch = {
  requests: number;
  /** 0 where there was no request. */
  lastEnd: number;
  clients: BatchClient[];
  groups: Group[];
  heartbeats: HeartbeatCount<BatchClient>[];
  samples: Sample[];
  sightings: Sighting[];
  odd: { kind: OddKind; text: string; requests: number }[];
};

/** A Ping or hanging Sync by its start, for the moving average that Exchange keeps. */
export type Sample = { startedAt: number; asked: number; command: string; client: BatchClient };

/** The moment at which a back-end line proves that a wipe was handed to a phone. */
export type Sighting = { at: number; client: BatchClient; what: string };

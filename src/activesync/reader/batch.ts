import type { EndedName, OddKind } from '../../store/tables/activesync.ts';

/** A client as the lines wrote it; `os`, `model` and `easVersion` (times ten, 0 unknown) only from back-end lines. */
export type BatchClient = {
  account: string;
  deviceId: string;
  deviceType: string;
  userAgent: string;
  stray: string;
  os: string;
  model: string;
  easVersion: number;
};

/** HTTP status and substatus, EAS status (-1: not told), `Error:` token, access state (`AllowedG`). */
export type Outcome = { http: number; substatus: number; status: number; error: string; access: string };

/** A roll-up as plain columns that a worker can hand over. Times in seconds since 1970; `client` and `outcome` are indexes here. */
export type Batch = {
  lines: number;
  requests: number;
  /** 0 where there was no request. */
  firstEnd: number;
  lastEnd: number;
  clients: BatchClient[];
  commands: string[];
  outcomes: Outcome[];
  addresses: string[];
  groups: {
    client: Int32Array;
    command: Int32Array;
    hour: Int32Array;
    outcome: Int32Array;
    requests: Int32Array;
    firstStart: Int32Array;
    lastStart: Int32Array;
    lastEnd: Int32Array;
    /** Index into `addresses`. */
    address: Int32Array;
    taken: Float64Array;
    sent: Float64Array;
    received: Float64Array;
  };
  heartbeats: {
    client: number;
    command: number;
    hour: number;
    asked: number;
    ended: EndedName;
    win32: number;
    lived: number;
    requests: number;
    shortest: number;
    longest: number;
    sum: number;
  }[];
  samples: Sample[];
  sightings: Sighting[];
  odd: { kind: OddKind; text: string; requests: number }[];
};

const ODD_KINDS: Record<OddKind, true> = {
  'no-fields': true,
  'unreadable-line': true,
  'over-long-line': true,
  'unreadable-query': true,
  'misspelt-stem': true,
  'stray-parameter': true,
  probe: true,
  'health-mailbox': true,
  'too-many': true,
};

export function isOddKind(text: string): text is OddKind {
  return Object.hasOwn(ODD_KINDS, text);
}

/** A Ping or hanging Sync by its start, for the moving average that Exchange keeps. */
export type Sample = { startedAt: number; asked: number; command: string; client: number };

/** The moment at which a back-end line proves that a phone was told to wipe. */
export type Sighting = { at: number; client: number; what: string };

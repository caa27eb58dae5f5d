import type { EndedName } from '../../store/tables/activesync.ts';

/** How a hanging Ping or Sync ended, as far as one line can tell. */
export const Ended = {
  /** Nothing in the line says it (front-end logs have no Hb). */
  unknown: 0,
  /** Its time was up and it was answered: the whole path holds at least that long. */
  heartbeat: 1,
  /** New mail ended it early. */
  change: 2,
  /** Shorter than asked and a network error: somebody closed the connection. */
  cut: 3,
  /** As long as asked, yet a network error: the way had gone before, silently. */
  dropped: 4,
  /** The phone came back while the server still held its earlier request: the connection lived at most until then. */
  overlapped: 5,
  /** The server refused to wait (heartbeat out of range, too many folders, an error). */
  refused: 6,
} as const satisfies Record<EndedName, number>;
export type Ended = (typeof Ended)[keyof typeof Ended];
export const ENDED_NAMES: readonly EndedName[] = [
  'unknown',
  'heartbeat',
  'change',
  'cut',
  'dropped',
  'overlapped',
  'refused',
];

/**
 * Ends of one request. `asked` in seconds (0: unknown), `taken` in milliseconds (-1: unknown), `status` the EAS status (-1: none).
 * Ping statuses: 1 expired, 2 changes, 3 and more refused (MS-ASCMD 2.2.3.177.12).
 */
export function endedOf(input: {
  asked: number;
  taken: number;
  win32: number;
  http: number;
  status: number;
  timedOut: boolean;
  collision: boolean;
}): Ended {
  const { asked, taken, win32 } = input;
  if (input.collision) return Ended.overlapped;
  if (asked === 0) return win32 !== 0 && taken > 0 ? Ended.cut : Ended.unknown;
  if (taken < 0) return Ended.unknown;
  const full = taken >= asked * 1000 - 2_000;
  if (win32 !== 0) return full ? Ended.dropped : Ended.cut;
  if (input.http >= 400 || input.status >= 3) return Ended.refused;
  if (full || input.timedOut) return Ended.heartbeat;
  return Ended.change;
}

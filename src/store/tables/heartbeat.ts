/** Tables of the heartbeat reports (migrations 0006, 0008 and 0015): each reading, which alerts are open, waits summed up. */
import type { Generated, JSONColumnType } from 'kysely';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Fixed } from './columns.ts';

export type HeartbeatTables = {
  /**
   * All waits that ended in one span of hours, summed up from log_heartbeat when the hours were over. It holds exactly what those
   * rows hold: whoever adds rows to one of its hours deletes it in the same transaction (activesync/store/write-batch.ts).
   */
  heartbeatSpan: {
    server: Fixed<string>;
    /** `last-24`, `today`, `day-20514`: the newest of each name is kept. */
    name: Fixed<string>;
    /** Hours since 1970; the first one in it and the first one after it. */
    began: number;
    ended: number;
    /** Waits (heartbeat/spans.ts) as JSON. */
    waits: JSONColumnType<unknown[], string, string>;
  };
  /** One reading of all servers of an organisation. */
  heartbeatReading: {
    id: Generated<number>;
    organisation: Fixed<Organisation>;
    at: Fixed<Date>;
    /** Reading (heartbeat/reading.ts) as JSON. */
    reading: JSONColumnType<Record<string, unknown>, string, string>;
  };
  /** One cause of alarm; the row stays while it lasts, so that it is told once a day and its end is told too. */
  heartbeatAlert: {
    organisation: Fixed<Organisation>;
    /** Server it is about. */
    server: Fixed<string>;
    cause: Fixed<string>;
    since: Fixed<Date>;
    /** Day (policy's time zone, `2026-03-02`) on which it was last told. */
    notifiedOn: string;
    /** What must be known to tell that it is over. */
    detail: JSONColumnType<Record<string, unknown>, string, string>;
  };
};

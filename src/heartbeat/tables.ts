/** Tables of the heartbeat reports (migration 0006): what was seen at each look, and which alerts stand. */
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { Organisation } from '../directory/person.ts';

type Fixed<T> = ColumnType<T, T, never>;

/** One look at all servers of an organisation. */
export type HeartbeatLookTable = {
  id: Generated<number>;
  organisation: Fixed<Organisation>;
  at: Fixed<Date>;
  /** Look (look.ts) as JSON. */
  look: JSONColumnType<Record<string, unknown>, string, string>;
};

/** One cause of alarm; the row stays while it lasts, so that it is told once a day and its end is told too. */
export type HeartbeatAlertTable = {
  organisation: Fixed<Organisation>;
  /** Server it is about. */
  server: Fixed<string>;
  cause: Fixed<string>;
  since: Fixed<Date>;
  /** Day (policy's time zone, `2026-03-02`) on which it was last told. */
  toldOn: string;
  /** What must be known to tell that it is over. */
  detail: JSONColumnType<Record<string, unknown>, string, string>;
};

export type HeartbeatTables = {
  heartbeatLook: HeartbeatLookTable;
  heartbeatAlert: HeartbeatAlertTable;
};

/** The audit chain. */
import type { ColumnType } from 'kysely';
import type { Fixed } from './columns.ts';

/** Append-only, hash-chained; triggers refuse UPDATE, DELETE and TRUNCATE. */
export type AuditTable = {
  seq: Fixed<number>;
  at: Fixed<Date>;
  actorGuid: Fixed<string | null>;
  actorIdentity: Fixed<string | null>;
  action: Fixed<string>;
  subject: Fixed<string>;
  incidentNumber: Fixed<number | null>;
  data: ColumnType<Record<string, unknown>, string, never>;
  prevHash: Fixed<string>;
  hash: Fixed<string>;
};

export type AuditTables = {
  audit: AuditTable;
};

/** The audit chain. */
import type { ColumnType } from 'kysely';
import type { Fixed } from './columns.ts';

export type AuditTables = {
  /** Append-only, hash-chained; triggers refuse UPDATE (but for taking data and salt away), DELETE and TRUNCATE. */
  audit: {
    seq: Fixed<number>;
    at: Fixed<Date>;
    actorGuid: Fixed<string | null>;
    actorIdentity: Fixed<string | null>;
    action: Fixed<string>;
    subject: Fixed<string>;
    incidentNumber: Fixed<number | null>;
    /** What the entry says, beside the chain; null once it was erased, and its salt with it. */
    data: ColumnType<Record<string, unknown> | null, string, null>;
    salt: ColumnType<string | null, string | null, null>;
    /** SHA-256 over salt and data: what the chain holds of them. */
    commitment: Fixed<string | null>;
    /** What the hash is over: entries of before 0018 over their data. */
    covers: Fixed<'data' | 'commitment'>;
    prevHash: Fixed<string>;
    hash: Fixed<string>;
  };
};

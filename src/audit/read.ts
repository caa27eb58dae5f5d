import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../store/schema.ts';
import type { AuditRecord } from './chain.ts';

export type StoredRecord = AuditRecord & { hash: string };

/** Entries at a time: the chain may be longer than memory. */
const batchSize = 1_000;

/** Below every integer of PostgreSQL but one: a forged entry may have a number below 1. */
const smallestSeq = -2_147_483_648;

const Data = z
  .string()
  .nullable()
  .transform((text): unknown => (text === null ? null : JSON.parse(text)));

/**
 * Reads the chain in order, up to the entry that is the last one when the reading begins. Times and data are read as text
 * and turned into what was hashed, so that a change of a microsecond shows.
 */
export async function* readAudit(
  db: Kysely<Database>,
  options: { after?: number; batch?: number } = {},
): AsyncGenerator<StoredRecord> {
  const end = await db.selectFrom('audit').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst();
  if (end === undefined) return;
  let after = options.after ?? smallestSeq;
  for (;;) {
    const rows = await db
      .selectFrom('audit')
      .select([
        'seq',
        'actorGuid',
        'actorIdentity',
        'action',
        'subject',
        'incidentNumber',
        'salt',
        'commitment',
        'covers',
      ])
      .select(['prevHash', 'hash'])
      .select([
        sql<string>`to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')`.as('at'),
        sql<string | null>`data::text`.as('data'),
      ])
      .where('seq', '>', after)
      .where('seq', '<=', end.seq)
      .orderBy('seq')
      .limit(options.batch ?? batchSize)
      .execute();
    for (const row of rows) {
      yield { ...row, at: `${row.at.replace(/000$/, '')}Z`, data: Data.parse(row.data) };
      after = row.seq;
    }
    if (rows.length === 0 || after >= end.seq) return;
  }
}

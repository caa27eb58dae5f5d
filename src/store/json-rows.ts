import { type RawBuilder, sql } from 'kysely';

/**
 * Rows as one parameter for `jsonb_to_recordset`: a statement of a thousand rows has one text then, and not thousands of parameters.
 * Half a surrogate pair, which would make PostgreSQL refuse all of them, becomes the sign for what cannot be read.
 */
export function jsonRows(rows: readonly object[]): RawBuilder<unknown> {
  const json = JSON.stringify(rows);
  return sql`${hasHalf.test(json) ? JSON.stringify(rows, withoutHalves) : json}::jsonb`;
}

/** JSON.stringify escapes only these. */
const hasHalf = /\\ud[89a-f]/;

function withoutHalves(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/\p{Cs}/gu, '\u{fffd}') : value;
}

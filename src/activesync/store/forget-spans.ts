import type { Kysely } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { BatchOrigin } from './batch-origin.ts';

/** Deletes what was summed up of hours (since 1970) that get rows now, in the transaction that adds them: sums never tell less than the rows. */
export async function forgetSpans(
  tx: Kysely<Database>,
  { server, kind }: Pick<BatchOrigin, 'server' | 'kind'>,
  rows: readonly { hour: number }[],
): Promise<void> {
  if (rows.length === 0 || kind !== 'backEnd') return;
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const { hour } of rows) {
    first = Math.min(first, hour);
    last = Math.max(last, hour);
  }
  await tx
    .deleteFrom('heartbeatSpan')
    .where('server', '=', server)
    .where('began', '<=', last)
    .where('ended', '>', first)
    .execute();
}

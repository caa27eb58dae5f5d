import { type Kysely, sql } from 'kysely';
import { hour } from '../../ground/durations.ts';
import type { Database } from '../../store/schema.ts';
import { mergeHours } from './merge-hours.ts';

/** Deletes roll-ups of hours before `before`, and clients not heard of since; merges what is left. Run after each reading; mostly there is nothing to do. */
export async function pruneLogs(db: Kysely<Database>, before: Date): Promise<void> {
  const gone = await db.deleteFrom('logHour').where('hour', '<', before).executeTakeFirst();
  await mergeHours(db);
  if (gone.numDeletedRows === 0n) return;
  const firstHour = Math.floor(before.getTime() / hour);
  await db.deleteFrom('logRollupRow').where('hour', '<', firstHour).execute();
  await db.deleteFrom('logSeries').where('lastHour', '<', firstHour).execute();
  await db.deleteFrom('logHeartbeat').where('hour', '<', before).execute();
  await db.deleteFrom('logSighting').where('at', '<', before).execute();
  await db.deleteFrom('logSample').where('startedAt', '<', before).execute();
  await db.deleteFrom('logClient').where('lastAt', '<', before).execute();
  await db.deleteFrom('logOddity').where('lastAt', '<', before).execute();
  // A file's position goes only long after the file can no longer be listed (listing begins at `before`).
  await sql`delete from log_file where modified_at < ${before}::timestamptz - interval '30 days' and read_at < ${before}`.execute(
    db,
  );
}

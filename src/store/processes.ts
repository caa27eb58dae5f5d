/**
 * All processes run the same policy, or approved wipes wait: each process says every few seconds which policy it runs.
 * Times are the database's own, because processes may disagree about the time and the lab's clock is moved.
 */
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import type { Database } from './schema.ts';

const Announced = z.object({ policy: z.string(), at: z.string() });

/** A process that has not announced itself for so long is taken for gone. */
export const aliveSeconds = 30;
export const announceEveryMs = 10_000;

export async function announceProcess(db: Kysely<Database>, process: string, policy: string): Promise<void> {
  await sql`insert into setting (key, value)
    values (${`process:${process}`}, jsonb_build_object('policy', ${policy}::text, 'at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
    on conflict (key) do update set value = excluded.value`.execute(db);
}

export async function deleteProcess(db: Kysely<Database>, process: string): Promise<void> {
  await db.deleteFrom('setting').where('key', '=', `process:${process}`).execute();
}

/** Whether every living process runs `policy`. */
export async function policiesAgree(db: Kysely<Database>, policy: string): Promise<boolean> {
  const { rows } = await sql<{ value: unknown }>`select value from setting
    where key like 'process:%' and (value->>'at')::timestamptz > now() - make_interval(secs => ${aliveSeconds})`.execute(
    db,
  );
  return rows.every((row) => Announced.parse(row.value).policy === policy);
}

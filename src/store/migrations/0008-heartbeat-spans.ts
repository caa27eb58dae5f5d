import { type Kysely, sql } from 'kysely';

/** Waits of spans of hours that are over, summed up once. Meanings stand in ../../heartbeat/tables.ts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // Plain json: it is only ever written and read as a whole, and text needs no building when it is read.
  `create table heartbeat_span (
    server text not null, name text not null, began integer not null, ended integer not null, waits json not null,
    primary key (server, name))`,
];

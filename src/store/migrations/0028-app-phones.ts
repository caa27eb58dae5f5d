import { type Kysely, sql } from 'kysely';

/** What is known of each phone, added up: apps and blocked phones of a large organisation are counted there and not put together anew. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table app_phone (
    organisation text not null check (organisation in ('real','lab')), key text not null, device_id text not null, device_guid text,
    owner_guid text, account text not null, app text not null, app_name text not null, app_kind text not null, type text not null,
    model text not null, os text not null, agent text not null, requests integer not null, refused integer not null,
    refused_at timestamptz, first_seen timestamptz, last_seen timestamptz, primary key (organisation, key))`,
  `create index app_phone_device_id on app_phone (organisation, device_id)`,
  `create index app_phone_app on app_phone (organisation, app)`,
];

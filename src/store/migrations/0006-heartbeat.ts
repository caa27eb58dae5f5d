import { type Kysely, sql } from 'kysely';

/** Looks at Direct Push, and the alerts that stand. Meanings stand in ../../heartbeat/tables.ts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const organisation = `organisation text not null check (organisation in ('real','lab'))`;

const statements = [
  `create table heartbeat_look (
    id integer generated always as identity primary key, ${organisation}, at timestamptz not null, look jsonb not null)`,
  `create index heartbeat_look_at on heartbeat_look (organisation, at)`,
  `create table heartbeat_alert (
    ${organisation}, server text not null, cause text not null, since timestamptz not null, told_on text not null, detail jsonb not null,
    primary key (organisation, server, cause))`,
  `alter table app_report drop constraint app_report_what_check`,
  `alter table app_report add constraint app_report_what_check check (what in ('apps','blocked-apps','heartbeat'))`,
];

/** Fills a new database from a backup's tables, all in one transaction: it is as it was before, or holds them all. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Migrator } from 'kysely';
import pg from 'pg';
import { z } from 'zod';
import { hostError } from '../ground/errors.ts';
import { type DatabaseConnection, openDatabase } from './connect.ts';
import { copyFrom } from './copy.ts';
import { migrations } from './migrations/index.ts';
import { aliveSeconds } from './processes.ts';
import { quoted, tablesOf } from './tables-of.ts';
import { restoreMark } from './unfinished-restore.ts';

export type FillInput = {
  connection: DatabaseConnection;
  /** What made the backup's tables. */
  migrations: readonly string[];
  /** Where each table's rows lie, and their hash. */
  tables: readonly { name: string; columns: readonly string[]; path: string; sha256: string }[];
};

/** Numbers that people see go on a little further on, others far: no number of what was lost names something else. */
const seenByPeople: ReadonlySet<string> = new Set(['incident', 'approval', 'wipe']);
const leaps = { seen: 1_000, others: 1_000_000 };

/** A bot has used a database whose table of these has a row. */
const telling = ['setting', 'person', 'inbox', 'incident', 'approval', 'wipe', 'audit'];

/** Throws MislaidError `restore-living`, `restore-used`, `backup-newer` or `backup-damaged`; then nothing was written. */
export async function fillDatabase(input: FillInput): Promise<void> {
  await refuseUsed(input);
  await migrateTo(input);
  const client = new pg.Client({ ...input.connection, application_name: 'mislaid restore' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query("set client_encoding to 'UTF8'; set timezone to 'UTC'; set datestyle to 'ISO'");
    await client.query('begin');
    // A bot that starts now reads its settings only after this.
    await client.query('lock table setting in access exclusive mode');
    await refuseLiving(client);
    await copyAll(client, input);
    await client.query('insert into setting (key, value) values ($1, $2)', [restoreMark, '{}']);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

async function refuseUsed({ connection, migrations: made }: FillInput): Promise<void> {
  const known = Object.keys(migrations).sort();
  const unknown = made.find((name) => !known.includes(name));
  if (unknown !== undefined || made.some((name, index) => name !== known[index])) {
    throw hostError({
      code: 'backup-newer',
      message: `The backup is of another version of Mislaid (migration ${unknown ?? made.at(-1) ?? 'none'}). Restore it with that version, then upgrade.`,
    });
  }
  const client = new pg.Client({ ...connection });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query("select to_regclass('public.kysely_migration') is not null as used");
    if (!z.array(z.object({ used: z.boolean() })).parse(rows)[0]?.used) return;
    await refuseLiving(client);
    const applied = await client.query('select name from kysely_migration order by name');
    const names = z.array(z.object({ name: z.string() })).parse(applied.rows);
    if (names.some(({ name }) => !made.includes(name))) throw used('was made by a newer version than the backup');
  } finally {
    await client.end();
  }
}

/** Rows, or a process that says that it lives. */
async function refuseLiving(client: pg.Client): Promise<void> {
  const there = await client.query("select to_regclass('public.setting') is not null as there");
  if (there.rows[0]?.there !== true) return;
  const alive = await client.query(
    `select from setting where key like 'process:%' and (value->>'at')::timestamptz > now() - make_interval(secs => $1)`,
    [aliveSeconds],
  );
  if (alive.rows.length > 0) {
    throw hostError({
      code: 'restore-living',
      message:
        'A bot runs on this database. Nothing was restored. Stop every process of it, and restore into a new database beside it.',
    });
  }
  for (const table of telling) {
    const found = await client.query(`select from ${quoted(table)} limit 1`);
    if (found.rows.length > 0) throw used('holds rows already');
  }
}

function used(why: string) {
  return hostError({
    code: 'restore-used',
    message: `This database ${why}. Nothing was restored. Name a new, empty one (DATABASE_URL), or move the folder "postgres" of MISLAID_DATA aside.`,
  });
}

async function migrateTo({ connection, migrations: made }: FillInput): Promise<void> {
  const { db, close } = openDatabase(connection, { poolSize: 2 });
  try {
    const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
    const { error } = await migrator.migrateTo(made.at(-1) ?? '');
    if (error !== undefined)
      throw hostError({
        code: 'migration-failed',
        message: 'The tables of the backup could not be made.',
        cause: error,
      });
  } finally {
    await close();
  }
}

async function copyAll(client: pg.Client, { tables }: FillInput): Promise<void> {
  const there = await tablesOf(client);
  const named = new Map(tables.map((table) => [table.name, table]));
  const strange = tables.filter(({ name }) => !there.some((table) => table.name === name)).map(({ name }) => name);
  const missing = there.filter(
    ({ name, columns }) => named.get(name)?.columns.toSorted().join() !== columns.toSorted().join(),
  );
  if (strange.length + missing.length > 0)
    throw damaged(
      `its tables are not those of its version: ${[...strange, ...missing.map(({ name }) => name)].join(', ')}`,
    );
  // What migrations put there comes with the backup, too.
  const filled = there.filter(({ name }) => name !== 'audit').map(({ name }) => quoted(name));
  await client.query(`truncate ${filled.join(', ')}`);
  for (const { name, counted } of there) {
    const table = named.get(name);
    if (table === undefined) continue;
    const hash = createHash('sha256');
    await pipeline(
      createReadStream(table.path),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      copyFrom(client, `copy ${quoted(name)} (${table.columns.map(quoted).join(', ')}) from stdin`),
    );
    if (hash.digest('hex') !== table.sha256) throw damaged(`the rows of ${name} changed while they were read`);
    for (const column of counted) await countOn(client, name, column);
  }
}

async function countOn(client: pg.Client, table: string, column: string): Promise<void> {
  const leap = seenByPeople.has(table) ? leaps.seen : leaps.others;
  await client.query(
    `select setval(pg_get_serial_sequence($1, $2), coalesce((select max(${quoted(column)}) from ${quoted(table)}), 0) + $3)`,
    [quoted(table), column, leap],
  );
}

function damaged(why: string) {
  return hostError({ code: 'backup-damaged', message: `The backup does not fit: ${why}. Nothing was restored.` });
}

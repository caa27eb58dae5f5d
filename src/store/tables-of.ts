/** The tables of a database as PostgreSQL itself describes them, for what copies them whole. */
import type pg from 'pg';
import { z } from 'zod';
import { internalError } from '../ground/errors.ts';

export type StoredTable = {
  name: string;
  /** In their order, without those that PostgreSQL works out. */
  columns: readonly string[];
  /** Columns that count by themselves. */
  counted: readonly string[];
};

const Row = z.object({
  name: z.string(),
  columns: z.array(z.string()),
  counted: z.array(z.string()),
  refers: z.array(z.string()),
});

/** Kysely's own: a backup names the migrations instead. */
const notOurs = ['kysely_migration', 'kysely_migration_lock'];

/** Our tables (schema `public`), each after those that it refers to. */
export async function tablesOf(client: pg.ClientBase): Promise<StoredTable[]> {
  const { rows } = await client.query(
    `select c.relname as name,
      (select coalesce(array_agg(a.attname::text order by a.attnum), '{}') from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
      (select coalesce(array_agg(a.attname::text order by a.attnum), '{}') from pg_attribute a
        where a.attrelid = c.oid and a.attidentity <> '') as counted,
      (select coalesce(array_agg(distinct f.relname::text), '{}') from pg_constraint k join pg_class f on f.oid = k.confrelid
        where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> c.oid) as refers
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and not c.relname = any($1)
    order by c.relname`,
    [notOurs],
  );
  let left = z.array(Row).parse(rows);
  const ordered: StoredTable[] = [];
  while (left.length > 0) {
    const names = new Set(left.map(({ name }) => name));
    const free = left.filter(({ refers }) => !refers.some((other) => names.has(other)));
    if (free.length === 0)
      throw internalError({
        code: 'tables-in-a-circle',
        message: `tables refer to each other: ${[...names].join(', ')}`,
      });
    ordered.push(...free.map(({ name, columns, counted }) => ({ name, columns, counted })));
    left = left.filter((table) => !free.includes(table));
  }
  return ordered;
}

/** A name as SQL takes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

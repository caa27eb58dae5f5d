/** The whole store at one instant: one transaction that reads and sees nothing of what is written after it began. */
import type { Readable } from 'node:stream';
import pg from 'pg';
import { z } from 'zod';
import type { DatabaseConnection } from './connect.ts';
import { copyTo } from './copy.ts';
import { quoted, type StoredTable, tablesOf } from './tables-of.ts';

export type Snapshot = {
  readonly server: string;
  readonly tables: readonly StoredTable[];
  /** The migrations that made the tables, in their order. */
  readonly migrations: readonly string[];
  /** Size and last hash of the audit's chain. */
  readonly chain: { readonly size: number; readonly hash: string | null };
  /** Every row as COPY writes it; one table at a time. */
  read(table: StoredTable): Readable;
  close(): Promise<void>;
};

const Begun = z.object({ server: z.string() });
const Migrations = z.array(z.object({ name: z.string() }));
const Last = z.array(z.object({ seq: z.number(), hash: z.string() }));

export async function openSnapshot(connection: DatabaseConnection): Promise<Snapshot> {
  const client = new pg.Client({ ...connection, application_name: 'mislaid backup' });
  // Without a listener a connection that breaks would end the process; whoever reads hears of it, too.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(
      "set client_encoding to 'UTF8'; set timezone to 'UTC'; set datestyle to 'ISO'; set bytea_output to 'hex'",
    );
    await client.query('begin transaction isolation level repeatable read, read only');
    const begun = await client.query("select current_setting('server_version') as server");
    const { server } = Begun.parse(begun.rows[0]);
    const migrations = await client.query('select name from kysely_migration order by name');
    const last = Last.parse((await client.query('select seq, hash from audit order by seq desc limit 1')).rows)[0];
    return {
      server,
      tables: await tablesOf(client),
      migrations: Migrations.parse(migrations.rows).map(({ name }) => name),
      chain: { size: last?.seq ?? 0, hash: last?.hash ?? null },
      read: ({ name, columns }) =>
        copyTo(client, `copy public.${quoted(name)} (${columns.map(quoted).join(', ')}) to stdout`),
      close: () => client.end(),
    };
  } catch (error) {
    await client.end();
    throw error;
  }
}

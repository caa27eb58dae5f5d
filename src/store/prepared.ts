import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type pg from 'pg';
import { internalError } from '../ground/errors.ts';

/** A statement is prepared when it comes for the third time: what runs once would only fill the connection's memory. */
const worthPreparing = 3;
/** Statements prepared per connection at most; lists of values in the text (`in ($1, $2, …)`) make many that differ. */
const mostPrepared = 400;
const mostCounted = 4_000;
/** Characters. A longer one writes many rows at once: its plan is large, and its text seldom the same again. */
const longestPrepared = 8_192;

/**
 * A pool whose connections keep the plan of a statement that comes again (much of PostgreSQL's work on short statements is
 * parsing and planning). Only for a database that no other process migrates and no pooler stands before: a prepared
 * `select *` fails once its table has changed, and a pooler hands the next statement to a connection that never heard of it.
 */
export function preparingPool(pool: pg.Pool): PostgresPool {
  const names = createNames();
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    connect: async () => {
      const client = await pool.connect();
      const before = known.get(client);
      if (before !== undefined) return before;
      const preparing = preparingClient(client, names);
      known.set(client, preparing);
      return preparing;
    },
    end: () => pool.end(),
  };
}

function preparingClient(client: pg.PoolClient, nameOf: (text: string) => string | undefined): PostgresPoolClient {
  function query<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query(text: string | PostgresCursor<unknown>, values: readonly unknown[] = []): unknown {
    if (typeof text !== 'string')
      throw internalError({ code: 'no-cursor', message: 'This connection reads no cursors.' });
    const name = values.length === 0 || text.length > longestPrepared ? undefined : nameOf(text);
    return client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
  }
  return { query, release: () => client.release() };
}

/** One name per text, the same on every connection; undefined while the text is not worth preparing. */
function createNames(): (text: string) => string | undefined {
  const names = new Map<string, string>();
  const times = new Map<string, number>();
  return (text) => {
    const name = names.get(text);
    if (name !== undefined) return name;
    if (names.size >= mostPrepared) return undefined;
    const count = (times.get(text) ?? 0) + 1;
    if (count < worthPreparing) {
      if (times.size >= mostCounted) times.clear();
      times.set(text, count);
      return undefined;
    }
    times.delete(text);
    const fresh = `s${names.size + 1}`;
    names.set(text, fresh);
    return fresh;
  };
}

import { type Kysely, sql } from 'kysely';
import type { Database } from '../../store/schema.ts';

/**
 * One delivery per target at a time, over all processes: PostgreSQL's session advisory locks, all of a process on one
 * connection that is kept only while a lock is held. A killed process frees its locks with its connection, at once; no
 * transaction stays open while a platform is slow, and the pool loses one connection and not one per channel.
 */
export type TargetLocks = {
  /** Runs `work` with the target locked; undefined when it is being delivered to elsewhere. */
  withLock<T>(target: string, work: () => Promise<T>): Promise<T | undefined>;
};

type Session = { connection: Kysely<Database>; close: () => void };

export function createTargetLocks(db: Kysely<Database>): TargetLocks {
  // Session locks may be taken twice by one session, so within the process the set decides.
  const held = new Set<string>();
  let session: Promise<Session> | undefined;

  function openSession(): Promise<Session> {
    return new Promise((resolve, reject) => {
      db.connection()
        .execute((connection) => new Promise<void>((close) => resolve({ connection, close })))
        .catch(reject);
    });
  }

  /** Gives the connection back: when nothing is held any more, or when it broke (then its locks are gone as well). */
  function dropSession(dropped: Promise<Session>): void {
    if (session === dropped) session = undefined;
    const freeing = dropped.then(async ({ connection, close }) => {
      try {
        await sql`select pg_advisory_unlock_all()`.execute(connection);
      } finally {
        close();
      }
    });
    // A connection that is gone has nothing to free, and the pool replaces it.
    freeing.catch(() => {});
  }

  async function onSession<T>(
    opened: Promise<Session>,
    query: (connection: Kysely<Database>) => Promise<T>,
  ): Promise<T> {
    try {
      return await query((await opened).connection);
    } catch (error) {
      dropSession(opened);
      throw error;
    }
  }

  return {
    withLock: async (target, work) => {
      if (held.has(target)) return undefined;
      held.add(target);
      session ??= openSession();
      const mine = session;
      try {
        if (!(await onSession(mine, (connection) => lock(connection, target)))) return undefined;
        try {
          return await work();
        } finally {
          await onSession(mine, (connection) => unlock(connection, target));
        }
      } finally {
        held.delete(target);
        if (held.size === 0 && session === mine) dropSession(mine);
      }
    },
  };
}

async function lock(connection: Kysely<Database>, target: string): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_lock(hashtextextended(${`deliver:${target}`}, 0)) as locked`.execute(connection);
  return rows[0]?.locked === true;
}

async function unlock(connection: Kysely<Database>, target: string): Promise<void> {
  await sql`select pg_advisory_unlock(hashtextextended(${`deliver:${target}`}, 0))`.execute(connection);
}

import { type Kysely, sql } from 'kysely';
import type { Database } from '../../store/schema.ts';

type Session = { connection: Kysely<Database>; close: () => void };

/**
 * One delivery per target at a time, over all processes: PostgreSQL's session advisory locks, all of a process on one
 * connection that is kept only while a lock is held. A killed process frees its locks with its connection, at once; no
 * transaction stays open while a platform is slow, and the pool loses one connection and not one per channel.
 */
export class TargetLocks {
  readonly #db: Kysely<Database>;
  // Session locks may be taken twice by one session, so within the process the set decides.
  readonly #held = new Set<string>();
  #session: Promise<Session> | undefined;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Runs `work` with the target locked; undefined when it is being delivered to elsewhere. */
  async withLock<T>(target: string, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#held.has(target)) return undefined;
    this.#held.add(target);
    this.#session ??= this.#openSession();
    const mine = this.#session;
    try {
      if (!(await this.#onSession(mine, (connection) => lock(connection, target)))) return undefined;
      try {
        return await work();
      } finally {
        await this.#onSession(mine, (connection) => unlock(connection, target));
      }
    } finally {
      this.#held.delete(target);
      if (this.#held.size === 0 && this.#session === mine) this.#dropSession(mine);
    }
  }

  #openSession(): Promise<Session> {
    return new Promise((resolve, reject) => {
      this.#db
        .connection()
        .execute((connection) => new Promise<void>((close) => resolve({ connection, close })))
        .catch(reject);
    });
  }

  /** Gives the connection back: when nothing is held any more, or when it broke (then its locks are gone as well). */
  #dropSession(dropped: Promise<Session>): void {
    if (this.#session === dropped) this.#session = undefined;
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

  async #onSession<T>(opened: Promise<Session>, query: (connection: Kysely<Database>) => Promise<T>): Promise<T> {
    try {
      return await query((await opened).connection);
    } catch (error) {
      this.#dropSession(opened);
      throw error;
    }
  }
}

async function lock(connection: Kysely<Database>, target: string): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_lock(hashtextextended(${`deliver:${target}`}, 0)) as locked`.execute(connection);
  return rows[0]?.locked === true;
}

async function unlock(connection: Kysely<Database>, target: string): Promise<void> {
  await sql`select pg_advisory_unlock(hashtextextended(${`deliver:${target}`}, 0))`.execute(connection);
}

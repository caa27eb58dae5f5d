import { type Kysely, sql } from 'kysely';

/**
 * Locks the audit's chain until the end of the transaction and answers its last entry, in one question: everybody who appends waits for
 * whoever holds the lock. Under READ COMMITTED the select within sees what the lock's last holder committed; the isolation is
 * answered for the caller to refuse any other.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function lock_audit_chain() returns table (isolation text, last_seq bigint, last_hash text) language plpgsql volatile as $$
    begin
      perform pg_advisory_xact_lock(1835627372, 1);
      isolation := current_setting('transaction_isolation');
      select audit.seq, audit.hash into last_seq, last_hash from audit order by audit.seq desc limit 1;
      return next;
    end $$`.execute(db);
}

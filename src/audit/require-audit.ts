import type { Kysely } from 'kysely';
import { MislaidError } from '../ground/errors.ts';
import type { Database } from '../store/schema.ts';
import { auditIsWritable } from './chain.ts';

/**
 * Asked before anything that leads to a wipe is stored: what cannot be audited must not be set going. Throws MislaidError
 * `audit-away`.
 */
export async function requireAudit(db: Kysely<Database>, now: Date): Promise<void> {
  const writable = await auditIsWritable(db, now);
  if (!writable.ok) throw auditAway(writable.cause);
}

/**
 * The same for what one transaction stores together with its audit entry: it is asked only after that failed. Throws what `store`
 * throws, and MislaidError `audit-away` where the audit was why.
 */
export async function explainAuditAway<T>(db: Kysely<Database>, now: Date, store: () => Promise<T>): Promise<T> {
  try {
    return await store();
  } catch (error) {
    if (!(error instanceof MislaidError)) await requireAudit(db, now);
    throw error;
  }
}

function auditAway(cause: unknown): MislaidError {
  return new MislaidError({
    code: 'audit-away',
    message: 'the audit cannot be written, so a destructive command was refused',
    userMessage:
      'The audit cannot be written now, and without it nothing is wiped. Nothing was done. Tell an admin: the disk of the database may be full.',
    cause,
  });
}

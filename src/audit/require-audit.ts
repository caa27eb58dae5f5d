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
  if (writable.ok) return;
  throw new MislaidError({
    code: 'audit-away',
    message: 'the audit cannot be written, so a destructive command was refused',
    userMessage:
      'The audit cannot be written now, and without it nothing is wiped. Nothing was done. Tell an admin: the disk of the database may be full.',
    cause: writable.cause,
  });
}

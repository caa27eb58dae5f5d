/** disk_full: PostgreSQL could not make a table or its log longer. */
const postgresCode = '53100';
/** What the operating system says to those that write files themselves. */
const systemCode = 'ENOSPC';

/** Whether this failed because the disk has no room left: nothing of it was written, and the same again may succeed later. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && (error.code === postgresCode || error.code === systemCode)) return true;
  return isDiskFull(error.cause);
}

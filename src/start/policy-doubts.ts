import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { canonicalHash } from '../ground/canonical.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { policyDoubts, storedDirectory } from '../incidents/roles/policy-findings.ts';
import { notify } from '../notices/notify.ts';
import type { Policy } from '../policy.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';

/**
 * Names whom policy.yaml speaks of and nobody knows, and whose accounts nobody can speak from: to the log at each start, and once to
 * security and the admins. Answers false while no directory was read that could tell; then it is to be tried again.
 */
export async function namePolicyDoubts(
  parts: { db: Kysely<Database>; store: Store; log: Logger; organisation: Organisation; prefixes: readonly string[] },
  policy: Policy,
): Promise<boolean> {
  const { db, store, log, organisation, prefixes } = parts;
  const knows = await storedDirectory(db, organisation);
  if (knows === undefined) return false;
  const doubts = await policyDoubts(policy, { knows, prefixes });
  if (doubts.length === 0) return true;
  for (const { check, found, remedy } of doubts) log.warn({ check, found, remedy }, 'policy.yaml does not fit');
  const said = doubts.map(({ check, found }) => `${check}: ${found}`).join('; ');
  const key = canonicalHash(said);
  await store.change((change) =>
    notify(change, policy, 'policy-doubtful', { key, line: [`policy.yaml does not fit, see "doctor": ${said}`] }),
  );
  return true;
}

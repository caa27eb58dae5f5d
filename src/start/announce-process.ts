import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Ids } from '../ground/clock.ts';
import type { Closing } from '../ground/closing.ts';
import { type Policy, policyHash } from '../policy.ts';
import { announceEveryMs, announceProcess, deleteProcess } from '../store/processes.ts';
import type { Database } from '../store/schema.ts';

export type PolicyAnnouncer = {
  announce(policy: Policy): Promise<void>;
};

/** Says which policy this process runs: at once, and every few seconds for as long as it lives. */
export function openPolicyAnnouncer(parts: {
  db: Kysely<Database>;
  ids: Ids;
  log: Logger;
  closing: Closing;
  /** Hears why it could not be said. */
  onFailed: (error: unknown) => void;
}): PolicyAnnouncer {
  const { db, ids, log, closing, onFailed } = parts;
  const id = ids.uuid();
  let hash: string | undefined;
  const timer = setInterval(() => {
    if (hash === undefined) return;
    announceProcess(db, id, hash).catch((error: unknown) => {
      onFailed(error);
      log.warn({ err: error }, 'this process could not announce its policy');
    });
  }, announceEveryMs);
  closing.add('announcing', async () => {
    clearInterval(timer);
    await deleteProcess(db, id);
  });
  return {
    announce: async (policy) => {
      hash = policyHash(policy);
      await announceProcess(db, id, hash);
    },
  };
}

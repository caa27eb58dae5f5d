import { type Policy, policyHash } from '../policy.ts';
import { announceEveryMs, announceProcess, deleteProcess } from '../store/processes.ts';
import type { ProcessParts } from './parts.ts';

/** Says which policy this process runs: at once, and every few seconds for as long as it lives. */
export function openPolicyAnnouncer(
  parts: Pick<ProcessParts, 'db' | 'ids' | 'log' | 'closing'> & {
    /** Hears why it could not be said. */
    onFailed: (error: unknown) => void;
  },
): { announce(policy: Policy): Promise<void> } {
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

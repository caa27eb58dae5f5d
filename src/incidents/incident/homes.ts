import type { Change } from '../../store/port.ts';

/**
 * Renders again the home pages that show incidents, approvals and the lock: of people whom policy.yaml lists and who have
 * opened theirs before. Everybody else's is rendered when they open it.
 */
export async function refreshHomes(change: Change): Promise<void> {
  const opened = await change.tx
    .selectFrom('delivery')
    .innerJoin('chatIdentity', 'chatIdentity.identity', 'delivery.identity')
    .select('chatIdentity.identity')
    .distinct()
    .where('delivery.kind', '=', 'home')
    .where('chatIdentity.foundBy', '=', 'policy')
    .orderBy('chatIdentity.identity')
    .execute();
  for (const { identity } of opened) await change.home(identity);
}

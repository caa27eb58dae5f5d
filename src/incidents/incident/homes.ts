import type { Change } from '../../store/port.ts';

/**
 * Renders the home pages anew that show incidents, approvals and the lock: of people whom policy.yaml lists and who have
 * opened theirs before. Everybody else's is rendered when he opens it.
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

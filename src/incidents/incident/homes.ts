import type { Identity } from '../../ground/addresses.ts';
import type { Change } from '../../store/port.ts';

/** Somebody opens their home page. */
export async function openHome(change: Change, identity: Identity): Promise<void> {
  await change.tx
    .insertInto('homePage')
    .values({ identity })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await change.home(identity);
}

/**
 * Renders again the home pages that show incidents, approvals and the lock: of people whom policy.yaml lists and who have
 * opened theirs before. Everybody else's is rendered when they open it.
 */
export async function refreshHomes(change: Change): Promise<void> {
  const opened = await change.tx
    .selectFrom('homePage')
    .innerJoin('chatIdentity', 'chatIdentity.identity', 'homePage.identity')
    .select('chatIdentity.identity')
    .where('chatIdentity.foundBy', '=', 'policy')
    .orderBy('chatIdentity.identity')
    .execute();
  for (const { identity } of opened) await change.home(identity);
}

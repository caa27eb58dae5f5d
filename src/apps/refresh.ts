import { ExchangeError } from '../exchange/port.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { JobContext } from '../incidents/job.ts';
import { readInventory, storeInventory } from './inventory.ts';

const fresh = 5 * 60_000;

/** Since when the inventory is as it is, and why it is not newer. */
export type InventoryState = { readAt: Date | null; problem: string | null; defaultAccessLevel: string };

/** Reads devices and rules again unless they were read within the last minutes. With Exchange away, what is known stands. */
export async function refreshInventory(
  context: JobContext,
  organisation: Organisation,
  options: { force?: boolean } = {},
): Promise<InventoryState & { goneRules: { guid: string; name: string }[] }> {
  const { store, clock } = context;
  const known = await store.db
    .selectFrom('appInventory')
    .selectAll()
    .where('organisation', '=', organisation)
    .executeTakeFirst();
  const now = clock.now();
  const state = {
    readAt: known?.readAt ?? null,
    problem: null,
    defaultAccessLevel: known?.defaultAccessLevel ?? '',
    goneRules: [],
  };
  if (options.force !== true && known !== undefined && now.getTime() - known.readAt.getTime() < fresh) return state;
  try {
    const inventory = await readInventory(context.exchange(organisation), organisation, now);
    const stored = await store.change((change) => storeInventory(change.tx, organisation, inventory));
    return { ...state, ...stored, readAt: now, defaultAccessLevel: inventory.defaultAccessLevel };
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    context.log.warn({ err: error }, 'the inventory could not be read');
    return { ...state, problem: error.userMessage };
  }
}

import type { Kysely } from 'kysely';
import type { Place } from '../ground/addresses.ts';
import type { Clock, Ids } from '../ground/clock.ts';
import type { Message } from '../message/model.ts';
import type { Policy } from '../policy.ts';
import type { Projection } from '../store/projection.ts';
import type { Database } from '../store/schema.ts';
import { mintMessage } from './actions.ts';

export type ProjectionParts = {
  store: { readonly db: Kysely<Database> };
  projections: readonly Projection[];
  policy: Policy;
  clock: Clock;
  ids: Ids;
};

/** A card's subject as the store has it now, with its buttons; undefined where nothing of this version can render it. */
export async function renderProjection(
  { store, projections, policy, clock, ids }: ProjectionParts,
  { subject, place }: { subject: string; place: Place },
): Promise<Message | undefined> {
  const { db } = store;
  const now = clock.now();
  const colon = subject.indexOf(':');
  const [kind, id] = [subject.slice(0, colon), subject.slice(colon + 1)];
  const draft = await projections.find((each) => each.kind === kind)?.render({ db, id, place, now, policy });
  return draft && (await mintMessage({ db, subject: `${kind}:${id}`, ids, now }, draft));
}

/** What stood in the places of one platform before this start, as far as it is kept: for a platform that keeps nothing itself. */
import type { Kysely } from 'kysely';
import type { Identity, Place } from '../ground/addresses.ts';
import type { Message } from '../message/model.ts';
import type { Database } from '../store/schema.ts';
import { mintMessage } from './actions.ts';
import { markMessage } from './mark.ts';
import { type ProjectionParts, renderProjection } from './render-projection.ts';

export type Standing = {
  readonly target: Place | Identity;
  readonly key: string;
  readonly message: Message;
  /** The key of the card under which it stands. */
  readonly under?: string;
  readonly at: Date;
};

type HistoryParts = ProjectionParts & { store: { readonly db: Kysely<Database> }; mark: string | undefined };

/** The newest of each kind, oldest first. What was said to one person alone is not kept, but for their cards. */
export async function standingMessages(parts: HistoryParts, prefix: string, most: number): Promise<Standing[]> {
  const { store, ids, clock, mark } = parts;
  const { db } = store;
  const cards = await db
    .selectFrom('card')
    .select(['subject', 'place', 'postKey', 'createdAt'])
    .where('place', 'like', `${prefix}:%`)
    .where('ref', 'is not', null)
    .orderBy('id', 'desc')
    .limit(most)
    .execute();
  const notes = await db
    .selectFrom('delivery')
    .leftJoin('card', 'card.id', 'delivery.cardId')
    .select(['delivery.id', 'delivery.key', 'delivery.place', 'delivery.draft', 'delivery.createdAt', 'delivery.kind'])
    .select(['card.place as cardPlace', 'card.postKey'])
    .where('delivery.state', '=', 'done')
    .where('delivery.kind', 'in', ['reply', 'notice'])
    .where((where) =>
      where.or([where('delivery.place', 'like', `${prefix}:%`), where('card.place', 'like', `${prefix}:%`)]),
    )
    .orderBy('delivery.id', 'desc')
    .limit(most)
    .execute();
  const found: Standing[] = [];
  for (const { subject, place, postKey, createdAt } of cards) {
    const message = await renderProjection(parts, { subject, place });
    if (message !== undefined)
      found.push({ target: place, key: postKey, message: markMessage(message, mark), at: createdAt });
  }
  for (const { id, key, place, cardPlace, postKey, draft, createdAt } of notes) {
    const target = cardPlace ?? place;
    if (draft === null || target === null) continue;
    const message = await mintMessage({ db, subject: `delivery:${id}`, ids, now: clock.now() }, draft);
    const under = postKey === null ? {} : { under: postKey };
    found.push({ target, key, message: markMessage(message, mark), ...under, at: createdAt });
  }
  return found.sort((one, other) => one.at.getTime() - other.at.getTime());
}

/** One card: the stored state as it is now, posted once and edited from then on; the newest state wins. */
import type { Selectable } from 'kysely';
import type { MessageRef } from '../../ground/addresses.ts';
import { canonicalHash } from '../../ground/canonical.ts';
import type { Message } from '../../message/model.ts';
import type { CardTable } from '../../store/tables/deliveries.ts';
import { markMessage } from '../mark.ts';
import { DeliveryError } from '../port.ts';
import { renderProjection } from '../render-projection.ts';
import { RenderingError, retryLater } from './failure.ts';
import { addressOf } from './message.ts';
import type { DeliveryOutcome, DeliveryRun } from './run.ts';

export type CardRow = Selectable<CardTable>;

/** Delivers the card as it stands in the store now; `card` was read in this round, so `card.wanted` is not newer than the facts. */
export async function deliverCard(round: DeliveryRun, card: CardRow): Promise<DeliveryOutcome> {
  const { clock, pace } = round;
  const known: { ref: MessageRef | null } = { ref: card.ref };
  try {
    const message = await renderCard(round, card);
    const hash = message === undefined ? card.shownHash : canonicalHash(message);
    if (message === undefined || (card.ref !== null && card.shownHash === hash)) {
      await shown(round, card, known.ref, hash);
      return 'settled';
    }
    if (pace.freeAt().getTime() > clock.now().getTime()) return 'paced';
    await show(round, card, known, message);
    pace.count(clock.now());
    await shown(round, card, known.ref, hash);
    return 'sent';
  } catch (error) {
    const row = { kind: 'card', id: card.id, attempts: card.attempts, tried: card.postTried };
    return await retryLater(round, error, row, ({ tx }, { isDead, tried, ...failed }) =>
      tx
        .updateTable('card')
        .set({ ...failed, ref: known.ref, dead: isDead, postTried: tried })
        .where('id', '=', card.id)
        .execute(),
    );
  }
}

/** undefined, too, for a card that a newer version put up: that one knows how to render it. */
async function renderCard(round: DeliveryRun, card: CardRow): Promise<Message | undefined> {
  try {
    const message = await renderProjection(round, card);
    return message && markMessage(message, round.mark);
  } catch (cause) {
    throw new RenderingError(cause);
  }
}

/** Posts or edits. Sets `known.ref` as soon as the message is known, so that a failure afterwards does not lose it. */
async function show(
  round: DeliveryRun,
  card: CardRow,
  known: { ref: MessageRef | null },
  message: Message,
): Promise<void> {
  const { adapter } = round;
  const gone = known.ref !== null && !(await edited(round, known.ref, message)) ? known.ref : undefined;
  if (known.ref !== null && gone === undefined) return;
  // A post whose answer was lost, or that a process made anew and died over.
  const found = card.postTried ? await adapter.find(card.place, card.postKey) : undefined;
  known.ref = found === undefined || found === gone ? null : found;
  if (known.ref !== null && (await edited(round, known.ref, message))) return;
  // Committed before the post: a crash in between means looking, not posting again.
  await round.store.db.updateTable('card').set({ postTried: true }).where('id', '=', card.id).execute();
  known.ref = card.personal
    ? await adapter.privately(card.place, message, card.postKey, await addressOf(round))
    : await adapter.post(card.place, message, card.postKey);
}

/** false: somebody has deleted the message, so the card is posted anew. */
async function edited({ adapter }: DeliveryRun, ref: MessageRef, message: Message): Promise<boolean> {
  try {
    await adapter.edit(ref, message);
    return true;
  } catch (error) {
    if (error instanceof DeliveryError && error.problem.kind === 'gone') return false;
    throw error;
  }
}

async function shown({ store }: DeliveryRun, card: CardRow, ref: MessageRef | null, shownHash: string | null) {
  await store.db
    .updateTable('card')
    .set({ ref, shown: card.wanted, shownHash, attempts: 0, problem: null })
    .where('id', '=', card.id)
    .execute();
}

/** One card: the stored state as it is now, posted once and edited from then on; the newest state wins. */
import type { Selectable } from 'kysely';
import type { MessageRef } from '../../ground/addresses.ts';
import { canonicalHash } from '../../ground/canonical.ts';
import type { Message } from '../../message/model.ts';
import type { CardTable } from '../../store/tables/deliveries.ts';
import { mintMessage } from '../actions.ts';
import { markMessage } from '../mark.ts';
import { notifyDead } from './dead.ts';
import { failureOf, outcomeAfter, RenderingError } from './failure.ts';
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
    return await retryLater(round, card, known.ref, error);
  }
}

async function renderCard(round: DeliveryRun, card: CardRow): Promise<Message | undefined> {
  const { store, projections, policy, clock, ids, mark } = round;
  const colon = card.subject.indexOf(':');
  const kind = card.subject.slice(0, colon);
  const id = card.subject.slice(colon + 1);
  const projection = projections.find((each) => each.kind === kind);
  // A newer version put this card up; it knows how to render it.
  if (projection === undefined) return undefined;
  const now = clock.now();
  try {
    const draft = await projection.render({ db: store.db, id, place: card.place, now, policy });
    if (draft === undefined) return undefined;
    return markMessage(await mintMessage({ db: store.db, subject: `${kind}:${id}`, ids, now }, draft), mark);
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
  if (known.ref === null && card.postTried) known.ref = (await adapter.find(card.place, card.postKey)) ?? null;
  if (known.ref !== null) return await adapter.edit(known.ref, message);
  // Committed before the post: a crash in between means looking, not posting again.
  await round.store.db.updateTable('card').set({ postTried: true }).where('id', '=', card.id).execute();
  known.ref = card.personal
    ? await adapter.privately(card.place, message, card.postKey, await addressOf(round))
    : await adapter.post(card.place, message, card.postKey);
}

async function shown(
  round: DeliveryRun,
  card: CardRow,
  ref: MessageRef | null,
  shownHash: string | null,
): Promise<void> {
  await round.store.db
    .updateTable('card')
    .set({ ref, shown: card.wanted, shownHash, attempts: 0, problem: null })
    .where('id', '=', card.id)
    .execute();
}

async function retryLater(
  round: DeliveryRun,
  card: CardRow,
  ref: MessageRef | null,
  error: unknown,
): Promise<DeliveryOutcome> {
  const { store, clock, pace, log, metrics } = round;
  const failure = failureOf(error, card.attempts, clock.now());
  const { problem, text, dueAt } = failure;
  metrics?.delivered('card', problem.kind);
  log.warn({ err: error, card: card.id, problem: problem.kind }, 'a card could not be delivered');
  if (failure.holdsTarget) pace.holdUntil(dueAt);
  await store.change(async (change) => {
    await change.tx
      .updateTable('card')
      .set({
        ref,
        dueAt,
        problem: text,
        dead: problem.kind === 'dead',
        attempts: card.attempts + 1,
        // A post that was in doubt before stays so: this failure may have been the looking.
        postTried: failure.findFirst || card.postTried,
      })
      .where('id', '=', card.id)
      .execute();
    if (problem.kind === 'dead') await notifyDead(change, round, { remedy: problem.remedy });
  });
  return outcomeAfter(error, problem);
}

/** What is no card: a reply under one, a private message, a line in a channel, a home page. Each is sent once. */
import type { Selectable } from 'kysely';
import type { MessageRef } from '../../ground/addresses.ts';
import { assertNever } from '../../ground/errors.ts';
import type { Message } from '../../message/model.ts';
import type { DeliveryTable } from '../../store/tables/deliveries.ts';
import { mintMessage } from '../actions.ts';
import { markMessage } from '../mark.ts';
import { DeliveryError } from '../port.ts';
import { renderProjection } from '../render-projection.ts';
import { RenderingError, retryLater } from './failure.ts';
import type { DeliveryOutcome, DeliveryRun } from './run.ts';

/** A waiting delivery with what its card says of it, for replies. */
export type WaitingMessage = Selectable<DeliveryTable> & {
  cardRef: string | null;
  cardDead: boolean | null;
  cardSubject: string | null;
};

export async function deliverMessage(round: DeliveryRun, note: WaitingMessage): Promise<DeliveryOutcome> {
  const { clock, pace } = round;
  if (note.kind === 'reply' && note.cardRef === null) {
    await close(round, note, 'dropped', 'its card never arrived');
    return 'settled';
  }
  if (pace.freeAt().getTime() > clock.now().getTime()) return 'paced';
  try {
    const upTo = note.kind === 'home' ? await newestHome(round) : note.id;
    const message = await renderNote(round, note);
    if (message === undefined) {
      await close(round, note, 'dropped', 'there is nothing to show');
      return 'settled';
    }
    await send(round, note, message);
    pace.count(clock.now());
    await close(round, note, 'done', null, upTo);
    return 'sent';
  } catch (error) {
    const { kind, id, attempts, tried, key } = note;
    return await retryLater(round, error, { kind, id, attempts, tried, key }, (change, { isDead, ...failed }) =>
      change.tx
        .updateTable('delivery')
        .set({ ...failed, ...(isDead ? { state: 'dropped', doneAt: change.now } : {}) })
        .where('id', '=', id)
        .execute(),
    );
  }
}

async function renderNote(round: DeliveryRun, note: WaitingMessage): Promise<Message | undefined> {
  const { store, clock, ids, mark, target } = round;
  const { db } = store;
  try {
    // A home page mixes drills with real incidents and marks their rows itself.
    if (note.kind === 'home') {
      const page = await renderProjection(round, { subject: `home:${target}`, place: target });
      return page && markMessage(page, mark);
    }
    if (note.draft === null) return undefined;
    const minting = { db, subject: `delivery:${note.id}`, ids, now: clock.now() } as const;
    const ownMark =
      note.cardSubject === null
        ? await round.markOfMessage?.(db, note.draft)
        : await round.markOf?.(db, note.cardSubject);
    return markMessage(markMessage(await mintMessage(minting, note.draft), ownMark), mark);
  } catch (cause) {
    throw new RenderingError(cause);
  }
}

async function send(round: DeliveryRun, note: WaitingMessage, message: Message): Promise<void> {
  const { adapter, target, store } = round;
  if (note.kind === 'home') {
    await adapter.home?.(target, message);
    return;
  }
  if (note.tried && (await adapter.find(target, note.key)) !== undefined) return;
  // Committed before the post: a crash in between means looking, not posting again.
  await store.db.updateTable('delivery').set({ tried: true }).where('id', '=', note.id).execute();
  switch (note.kind) {
    case 'reply':
      if (note.cardRef !== null) await replyTo(round, note.cardRef, message, note.key);
      return;
    case 'notice':
      await adapter.post(target, message, note.key);
      return;
    case 'private':
      await adapter.privately(target, message, note.key, await addressOf(round));
      return;
    default:
      assertNever(note.kind, 'kind of delivery');
  }
}

/** Where somebody deleted the card, what should notify stands in the place itself. */
async function replyTo(
  { adapter, target }: DeliveryRun,
  card: MessageRef,
  message: Message,
  key: string,
): Promise<void> {
  try {
    await adapter.reply(card, message, key);
  } catch (error) {
    if (!(error instanceof DeliveryError) || error.problem.kind !== 'gone') throw error;
    await adapter.post(target, message, key);
  }
}

/** The opaque address that came with the person's last words, for platforms that need one to write privately. */
export async function addressOf({ store, target }: DeliveryRun): Promise<string | undefined> {
  const known = await store.db
    .selectFrom('chatIdentity')
    .select('address')
    .where('identity', '=', target)
    .executeTakeFirst();
  return known?.address ?? undefined;
}

/** A home page shows everything as it is now: one stands for all that were wished before it was rendered. */
async function newestHome({ store, target }: DeliveryRun): Promise<number> {
  const { newest } = await store.db
    .selectFrom('delivery')
    .select(({ fn }) => fn.max('id').as('newest'))
    .where('state', '=', 'waiting')
    .where('kind', '=', 'home')
    .where('identity', '=', target)
    .executeTakeFirstOrThrow();
  return newest;
}

async function close(
  { store, clock, target }: DeliveryRun,
  note: WaitingMessage,
  state: 'done' | 'dropped',
  problem: string | null,
  upTo = note.id,
): Promise<void> {
  const rows = store.db
    .updateTable('delivery')
    // What was said to one person alone, a code among it, is kept no longer than it takes to say it.
    .set({ state, problem, doneAt: clock.now(), ...(note.kind === 'private' ? { draft: null } : {}) })
    .where('state', '=', 'waiting');
  await (note.kind === 'home'
    ? rows.where('kind', '=', 'home').where('identity', '=', target).where('id', '<=', upTo)
    : rows.where('id', '=', note.id)
  ).execute();
}

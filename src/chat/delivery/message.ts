/** What is no card: a reply under one, a private message, a line in a channel, a home page. Each is sent once. */
import type { Selectable } from 'kysely';
import { assertNever } from '../../ground/errors.ts';
import type { DraftMessage, Message } from '../../message/model.ts';
import type { DeliveryTable } from '../../store/tables/deliveries.ts';
import { mintMessage } from '../actions.ts';
import { markMessage } from '../mark.ts';
import { notifyDead } from './dead.ts';
import { failureOf, outcomeAfter, RenderingError } from './failure.ts';
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
    return await retryLater(round, note, error);
  }
}

async function renderNote(round: DeliveryRun, note: WaitingMessage): Promise<Message | undefined> {
  const { store, projections, policy, clock, ids, mark, target } = round;
  const now = clock.now();
  try {
    const draft =
      note.kind === 'home'
        ? await projections
            .find(({ kind }) => kind === 'home')
            ?.render({ db: store.db, id: target, place: target, now, policy })
        : (note.draft ?? undefined);
    if (draft === undefined) return undefined;
    const subject = note.kind === 'home' ? (`home:${target}` as const) : (`delivery:${note.id}` as const);
    const own = await ownMark(round, note, draft);
    const message = markMessage(await mintMessage({ db: store.db, subject, ids, now }, draft), own);
    return markMessage(message, mark);
  } catch (cause) {
    throw new RenderingError(cause);
  }
}

/** A home page mixes drills with real incidents and marks their rows itself. */
async function ownMark(
  { store, markOf, markOfMessage }: DeliveryRun,
  note: WaitingMessage,
  draft: DraftMessage,
): Promise<string | undefined> {
  if (note.kind === 'home') return undefined;
  if (note.cardSubject !== null) return await markOf?.(store.db, note.cardSubject);
  return await markOfMessage?.(store.db, draft);
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
      if (note.cardRef !== null) await adapter.reply(note.cardRef, message, note.key);
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
    .set({ state, problem, doneAt: clock.now() })
    .where('state', '=', 'waiting');
  await (note.kind === 'home'
    ? rows.where('kind', '=', 'home').where('identity', '=', target).where('id', '<=', upTo)
    : rows.where('id', '=', note.id)
  ).execute();
}

async function retryLater(round: DeliveryRun, note: WaitingMessage, error: unknown): Promise<DeliveryOutcome> {
  const { store, clock, pace, log, metrics } = round;
  const failure = failureOf(error, note.attempts, clock.now());
  const { problem, text, dueAt } = failure;
  metrics?.delivered(note.kind, problem.kind);
  log.warn({ err: error, delivery: note.id, problem: problem.kind }, 'a message could not be delivered');
  if (failure.holdsTarget) pace.holdUntil(dueAt);
  await store.change(async (change) => {
    await change.tx
      .updateTable('delivery')
      .set({
        dueAt,
        problem: text,
        attempts: note.attempts + 1,
        // A post that was in doubt before stays so: this failure may have been the looking.
        tried: failure.findFirst || note.tried,
        ...(problem.kind === 'dead' ? { state: 'dropped', doneAt: change.now } : {}),
      })
      .where('id', '=', note.id)
      .execute();
    if (problem.kind === 'dead') await notifyDead(change, round, { remedy: problem.remedy, key: note.key });
  });
  return outcomeAfter(error, problem);
}

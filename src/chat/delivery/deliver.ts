/**
 * Delivering: everything that people see, apart from answers in the same turn. Per place or person and in order: cards
 * whose facts changed, then messages. Each is committed as tried before it is sent, so whatever dies in between is looked for
 * and not sent again.
 */

import type { Identity, Place } from '../../ground/addresses.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { ChatAdapter } from '../port.ts';
import { type CardRow, deliverCard } from './card.ts';
import { deliverMessage, type WaitingMessage } from './message.ts';
import { openPace } from './pace.ts';
import type { DelivererParts, DeliveryOutcome, DeliveryRun } from './run.ts';
import { createTargetLocks } from './target-locks.ts';

export type { DelivererParts } from './run.ts';

export type Deliverer = {
  /** Delivers what is due for one place or identity; answers when the next thing is due there. Throws only when the store does. */
  deliver(target: Place | Identity): Promise<{ nextDueAt?: Date }>;
  /** At start: cards that could never arrive are tried once more, because somebody may have mended what stood in their way. */
  revive(): Promise<void>;
};

/** A run that goes on for longer lets others have their turn. */
const mostPerRun = 100;
/** After so many failures a message no longer holds up those behind it. */
const failuresWaitedFor = 5;
/** Somebody else is at work on this target: he may just have looked past the newest wish. */
const otherMs = 1_000;

export function createDeliverer(parts: DelivererParts): Deliverer {
  const { store, clock, log } = parts;
  const locks = createTargetLocks(store.db);
  const later = (milliseconds: number) => new Date(clock.now().getTime() + milliseconds);

  return {
    deliver: async (target) => {
      const adapter = parts.adapters.get(target.slice(0, target.indexOf(':')));
      if (adapter === undefined) {
        log.warn({ target }, 'no chat platform of this process delivers there');
        throw new MislaidError({
          code: 'no-adapter',
          message: `Nothing delivers to ${target}: its chat platform is not configured in this process.`,
        });
      }
      const ended = await locks.withLock(target, () => run(parts, target, adapter));
      return ended ?? { nextDueAt: later(otherMs) };
    },
    revive: async () => {
      await store.change(async (change) => {
        const revived = await change.tx
          .updateTable('card')
          .set({ dead: false, attempts: 0, dueAt: change.now })
          .where('dead', '=', true)
          .returning('place')
          .execute();
        for (const target of new Set(revived.map(({ place }) => place))) {
          await change.enqueue('deliver', { target }, { key: target });
        }
      });
    },
  };
}

async function run(parts: DelivererParts, target: string, adapter: ChatAdapter): Promise<{ nextDueAt?: Date }> {
  const pace = await openPace(parts.store.db, target, adapter.limits.postsPerSecondPerPlace);
  const round: DeliveryRun = { ...parts, target, adapter, pace };
  let waiting: WaitingHere | undefined;
  try {
    for (let count = 0; count < mostPerRun; count += 1) {
      const found = await nextDelivery(round);
      waiting = found.waiting;
      if (found.due === undefined) break;
      waiting = undefined;
      const step = await found.due();
      if (step === 'paced' || step === 'put-off') break;
    }
  } finally {
    await pace.save();
  }
  const due = nextDue(round, waiting ?? (await nextDelivery(round)).waiting);
  if (due === undefined) return {};
  return { nextDueAt: new Date(Math.max(due.getTime(), pace.freeAt().getTime())) };
}

/** What waits at the target, due or not: the first card, and the messages, which are looked at when no card is due. */
type WaitingHere = { card: CardRow | undefined; notes: readonly WaitingMessage[] };

/** What waits at the target, and how to deliver what may go now. */
async function nextDelivery(
  round: DeliveryRun,
): Promise<{ waiting: WaitingHere; due?: () => Promise<DeliveryOutcome> }> {
  const now = round.clock.now();
  const card = await waitingCard(round, now);
  if (card !== undefined && card.dueAt <= now) {
    const due = async () => counted(round, 'card', await deliverCard(round, card));
    return { waiting: { card, notes: [] }, due };
  }
  const notes = await waitingNotes(round);
  const note = dueNote(notes, now);
  if (note === undefined) return { waiting: { card, notes } };
  const due = async () => counted(round, note.kind, await deliverMessage(round, note));
  return { waiting: { card, notes }, due };
}

function counted({ metrics }: DeliveryRun, kind: string, step: DeliveryOutcome): DeliveryOutcome {
  if (step === 'sent') metrics?.delivered(kind, 'sent');
  return step;
}

/** The first of the cards that are due and whose facts are newer than what is shown, else the one that is due next. */
async function waitingCard({ store, target }: DeliveryRun, now: Date): Promise<CardRow | undefined> {
  return await store.db
    .selectFrom('card')
    .selectAll()
    .where('place', '=', target)
    .where('dead', '=', false)
    .whereRef('wanted', '>', 'shown')
    .orderBy(({ fn, ref, val }) => fn('greatest', [ref('dueAt'), val(now)]))
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

/** The first message that may go now: in order, unless the one before it has failed too often to be waited for. */
function dueNote(notes: readonly WaitingMessage[], now: Date): WaitingMessage | undefined {
  for (const note of notes) {
    if (note.dueAt <= now) return note;
    if (note.attempts < failuresWaitedFor) return undefined;
  }
  return undefined;
}

/** Messages whose turn could come: a reply waits until its card stands in the place, or never will. */
async function waitingNotes({ store, target }: DeliveryRun): Promise<WaitingMessage[]> {
  return await store.db
    .selectFrom('delivery')
    .leftJoin('card', 'card.id', 'delivery.cardId')
    .selectAll('delivery')
    .select(['card.ref as cardRef', 'card.dead as cardDead', 'card.subject as cardSubject'])
    .where('delivery.state', '=', 'waiting')
    .where(({ or, eb }) => or([eb('delivery.place', '=', target), eb('delivery.identity', '=', target)]))
    .where(({ or, eb }) =>
      or([eb('delivery.kind', '!=', 'reply'), eb('card.ref', 'is not', null), eb('card.dead', '=', true)]),
    )
    .orderBy('delivery.id')
    .limit(50)
    .execute();
}

function nextDue(round: DeliveryRun, { card, notes }: WaitingHere): Date | undefined {
  const held = notes.findIndex(({ dueAt, attempts }) => dueAt > round.clock.now() && attempts < failuresWaitedFor);
  const reachable = held === -1 ? notes : notes.slice(0, held + 1);
  const dues = [...(card === undefined ? [] : [card]), ...reachable].map(({ dueAt }) => dueAt.getTime());
  return dues.length === 0 ? undefined : new Date(Math.min(...dues));
}

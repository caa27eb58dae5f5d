/**
 * Delivering: everything that people see, apart from answers in the same turn. Per place or person and in order: cards
 * whose facts changed, then messages. Each is committed as tried before it is sent, so whatever dies in between is looked for
 * and not sent again.
 */
import { MislaidError } from '../errors.ts';
import { type Card, deliverCard } from './delivery/card.ts';
import { createTargetLocks } from './delivery/locks.ts';
import { deliverNote, type Note } from './delivery/note.ts';
import { openPace } from './delivery/pace.ts';
import type { DelivererParts, Round, Step } from './delivery/round.ts';
import type { ChatAdapter, Identity, Place } from './port.ts';

export type { DelivererParts } from './delivery/round.ts';

export type Deliverer = {
  /** Delivers what is due for one place or identity; answers when the next thing is due there. Throws only when the store does. */
  deliver(target: Place | Identity): Promise<{ nextDueAt?: Date }>;
  /** At start: cards that could never arrive are tried once more, because somebody may have mended what stood in their way. */
  revive(): Promise<void>;
};

/** A run that goes on for longer lets others have their turn. */
const mostPerRun = 100;
/** After so many failures a message no longer holds up those behind it. */
const patience = 5;
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
  const round: Round = { ...parts, target, adapter, pace };
  try {
    for (let count = 0; count < mostPerRun; count += 1) {
      const step = await next(round);
      if (step === undefined || step === 'paced' || step === 'put-off') break;
    }
  } finally {
    await pace.save();
  }
  const due = await nextDue(round);
  if (due === undefined) return {};
  return { nextDueAt: new Date(Math.max(due.getTime(), pace.freeAt().getTime())) };
}

async function next(round: Round): Promise<Step | undefined> {
  const card = await dueCard(round);
  if (card !== undefined) return counted(round, 'card', await deliverCard(round, card));
  const note = await dueNote(round);
  if (note !== undefined) return counted(round, note.kind, await deliverNote(round, note));
  return undefined;
}

function counted({ metrics }: Round, kind: string, step: Step): Step {
  if (step === 'sent') metrics?.delivered(kind, 'sent');
  return step;
}

async function dueCard({ store, target, clock }: Round): Promise<Card | undefined> {
  return await store.db
    .selectFrom('card')
    .selectAll()
    .where('place', '=', target)
    .where('dead', '=', false)
    .whereRef('wanted', '>', 'shown')
    .where('dueAt', '<=', clock.now())
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

/** The first message that may go now: in order, unless the one before it has failed too often to be waited for. */
async function dueNote(round: Round): Promise<Note | undefined> {
  const now = round.clock.now();
  for (const note of await waitingNotes(round)) {
    if (note.dueAt <= now) return note;
    if (note.attempts < patience) return undefined;
  }
  return undefined;
}

/** Messages whose turn could come: a reply waits until its card stands in the place, or never will. */
async function waitingNotes({ store, target }: Round): Promise<Note[]> {
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

async function nextDue(round: Round): Promise<Date | undefined> {
  const { store, target } = round;
  const card = await store.db
    .selectFrom('card')
    .select('dueAt')
    .where('place', '=', target)
    .where('dead', '=', false)
    .whereRef('wanted', '>', 'shown')
    .orderBy('dueAt')
    .limit(1)
    .executeTakeFirst();
  const notes = await waitingNotes(round);
  const held = notes.findIndex(({ dueAt, attempts }) => dueAt > round.clock.now() && attempts < patience);
  const reachable = held === -1 ? notes : notes.slice(0, held + 1);
  const dues = [...(card === undefined ? [] : [card]), ...reachable].map(({ dueAt }) => dueAt.getTime());
  return dues.length === 0 ? undefined : new Date(Math.min(...dues));
}

/**
 * Delivering: everything that people see, apart from answers in the same turn. Per place or person in the order of order.ts. Each is
 * committed as tried before it is sent, so whatever dies in between is looked for and not sent again.
 */

import type { Identity, Place } from '../../ground/addresses.ts';
import { after, second } from '../../ground/durations.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { ChatAdapter } from '../port.ts';
import { deliverCard } from './card.ts';
import { deliverMessage } from './message.ts';
import { nextDue, nextOf, type Waiting, whatWaits } from './order.ts';
import { openPace } from './pace.ts';
import type { DelivererParts, DeliveryRun } from './run.ts';
import { TargetLocks } from './target-locks.ts';

export type { DelivererParts } from './run.ts';

export type Deliverer = ReturnType<typeof createDeliverer>;

/** A run that goes on for longer lets others have their turn. */
const mostPerRun = 100;
/** Somebody else is at work on this target: it may just have read past the newest wish. */
const otherMs = second;

export function createDeliverer(parts: DelivererParts) {
  const { store, clock, log } = parts;
  const locks = new TargetLocks(store.db);

  return {
    /** Delivers what is due for one place or identity; answers when the next thing is due there. Throws only when the store does. */
    deliver: async (target: Place | Identity): Promise<{ nextDueAt?: Date }> => {
      const adapter = parts.adapters.get(target.slice(0, target.indexOf(':')));
      if (adapter === undefined) {
        log.warn({ target }, 'no chat platform of this process delivers there');
        throw new MislaidError({
          code: 'no-adapter',
          message: `Nothing delivers to ${target}: its chat platform is not configured in this process.`,
          userMessage: 'Nothing delivers there: its chat platform is not configured. Tell an admin.',
        });
      }
      const ended = await locks.withLock(target, () => run(parts, target, adapter));
      return ended ?? { nextDueAt: after(clock.now(), otherMs) };
    },
    /** At start: cards that could never arrive are tried once more, because somebody may have put right what stood in their way. */
    revive: async (): Promise<void> => {
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
  let waiting: Waiting | undefined;
  try {
    for (let count = 0; count < mostPerRun; count += 1) {
      waiting = await whatWaits(round);
      const next = nextOf(waiting, { now: round.clock.now(), turn: pace.turn() });
      if (next === undefined) break;
      waiting = undefined;
      const outcome = await ('card' in next ? deliverCard(round, next.card) : deliverMessage(round, next.note));
      if (outcome === 'sent') round.metrics?.delivered('card' in next ? 'card' : next.note.kind, outcome);
      if (outcome === 'paced' || outcome === 'put-off') break;
    }
  } finally {
    await pace.save();
  }
  const due = nextDue(waiting ?? (await whatWaits(round)), round.clock.now());
  if (due === undefined) return {};
  return { nextDueAt: new Date(Math.max(due.getTime(), pace.freeAt().getTime())) };
}

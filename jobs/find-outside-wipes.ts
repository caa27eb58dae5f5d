import { z } from 'zod';
import { ExchangeError } from '../src/exchange/port.ts';
import { readWipeTimes } from '../src/incidents/devices/read-facts.ts';
import { type BotJob, defineJob } from '../src/incidents/job.ts';
import { recordOutsideWipes, watchedSince } from '../src/incidents/outside-wipes/outside-wipes.ts';
import { nextOutsideTurn, storeOutsideRound } from '../src/incidents/outside-wipes/round.ts';

type Payload = { organisation: 'real' | 'lab' };

/** The type is spelt out because the job enqueues itself. */
export const findOutsideWipesJob: BotJob<'find-outside-wipes', Payload> = defineJob({
  name: 'find-outside-wipes',
  does: 'Looks for wipes that did not come from this bot: opens an incident for each and tells security once',
  lane: 'rounds',
  round: true,
  payload: z.object({ organisation: z.enum(['real', 'lab']) }),
  run: async ({ store, policy, exchange, clock, log, signal }, { organisation }) => {
    const now = clock.now();
    const since = await watchedSince(store.db, organisation, now);
    const { people, then, nextAt } = await nextOutsideTurn(store.db, policy, { organisation, now });
    for (const person of people) {
      signal.throwIfAborted();
      try {
        const devices = await readWipeTimes({ db: store.db, exchange: exchange(organisation) }, person);
        if (!devices.some(({ wipe }) => wipe.full.requested !== null || wipe.accountOnly.requested !== null)) continue;
        const found = await store.change((change) => recordOutsideWipes(change, policy, { person, devices, since }));
        if (found > 0) log.warn({ found }, 'a wipe that did not come from this bot');
      } catch (error) {
        // One mailbox that cannot be read must not hide the others; an Exchange that is away is tried again as a whole.
        if (!(error instanceof ExchangeError) || !['exchange-not-found', 'exchange-refused'].includes(error.code))
          throw error;
        log.warn({ code: error.code }, 'the devices of one mailbox could not be read');
      }
    }
    // One row for ever: a start asks for the next turn at once instead of adding a second row beside it.
    await store.change(async (change) => {
      await storeOutsideRound(change, organisation, then);
      await change.enqueue('find-outside-wipes', { organisation }, { dueAt: nextAt, key: organisation });
    });
  },
});

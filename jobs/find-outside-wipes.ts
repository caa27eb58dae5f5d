import { z } from 'zod';
import { personOf } from '../src/directory/rows.ts';
import { ExchangeError } from '../src/exchange/port.ts';
import { lookForOutsideWipes, watchedSince } from '../src/incidents/outside-wipes.ts';
import { readDeviceFacts } from '../src/incidents/read-facts.ts';
import { defineJob, type Job } from '../src/queue/job.ts';

/** A round over everybody begins every half hour, in batches a minute apart, so that Exchange is never asked for all at once. */
const roundMs = 30 * 60_000;
const batchMs = 60_000;
const smallestBatch = 10;
const largestBatch = 60;

type Payload = { organisation: 'real' | 'lab'; after?: string | undefined; began?: string | undefined };

/** The type is spelt out because the job enqueues itself. */
export const findOutsideWipes: Job<'find-outside-wipes', Payload> = defineJob({
  name: 'find-outside-wipes',
  does: 'Looks for wipes that did not come from this bot: opens an incident for each and tells security once',
  lane: 'exchange',
  round: true,
  payload: z.object({
    organisation: z.enum(['real', 'lab']),
    /** GUID of the last person of the batch before; absent at the beginning of a round. */
    after: z.string().optional(),
    began: z.iso.datetime().optional(),
  }),
  run: async ({ store, policy, exchange, clock, log, signal }, { organisation, after, began }) => {
    const now = clock.now();
    const roundBegan = began === undefined ? now : new Date(began);
    const since = await watchedSince(store.db, organisation, now);
    const everybody = store.db
      .selectFrom('person')
      .where('organisation', '=', organisation)
      .where('gone', '=', false)
      .where('mailboxType', 'in', ['user', 'shared']);
    const { count } = await everybody.select((eb) => eb.fn.countAll<string>().as('count')).executeTakeFirstOrThrow();
    const size = Math.min(largestBatch, Math.max(smallestBatch, Math.ceil((Number(count) * batchMs) / roundMs)));
    const rows = await everybody
      .selectAll()
      .where('guid', '>', after ?? '')
      .orderBy('guid')
      .limit(size)
      .execute();
    for (const row of rows) {
      signal.throwIfAborted();
      const person = personOf(row);
      try {
        const devices = await readDeviceFacts(exchange(organisation), person.guid);
        if (devices.length === 0) continue;
        const found = await store.change((change) => lookForOutsideWipes(change, policy, { person, devices, since }));
        if (found > 0) log.warn({ found }, 'a wipe that did not come from this bot');
      } catch (error) {
        // One mailbox that cannot be read must not hide the others; an Exchange that is away is tried again as a whole.
        if (!(error instanceof ExchangeError) || !['exchange-not-found', 'exchange-refused'].includes(error.code))
          throw error;
        log.warn({ code: error.code }, 'the devices of one mailbox could not be read');
      }
    }
    const last = rows.at(-1)?.guid;
    const next =
      rows.length < size || last === undefined
        ? {
            payload: { organisation },
            dueAt: new Date(Math.max(now.getTime() + batchMs, roundBegan.getTime() + roundMs)),
          }
        : {
            payload: { organisation, after: last, began: roundBegan.toISOString() },
            dueAt: new Date(now.getTime() + batchMs),
          };
    // One row for ever: a start begins the round anew instead of adding a second one beside it.
    await store.change((change) =>
      change.enqueue('find-outside-wipes', next.payload, { dueAt: next.dueAt, key: organisation }),
    );
  },
});

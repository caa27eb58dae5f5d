import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DraftMessage } from '../../src/message/model.ts';
import type { Change, EnqueueOptions } from '../../src/store/port.ts';
import { createStore } from '../../src/store/store.ts';
import { type TestStore, testStore } from '../setup/store.ts';

const draft: DraftMessage = {
  tone: 'neutral',
  blocks: [{ kind: 'text', text: [{ kind: 'plain', text: 'Alice’s iPhone' }] }],
};
const minutes = 60_000;

let test: TestStore;

beforeAll(async () => {
  test = await testStore({ laneOf: (job) => (job === 'issue-wipe' ? 'wipes' : 'upkeep') });
});
beforeEach(async () => {
  for (const table of ['delivery', 'card', 'work', 'setting'] as const) await test.db.deleteFrom(table).execute();
  test.woken.length = 0;
  test.audited.length = 0;
});
afterAll(() => test.close());

/** Any job and payload: these tests are about rows, not about the jobs there are. */
function wish(change: Change): { enqueue(job: string, payload: object, options?: EnqueueOptions): Promise<void> } {
  return change;
}

const allWork = () => test.db.selectFrom('work').selectAll().orderBy('id').execute();
const allCards = () => test.db.selectFrom('card').selectAll().orderBy('place').execute();
const allDeliveries = () => test.db.selectFrom('delivery').selectAll().orderBy('id').execute();

describe('a change', () => {
  it('answers what its body answers and uses one instant', async () => {
    const now = await test.store.change(async (change) => {
      test.clock.advance(1);
      await wish(change).enqueue('sweep', {});
      return change.now;
    });
    expect((await allWork())[0]?.createdAt).toEqual(now);
    expect(now.getTime()).toBe(test.clock.now().getTime() - 1);
  });

  it('that throws leaves nothing and wakes nobody', async () => {
    const failing = test.store.change(async (change) => {
      await wish(change).enqueue('sweep', {});
      await change.card('incident:1', ['console:#helpdesk']);
      await change.reply('incident:1', draft);
      await change.notice(['console:#audit'], draft);
      await change.tx.insertInto('setting').values({ key: 'a', value: '{}' }).execute();
      change.audit({ action: 'incident.opened', subject: 'incident:1', data: {} });
      throw new Error('half-way');
    });
    await expect(failing).rejects.toThrow('half-way');
    expect(await allWork()).toEqual([]);
    expect(await allCards()).toEqual([]);
    expect(await allDeliveries()).toEqual([]);
    expect(await test.db.selectFrom('setting').selectAll().execute()).toEqual([]);
    expect(test.woken).toEqual([]);
    expect(test.audited).toEqual([]);
  });

  it('is rolled back whole when the audit cannot be written', async () => {
    const store = createStore({
      ...{ db: test.db, clock: test.clock, ids: test.ids, laneOf: () => 'upkeep', wake: () => {} },
      appendAudit: async () => {
        throw new Error('the audit is away');
      },
    });
    const failing = store.change(async (change) => {
      await wish(change).enqueue('sweep', {});
      await change.notice(['console:#audit'], draft);
      change.audit({ action: 'wipe.approved', subject: 'wipe:1', data: {} });
    });
    await expect(failing).rejects.toThrow('the audit is away');
    expect(await allWork()).toEqual([]);
    expect(await allDeliveries()).toEqual([]);
  });

  it('appends its audit entries in order, after all else was written', async () => {
    const seen: { entries: string[]; deliveries: number; work: number }[] = [];
    const store = createStore({
      ...{ db: test.db, clock: test.clock, ids: test.ids, laneOf: () => 'upkeep', wake: () => {} },
      appendAudit: async (tx, _now, entries) => {
        const deliveries = await tx.selectFrom('delivery').selectAll().execute();
        const work = await tx.selectFrom('work').selectAll().execute();
        seen.push({ entries: entries.map(({ action }) => action), deliveries: deliveries.length, work: work.length });
      },
    });
    await store.change(async (change) => {
      change.audit({ action: 'one', subject: 's:1', data: {} });
      await change.notice(['console:#audit'], draft);
      change.audit({ action: 'two', subject: 's:1', data: {} });
    });
    await store.change((change) => change.notice(['console:#audit'], draft));
    expect(seen).toEqual([{ entries: ['one', 'two'], deliveries: 1, work: 1 }]);
  });

  it('refuses an audit entry that comes after its end', async () => {
    const kept = await test.store.change(async (change) => change);
    expect(() => kept.audit({ action: 'late', subject: 's:1', data: {} })).toThrow(/late/);
  });

  it('stands although waking fails', async () => {
    const errors: unknown[] = [];
    const store = createStore({
      ...{ db: test.db, clock: test.clock, ids: test.ids, laneOf: () => 'upkeep', appendAudit: async () => {} },
      wake: () => {
        throw new Error('no queue');
      },
      onError: (error) => errors.push(error),
    });
    await store.change((change) => wish(change).enqueue('sweep', {}));
    expect(await allWork()).toHaveLength(1);
    expect(errors).toHaveLength(1);
  });
});

describe('enqueue', () => {
  it('writes a row with lane and payload and wakes what is due now', async () => {
    await test.store.change(async (change) => {
      await wish(change).enqueue('issue-wipe', { wipe: 7, camelCase: { innerKey: 1 } });
      await wish(change).enqueue('sweep', {}, { dueAt: new Date(change.now.getTime() + minutes) });
    });
    const [wipe, sweep] = await allWork();
    expect(wipe).toMatchObject({
      job: 'issue-wipe',
      lane: 'wipes',
      key: null,
      state: 'waiting',
      revision: 1,
      attempts: 0,
    });
    expect(wipe?.payload).toEqual({ wipe: 7, camelCase: { innerKey: 1 } });
    expect(sweep).toMatchObject({ lane: 'upkeep', dueAt: new Date(test.clock.now().getTime() + minutes) });
    expect(test.woken).toEqual([[wipe?.id]]);
  });

  it('puts what nobody waits for into the lane of rounds, until somebody does', async () => {
    const later = { key: 'k', dueAt: new Date(test.clock.now().getTime() + minutes) };
    const store = createStore({
      ...{ db: test.db, clock: test.clock, ids: test.ids, laneOf: () => 'exchange', appendAudit: async () => {} },
      wake: () => {},
    });
    const lanes = async () => (await allWork()).map(({ lane }) => lane);
    await store.change((change) => wish(change).enqueue('sweep', {}, later));
    expect(await lanes()).toEqual(['rounds']);
    await store.change((change) => wish(change).enqueue('sweep', {}, { key: 'k' }));
    expect(await lanes()).toEqual(['exchange']);
    await store.change((change) => wish(change).enqueue('sweep', {}, later));
    expect(await lanes()).toEqual(['exchange']);

    // On its way in the lane of rounds: it runs again when that ends, and is not taken out of a queue that has it.
    await test.db.updateTable('work').set({ lane: 'rounds', enqueuedAt: test.clock.now() }).execute();
    await store.change((change) => wish(change).enqueue('sweep', {}, { key: 'k' }));
    expect(await lanes()).toEqual(['rounds']);
  });

  it('adds a row each time without a key', async () => {
    await test.store.change(async (change) => {
      await wish(change).enqueue('sweep', {});
      await wish(change).enqueue('sweep', {});
    });
    expect(await allWork()).toHaveLength(2);
  });

  it('moves the waiting row of the same key to the earlier time and counts the wish', async () => {
    const at = (offset: number) => new Date(test.clock.now().getTime() + offset * minutes);
    await test.store.change((change) => wish(change).enqueue('sweep', { n: 1 }, { key: 'k', dueAt: at(10) }));
    await test.store.change((change) => wish(change).enqueue('sweep', { n: 2 }, { key: 'k', dueAt: at(20) }));
    expect(await allWork()).toMatchObject([{ dueAt: at(10), revision: 2, payload: { n: 2 } }]);
    expect(test.woken).toEqual([]);
    await test.store.change((change) => wish(change).enqueue('sweep', { n: 3 }, { key: 'k' }));
    expect(await allWork()).toMatchObject([{ dueAt: at(0), revision: 3 }]);
    expect(test.woken).toHaveLength(1);
  });

  it('adds a row when the one of the same key is done, or belongs to another job', async () => {
    await test.store.change((change) => wish(change).enqueue('sweep', {}, { key: 'k' }));
    await test.db.updateTable('work').set({ state: 'done', doneAt: test.clock.now() }).execute();
    await test.store.change((change) => wish(change).enqueue('sweep', {}, { key: 'k' }));
    await test.store.change((change) => wish(change).enqueue('issue-wipe', {}, { key: 'k' }));
    expect(await allWork()).toMatchObject([{ state: 'done', revision: 1 }, { revision: 1 }, { job: 'issue-wipe' }]);
  });

  it('keeps one row and every wish when many ask at the same time', async () => {
    const wishes = Array.from({ length: 20 }, (_, n) => n);
    await Promise.all(
      wishes.map((n) => test.store.change((change) => wish(change).enqueue('sweep', { n }, { key: 'same' }))),
    );
    expect(await allWork()).toMatchObject([{ revision: 20, state: 'waiting' }]);
  });
});

describe('cards', () => {
  it('has one card per place and counts what is wanted', async () => {
    await test.store.change((change) => change.card('incident:104', ['console:#helpdesk', 'console:#security']));
    await test.store.change((change) => change.card('incident:104', ['console:#helpdesk']));
    expect(await allCards()).toMatchObject([
      { place: 'console:#helpdesk', wanted: 2, shown: 0, postTried: false },
      { place: 'console:#security', wanted: 1 },
    ]);
  });

  it('refreshes every card of the subject and no other, and makes a delivery due for each place', async () => {
    await test.store.change(async (change) => {
      await change.card('incident:104', ['console:#helpdesk', 'slack:T1/C1']);
      await change.card('incident:1040', ['console:#other']);
    });
    await test.db.deleteFrom('work').execute();
    test.woken.length = 0;
    await test.store.change((change) => change.refresh('incident:104'));
    expect((await allCards()).map(({ place, wanted }) => [place, wanted])).toEqual([
      ['console:#helpdesk', 2],
      ['console:#other', 1],
      ['slack:T1/C1', 2],
    ]);
    const work = await allWork();
    expect(work).toMatchObject([
      { job: 'deliver', lane: 'deliveries', key: 'console:#helpdesk', payload: { target: 'console:#helpdesk' } },
      { job: 'deliver', lane: 'deliveries', key: 'slack:T1/C1', payload: { target: 'slack:T1/C1' } },
    ]);
    expect(test.woken).toEqual([work.map(({ id }) => id)]);
  });

  it('keeps the due time of a card that already waits, and makes a shown one due now', async () => {
    await test.store.change((change) => change.card('incident:104', ['console:#helpdesk', 'console:#security']));
    const putOff = new Date(test.clock.now().getTime() + minutes);
    await test.db.updateTable('card').set({ dueAt: putOff }).execute();
    await test.db.updateTable('card').set({ shown: 1 }).where('place', '=', 'console:#security').execute();
    await test.store.change((change) => change.refresh('incident:104'));
    expect((await allCards()).map(({ dueAt }) => dueAt)).toEqual([putOff, test.clock.now()]);
  });
});

describe('deliveries', () => {
  it('puts a reply under every card of the subject, also before the card was posted', async () => {
    await test.store.change(async (change) => {
      await change.card('incident:104', ['console:#helpdesk', 'console:#security']);
      await change.reply('incident:104', draft);
      await change.reply('incident:104', draft, { place: 'console:#security' });
    });
    const cards = await allCards();
    const replies = await allDeliveries();
    expect(replies.map(({ kind, place, cardId, state }) => ({ kind, place, cardId, state }))).toEqual([
      { kind: 'reply', place: 'console:#helpdesk', cardId: cards[0]?.id, state: 'waiting' },
      { kind: 'reply', place: 'console:#security', cardId: cards[1]?.id, state: 'waiting' },
      { kind: 'reply', place: 'console:#security', cardId: cards[1]?.id, state: 'waiting' },
    ]);
    expect(replies[0]?.draft).toEqual(draft);
    expect(await allWork()).toHaveLength(2);
  });

  it('posts a notice with a key once in each place', async () => {
    for (let time = 0; time < 2; time++) {
      await test.store.change((change) => change.notice(['console:#a', 'console:#b', 'console:#a'], draft, 'lock-7'));
    }
    expect((await allDeliveries()).map(({ place }) => place)).toEqual(['console:#a', 'console:#b']);
  });

  it('posts a notice without a key each time', async () => {
    for (let time = 0; time < 2; time++) await test.store.change((change) => change.notice(['console:#a'], draft));
    expect(await allDeliveries()).toHaveLength(2);
  });

  it('writes to a person, once per key', async () => {
    for (const key of ['asked-1', 'asked-1', undefined]) {
      await test.store.change((change) => change.privately('console:alice', draft, key));
    }
    await test.store.change((change) => change.privately('console:bob', draft, 'asked-1'));
    expect((await allDeliveries()).map(({ identity, kind, place }) => [identity, kind, place])).toEqual([
      ['console:alice', 'private', null],
      ['console:alice', 'private', null],
      ['console:bob', 'private', null],
    ]);
    expect((await allWork()).map(({ key }) => key)).toEqual(['console:alice', 'console:bob']);
  });

  it('renders a home page again at every wish, also while one is being sent', async () => {
    await test.store.change((change) => change.home('console:alice'));
    await test.store.change((change) => change.home('console:alice'));
    expect(await allDeliveries()).toMatchObject([{ kind: 'home', draft: null }, { kind: 'home' }]);
  });
});

describe('concurrency', () => {
  it('tries again after a deadlock until both changes stand', async () => {
    await test.db
      .insertInto('setting')
      .values([
        { key: 'a', value: '{"n":0}' },
        { key: 'b', value: '{"n":0}' },
      ])
      .execute();
    const runs = { ab: 0, ba: 0 };
    const bothHoldOne = barrier(2);
    const cross = (name: 'ab' | 'ba') =>
      test.store.change(async (change) => {
        runs[name] += 1;
        const [first, second] = name === 'ab' ? ['a', 'b'] : ['b', 'a'];
        await change.tx
          .updateTable('setting')
          .set({ value: '{"n":1}' })
          .where('key', '=', first ?? '')
          .execute();
        await bothHoldOne();
        await change.tx
          .updateTable('setting')
          .set({ value: '{"n":1}' })
          .where('key', '=', second ?? '')
          .execute();
        await wish(change).enqueue('sweep', { name });
      });
    await Promise.all([cross('ab'), cross('ba')]);
    // More than one more run: the one that was refused may be back at its first row before the other is woken.
    expect(runs.ab + runs.ba).toBeGreaterThanOrEqual(3);
    expect(await allWork()).toHaveLength(2);
  });

  it('gives up after five more tries', async () => {
    const body = vi.fn(async () => {
      throw Object.assign(new Error('could not serialize access'), { code: '40001' });
    });
    await expect(test.store.change(body)).rejects.toThrow('could not serialize');
    expect(body).toHaveBeenCalledTimes(6);
  });

  it('does not try anything else again', async () => {
    const body = vi.fn(async () => {
      throw Object.assign(new Error('duplicate key'), { code: '23505' });
    });
    await expect(test.store.change(body)).rejects.toThrow('duplicate key');
    expect(body).toHaveBeenCalledTimes(1);
  });

  it('lets many changes write to the same places in any order', async () => {
    const places = ['console:#a', 'console:#b', 'console:#c'];
    await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        test.store.change(async (change) => {
          await change.card('incident:1', n % 2 === 0 ? places : places.toReversed());
          await change.notice(places, draft, `n-${n}`);
        }),
      ),
    );
    expect((await allCards()).map(({ wanted }) => wanted)).toEqual([12, 12, 12]);
    expect((await allWork()).map(({ revision }) => revision)).toEqual([12, 12, 12]);
  });
});

/** Resolves for everyone once `parties` have come; later comers pass at once. */
function barrier(parties: number): () => Promise<void> {
  let come = 0;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    come += 1;
    if (come >= parties) open();
    return opened;
  };
}

/** What grows old is emptied, and nothing that something still rests on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prune } from '../../../src/incidents/retention/prune.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { approve, ask, lost } from '../scenes.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
  await lost(bot, 'alice.ng');
});
afterEach(() => bot.close());

const day = 24 * 60 * 60_000;
const pruneAfter = (days: number) =>
  prune(bot.db, bot.policy.current.retention, new Date(bot.clock.now().getTime() + days * day));

async function close(): Promise<void> {
  await bot.db
    .updateTable('incident')
    .set({ state: 'closed', closedAt: bot.clock.now(), hold: 'closed' })
    .where('number', '=', 101)
    .execute();
}

const evidence = () => bot.db.selectFrom('wipeTransition').select('id').where('evidence', 'is not', null).execute();

describe('what is older than its time', () => {
  it('stays as long as policy says', async () => {
    expect(await pruneAfter(29)).toEqual({ inbox: 0, deliveries: 0, actions: 0, evidence: 0, work: 0 });
  });

  it('of the inbox loses its text and keeps its key, which is never taken twice', async () => {
    const keys = await bot.db.selectFrom('inbox').select('eventKey').execute();
    expect((await pruneAfter(31)).inbox).toBe(keys.length);

    const rows = await bot.db.selectFrom('inbox').select(['eventKey', 'incoming']).execute();
    expect(rows).toEqual(keys.map(({ eventKey }) => ({ eventKey, incoming: {} })));
    const [first] = keys;
    const again = bot.db.insertInto('inbox').values({
      eventKey: first?.eventKey ?? '',
      identity: 'console:hana',
      incoming: '{}',
      receivedAt: bot.clock.now(),
      state: 'stored',
      handledAt: null,
      command: null,
      outcome: null,
    });
    await expect(again.execute()).rejects.toThrow(/unique/);
  });

  it('of what was never handled keeps its text', async () => {
    await bot.db.updateTable('inbox').set({ state: 'stored' }).execute();
    expect((await pruneAfter(5_000)).inbox).toBe(0);
  });

  it('of deliveries loses the message and keeps the key, and what still waits keeps all', async () => {
    await bot.store.change((change) => change.privately('slack:T1/UNOBODY', { tone: 'neutral', blocks: [] }, 'waits'));
    const before = await bot.db.selectFrom('delivery').select('key').orderBy('id').execute();
    await pruneAfter(91);

    const rows = await bot.db.selectFrom('delivery').select(['key', 'draft', 'state']).orderBy('id').execute();
    expect(rows.map(({ key }) => ({ key }))).toEqual(before);
    expect(rows.filter(({ draft }) => draft !== null).map(({ key }) => key)).toEqual(['waits@slack:T1/UNOBODY']);
  });

  it('is done in as many steps as it takes', async () => {
    const identity = 'console:hana';
    const row = (n: number) => ({ kind: 'private' as const, identity, key: `k${n}`, state: 'done' as const });
    const times = { dueAt: bot.clock.now(), createdAt: bot.clock.now(), place: null, cardId: null };
    for (let from = 0; from < 12_000; from += 3_000) {
      await bot.db
        .insertInto('delivery')
        .values(
          Array.from({ length: 3_000 }, (_, n) => ({
            ...row(from + n),
            ...times,
            draft: '{"tone":"neutral","blocks":[]}',
          })),
        )
        .execute();
    }
    expect((await pruneAfter(91)).deliveries).toBeGreaterThanOrEqual(12_000);
  });
});

it('comes every day, and what it did is in the audit', async () => {
  bot.clock.set(new Date(bot.clock.now().getTime() + 31 * day));
  await bot.store.change((change) => change.enqueue('prune', {}, { key: 'start' }));
  await bot.runner.settle();

  const entries = await bot.db.selectFrom('audit').select('data').where('action', '=', 'retention.pruned').execute();
  expect(entries).toMatchObject([{ data: { inbox: 1 } }]);
  const next = await bot.db
    .selectFrom('work')
    .select('dueAt')
    .where('job', '=', 'prune')
    .where('state', '=', 'waiting')
    .execute();
  expect(next).toHaveLength(1);
});

describe('of an incident', () => {
  it('that is closed, buttons go that nobody pressed; those that were pressed stay', async () => {
    await ask(bot);
    await approve(bot, 'otto');
    const used = await bot.db.selectFrom('storedAction').select('id').where('usedAt', 'is not', null).execute();
    await bot.db.updateTable('wipe').set({ state: 'acknowledged', exchangeHolds: false }).execute();
    await close();
    expect((await pruneAfter(181)).actions).toBeGreaterThan(0);

    const left = await bot.db.selectFrom('storedAction').select('id').where('subject', '=', 'incident:101').execute();
    const still = await bot.db.selectFrom('storedAction').select('id').where('usedAt', 'is not', null).execute();
    expect(still).toEqual(used);
    expect(left.every(({ id }) => used.some((each) => each.id === id))).toBe(true);
  });

  it('that is closed, the evidence of its wipe goes after its time', async () => {
    await ask(bot);
    await approve(bot, 'otto');
    await bot.db.updateTable('wipe').set({ state: 'acknowledged', exchangeHolds: false }).execute();
    await close();
    expect((await evidence()).length).toBeGreaterThan(0);

    expect((await pruneAfter(364)).evidence).toBe(0);
    expect((await pruneAfter(366)).evidence).toBeGreaterThan(0);
    expect(await evidence()).toEqual([]);
  });

  it.each([
    ['is open', async () => undefined],
    [
      'has a wipe on its way',
      async () => {
        await close();
        await bot.db.updateTable('wipe').set({ state: 'sent', exchangeHolds: false }).execute();
      },
    ],
    [
      'has a request that Exchange still holds',
      async () => {
        await close();
        await bot.db.updateTable('wipe').set({ state: 'given-up', exchangeHolds: true }).execute();
      },
    ],
    [
      'has a review due',
      async () => {
        await close();
        await bot.db.updateTable('wipe').set({ state: 'acknowledged', exchangeHolds: false }).execute();
        const wipe = await bot.db.selectFrom('wipe').select('id').executeTakeFirstOrThrow();
        const row = { wipeId: wipe.id, incidentNumber: 101, actorGuid: 'x', actorIdentity: 'console:ada' };
        await bot.db
          .insertInto('wipeReview')
          .values({ ...row, dueAt: bot.clock.now(), closedAt: null, closedBy: null, finding: null })
          .execute();
      },
    ],
  ])('that %s, nothing goes', async (_what, prepare) => {
    await ask(bot);
    await approve(bot, 'otto');
    await prepare();
    const before = await evidence();
    const buttons = () =>
      bot.db.selectFrom('storedAction').select('id').where('subject', '=', 'incident:101').execute();
    const shown = await buttons();

    await pruneAfter(5_000);
    expect(before.length).toBeGreaterThan(0);
    expect(await evidence()).toEqual(before);
    expect(await buttons()).toEqual(shown);
  });
});

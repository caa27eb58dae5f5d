import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDeliverer, type Deliverer, type DelivererParts } from '../../../src/chat/delivery/deliver.ts';
import type { DraftMessage, Message } from '../../../src/message/model.ts';
import { button, buttons, paragraph } from '../../../src/message/text.ts';
import { openDatabase } from '../../../src/store/connect.ts';
import type { Store } from '../../../src/store/port.ts';
import type { Projection } from '../../../src/store/projection.ts';
import { type FakeAdapter, fakeAdapter } from '../../fakes/adapter.ts';
import { runs } from '../../setup/runs.ts';
import { type TestStore, testStore } from '../../setup/store.ts';
import { policy } from '../people.ts';

const helpdesk = 'console:#helpdesk';
const security = 'console:#security';

let at: TestStore;
let adapter: FakeAdapter;
let deliverer: Deliverer;
/** What the incident's card says; undefined: nothing to show. */
let facts: string | undefined;

const incident: Projection = {
  kind: 'incident',
  render: async ({ id }) => {
    if (facts === 'broken') throw new Error('the facts cannot be read');
    return facts === undefined
      ? undefined
      : {
          title: `INC-${id}`,
          tone: 'neutral',
          blocks: [paragraph(facts), buttons(button('Close', 'close', { n: id }))],
        };
  },
};
const home: Projection = { kind: 'home', render: async ({ id }) => line(`home of ${id}`) };

beforeAll(async () => {
  at = await testStore();
});
afterAll(() => at.close());
beforeEach(() => clear());

async function clear(): Promise<void> {
  for (const table of ['delivery', 'card', 'work', 'setting', 'chatIdentity', 'storedAction'] as const) {
    await at.db.deleteFrom(table).execute();
  }
  facts = 'as opened';
  adapter = fakeAdapter();
  deliverer = create();
}

function create(more: Partial<DelivererParts> = {}): Deliverer {
  return createDeliverer({
    store: at.store,
    adapters: new Map([['console', adapter]]),
    projections: [incident, home],
    policy,
    clock: at.clock,
    ids: at.ids,
    log: pino({ level: 'silent' }),
    ...more,
  });
}

function line(text: string): DraftMessage {
  return { tone: 'neutral', blocks: [paragraph(text)] };
}

function says(message: Message): string {
  return message.blocks
    .flatMap((block) => (block.kind === 'text' ? block.text : []))
    .map((span) => ('text' in span ? span.text : ''))
    .join('');
}

const openCard = () => at.store.change((change) => change.card('incident:104', [helpdesk]));
const refresh = (now: string) => {
  facts = now;
  return at.store.change((change) => change.refresh('incident:104'));
};
const reply = (text: string) => at.store.change((change) => change.reply('incident:104', line(text)));
const shownIn = (place: string) =>
  adapter.posted.filter(({ target }) => target === place).map(({ message }) => says(message));
const cards = () => at.db.selectFrom('card').selectAll().execute();

describe('a card', () => {
  test('is posted once, with stored buttons and its mark, and edited from then on', async () => {
    deliverer = create({ mark: 'LAB, no real phone' });
    await openCard();
    expect(await deliverer.deliver(helpdesk)).toEqual({});
    await refresh('as it is now');
    expect(await deliverer.deliver(helpdesk)).toEqual({});
    expect(adapter.calls).toEqual(['post', 'edit']);
    expect(adapter.posted).toMatchObject([{ target: helpdesk, message: { title: 'LAB, no real phone · INC-104' } }]);
    expect(shownIn(helpdesk)).toEqual(['as it is now']);
    const [stored] = await at.db.selectFrom('storedAction').selectAll().execute();
    expect(adapter.posted[0]?.message.blocks[1]).toMatchObject({ buttons: [{ action: stored?.id }] });
  });

  test('whose facts look the same is not sent again', async () => {
    await openCard();
    await deliverer.deliver(helpdesk);
    await refresh('as opened');
    await deliverer.deliver(helpdesk);
    expect(adapter.calls).toEqual(['post']);
    expect(await cards()).toMatchObject([{ wanted: 2, shown: 2 }]);
  });

  test('shows the newest state, whatever was wished in between', async () => {
    await openCard();
    await deliverer.deliver(helpdesk);
    for (const now of ['one', 'two', 'three']) await refresh(now);
    await deliverer.deliver(helpdesk);
    expect(adapter.posted[0]?.versions.map(says)).toEqual(['as opened', 'three']);
  });

  test('that changes while it is being posted is edited in the same run', async () => {
    await openCard();
    adapter.during('post', () => refresh('meanwhile'));
    await deliverer.deliver(helpdesk);
    expect(adapter.posted[0]?.versions.map(says)).toEqual(['as opened', 'meanwhile']);
  });

  test('with nothing to show is not posted', async () => {
    facts = undefined;
    await openCard();
    expect(await deliverer.deliver(helpdesk)).toEqual({});
    expect(adapter.calls).toEqual([]);
  });

  test.each(['crash', { kind: 'unknown' }] as const)(
    'whose post arrived although its answer was lost (%j) is one message',
    async (problem) => {
      await openCard();
      adapter.fail({ on: 'post', problem, arrives: true });
      const { nextDueAt } = await deliverer.deliver(helpdesk);
      expect(nextDueAt).toEqual(new Date(at.clock.now().getTime() + 5_000));
      expect(await deliverer.deliver(helpdesk)).toEqual({ nextDueAt });
      facts = 'newer';
      at.clock.advance(5_000);
      expect(await deliverer.deliver(helpdesk)).toEqual({});
      expect(adapter.calls).toEqual(['post', 'find', 'edit']);
      expect(shownIn(helpdesk)).toEqual(['newer']);
    },
  );

  test('whose post did not arrive is posted after looking', async () => {
    await openCard();
    adapter.fail({ on: 'post', problem: { kind: 'unknown' } });
    await deliverer.deliver(helpdesk);
    at.clock.advance(5_000);
    await deliverer.deliver(helpdesk);
    expect(adapter.calls).toEqual(['post', 'find', 'post']);
    expect(shownIn(helpdesk)).toEqual(['as opened']);
  });

  test('that could not be looked for is not posted on a guess', async () => {
    await openCard();
    adapter.fail(
      { on: 'post', problem: { kind: 'unknown' }, arrives: true },
      { on: 'find', problem: { kind: 'not-sent' } },
      { on: 'find', problem: { kind: 'wait', retryAfterMs: 1_000 } },
    );
    for (const _ of [1, 2, 3, 4]) {
      await deliverer.deliver(helpdesk);
      at.clock.advance(60_000);
    }
    expect(adapter.calls).toEqual(['post', 'find', 'find', 'find', 'edit']);
    expect(adapter.posted).toHaveLength(1);
  });

  test('of a process that was killed after the post is found by the next', async () => {
    await openCard();
    // Nothing after the post is stored: its process is gone.
    const dying: Store = {
      db: at.db,
      change: async () => {
        throw new Error('killed');
      },
    };
    adapter.during('post', async () => {
      await at.db.updateTable('card').set({ dueAt: at.clock.now() }).execute();
    });
    adapter.fail({ on: 'post', problem: 'crash', arrives: true });
    await expect(create({ store: dying }).deliver(helpdesk)).rejects.toThrow('killed');
    await deliverer.deliver(helpdesk);
    expect(adapter.calls).toEqual(['post', 'find', 'edit']);
    expect(adapter.posted).toHaveLength(1);
  });

  test('that cannot be rendered is tried later and holds up nothing else', async () => {
    facts = 'broken';
    await openCard();
    await at.store.change((change) => change.notice([helpdesk], line('a line')));
    const { nextDueAt } = await deliverer.deliver(helpdesk);
    expect(nextDueAt).toEqual(new Date(at.clock.now().getTime() + 5_000));
    expect(shownIn(helpdesk)).toEqual(['a line']);
    facts = 'mended';
    at.clock.advance(5_000);
    expect(await deliverer.deliver(helpdesk)).toEqual({});
    expect(shownIn(helpdesk)).toEqual(['a line', 'mended']);
  });

  test('is delivered by one of two processes', async () => {
    await openCard();
    const other = await testStoreOn(at);
    adapter.during('post', async () => {
      const busy = { nextDueAt: new Date(at.clock.now().getTime() + 1_000) };
      expect(await create({ store: other.store }).deliver(helpdesk)).toEqual(busy);
      expect(await deliverer.deliver(helpdesk)).toEqual(busy);
    });
    await deliverer.deliver(helpdesk);
    expect(adapter.calls).toEqual(['post']);
    // Free again, for anybody.
    await refresh('later');
    await create({ store: other.store }).deliver(helpdesk);
    expect(shownIn(helpdesk)).toEqual(['later']);
    await other.close();
  });
});

describe('messages', () => {
  test('replies wait for their card, stand under it and keep their order', async () => {
    await openCard();
    await reply('first');
    await reply('second');
    adapter.fail({ on: 'post', problem: { kind: 'not-sent' } }, { on: 'reply', problem: { kind: 'not-sent' } });
    await deliverer.deliver(helpdesk);
    expect(adapter.calls).toEqual(['post']);
    at.clock.advance(5_000);
    await deliverer.deliver(helpdesk);
    expect(adapter.calls).toEqual(['post', 'post', 'reply']);
    // The second does not overtake the first, which is not due yet.
    await deliverer.deliver(helpdesk);
    expect(adapter.calls).toHaveLength(3);
    at.clock.advance(5_000);
    expect(await deliverer.deliver(helpdesk)).toEqual({});
    expect(shownIn(helpdesk)).toEqual(['as opened', 'first', 'second']);
    expect(adapter.posted.map(({ under }) => under)).toEqual([undefined, 'console-ref-1', 'console-ref-1']);
  });

  test('one that fails again and again lets the others pass', async () => {
    await openCard();
    await deliverer.deliver(helpdesk);
    await reply('stuck');
    await reply('behind');
    adapter.fail(...Array.from({ length: 5 }, () => ({ on: 'reply' as const, problem: 'crash' as const })));
    for (let failures = 0; failures < 5; failures += 1) {
      at.clock.advance(10 * 60_000);
      await deliverer.deliver(helpdesk);
      expect(shownIn(helpdesk)).not.toContain('behind');
    }
    await deliverer.deliver(helpdesk);
    expect(shownIn(helpdesk)).toEqual(['as opened', 'behind']);
    at.clock.advance(10 * 60_000);
    await deliverer.deliver(helpdesk);
    expect(shownIn(helpdesk)).toEqual(['as opened', 'behind', 'stuck']);
  });

  test.each([
    ['a reply', 'reply'],
    ['a line', 'post'],
    ['a private message', 'privately'],
  ] as const)('%s whose answer was lost arrives once', async (_, call) => {
    await openCard();
    await deliverer.deliver(helpdesk);
    await at.store.change(async (change) => {
      if (call === 'reply') await change.reply('incident:104', line('once'));
      if (call === 'post') await change.notice([helpdesk], line('once'));
      if (call === 'privately') await change.privately('console:alice', line('once'));
    });
    const target = call === 'privately' ? 'console:alice' : helpdesk;
    adapter.fail({ on: call, problem: { kind: 'unknown' }, arrives: true });
    await deliverer.deliver(target);
    at.clock.advance(5_000);
    expect(await deliverer.deliver(target)).toEqual({});
    expect(shownIn(target).filter((text) => text === 'once')).toHaveLength(1);
  });

  test('a private message goes to the address that came with his last words', async () => {
    await at.db
      .insertInto('chatIdentity')
      .values({
        identity: 'console:alice',
        displayName: 'Alice',
        address: 'conversation-7',
        lastSeenAt: at.clock.now(),
      })
      .execute();
    await at.store.change((change) => change.privately('console:alice', line('hello')));
    await deliverer.deliver('console:alice');
    expect(adapter.posted).toMatchObject([{ kind: 'private', target: 'console:alice', address: 'conversation-7' }]);
  });

  test('a home page is shown once for all wishes', async () => {
    for (const _ of [1, 2, 3]) await at.store.change((change) => change.home('console:alice'));
    await deliverer.deliver('console:alice');
    await deliverer.deliver('console:alice');
    expect(adapter.calls).toEqual(['home']);
    expect([...adapter.homes].map(([identity, message]) => [identity, says(message)])).toEqual([
      ['console:alice', 'home of console:alice'],
    ]);
    expect(await at.db.selectFrom('delivery').select('id').where('state', '=', 'waiting').execute()).toEqual([]);
  });
});

describe('a platform', () => {
  test('that says 429 is left alone until then, for everything in that place', async () => {
    await openCard();
    await at.store.change((change) => change.notice([helpdesk], line('a line')));
    adapter.fail({ on: 'post', problem: { kind: 'wait', retryAfterMs: 30_000 } });
    const until = new Date(at.clock.now().getTime() + 30_000);
    expect(await deliverer.deliver(helpdesk)).toEqual({ nextDueAt: until });
    at.clock.advance(29_999);
    expect(await create().deliver(helpdesk)).toEqual({ nextDueAt: until });
    expect(adapter.calls).toEqual(['post']);
    at.clock.advance(1);
    // And then without another burst.
    const { nextDueAt } = await deliverer.deliver(helpdesk);
    expect(shownIn(helpdesk)).toEqual(['as opened']);
    at.clock.set(nextDueAt ?? until);
    await deliverer.deliver(helpdesk);
    expect(shownIn(helpdesk)).toEqual(['as opened', 'a line']);
  });

  test('gets no more a second than it takes, also over a restart', async () => {
    adapter = fakeAdapter({ postsPerSecond: 1 });
    deliverer = create();
    for (const text of ['one', 'two', 'three']) {
      await at.store.change((change) => change.notice([helpdesk], line(text)));
    }
    const start = at.clock.now().getTime();
    expect(await deliverer.deliver(helpdesk)).toEqual({ nextDueAt: new Date(start + 1_000) });
    expect(await create().deliver(helpdesk)).toEqual({ nextDueAt: new Date(start + 1_000) });
    at.clock.advance(1_000);
    expect(await create().deliver(helpdesk)).toEqual({ nextDueAt: new Date(start + 2_000) });
    at.clock.advance(1_000);
    expect(await create().deliver(helpdesk)).toEqual({});
    expect(shownIn(helpdesk)).toEqual(['one', 'two', 'three']);
  });

  test('where a channel is dead: security is told once with the remedy, and a later start tries again', async () => {
    await openCard();
    await reply('never');
    await at.store.change((change) => change.notice([helpdesk], line('a line')));
    const dead = { kind: 'dead', remedy: 'Unarchive the channel.' } as const;
    adapter.fail({ on: 'post', problem: dead }, { on: 'post', problem: dead });
    expect(await deliverer.deliver(helpdesk)).toEqual({});
    await refresh('newer');
    expect(await deliverer.deliver(helpdesk)).toEqual({});
    await deliverer.deliver(security);
    expect(shownIn(security)).toEqual(['My messages do not arrive at console:#helpdesk. Unarchive the channel.']);
    expect(shownIn(helpdesk)).toEqual([]);

    await deliverer.revive();
    await deliverer.deliver(helpdesk);
    expect(shownIn(helpdesk)).toEqual(['newer']);
  });

  test('what was said to one person alone is not kept once it was said', async () => {
    await at.store.change((change) => change.privately('console:ada', line('Your code: 123456.'), 'code'));
    await deliverer.deliver('console:ada');
    expect(shownIn('console:ada')).toEqual(['Your code: 123456.']);
    const rows = await at.db.selectFrom('delivery').select(['state', 'draft']).execute();
    expect(rows).toEqual([{ state: 'done', draft: null }]);
  });

  test('where the security channel itself is dead: admins are told privately, and a dead admin ends it', async () => {
    await at.store.change((change) => change.notice([security], line('a line')));
    const dead = { kind: 'dead', remedy: 'Invite the bot.' } as const;
    adapter.fail({ on: 'post', problem: dead }, { on: 'privately', problem: dead });
    await deliverer.deliver(security);
    await deliverer.deliver('console:ada');
    const rows = await at.db.selectFrom('delivery').select(['identity', 'state']).orderBy('id').execute();
    expect(rows).toEqual([
      { identity: null, state: 'dropped' },
      { identity: 'console:ada', state: 'dropped' },
      { identity: 'slack:T1/UADA', state: 'waiting' },
    ]);
  });

  test('that this process has no adapter for is an error with a sentence', async () => {
    await expect(deliverer.deliver('slack:T1/C1')).rejects.toThrow(/its chat platform is not configured/);
  });
});

describe('in a busy channel', () => {
  const alarm = (text: string): DraftMessage => ({ tone: 'danger', blocks: [paragraph(text)] });
  let state = 0;

  /** Cards that are shown, and a platform that takes one post a second. */
  async function open(shown: number): Promise<void> {
    adapter = fakeAdapter({ postsPerSecond: 1 });
    deliverer = create();
    await at.store.change(async (change) => {
      for (let n = 1; n <= shown; n += 1) await change.card(`incident:${n}`, [helpdesk]);
    });
    const hurried = create({
      adapters: new Map([['console', { ...adapter, limits: { postsPerSecondPerPlace: 1_000 } }]]),
    });
    while ((await hurried.deliver(helpdesk)).nextDueAt !== undefined) at.clock.advance(1_000);
    at.clock.advance(1_000);
  }

  /** Every facts change, of these cards. */
  async function change(numbers: readonly number[]): Promise<void> {
    state += 1;
    facts = `state ${state}`;
    await at.store.change(async (stored) => {
      for (const n of numbers) await stored.refresh(`incident:${n}`);
    });
  }

  async function second(): Promise<void> {
    await deliverer.deliver(helpdesk);
    at.clock.advance(1_000);
  }

  const all = (most: number) => Array.from({ length: most }, (_, index) => index + 1);

  test('what somebody must act on is out within three posts, however many cards change', async () => {
    await open(500);
    await change(all(500));
    for (let minute = 0; minute < 3; minute += 1) {
      await change(all(125).map((n) => n * 4 - minute));
      for (let count = 0; count < 10; count += 1) await second();
      const before = adapter.calls.length;
      await at.store.change(async (stored) => {
        await stored.card(`incident:${900 + minute}`, [helpdesk]);
        await stored.notice([helpdesk], alarm(`all wipes are locked ${minute}`));
        await stored.reply(`incident:${7 + minute}`, { tone: 'success', blocks: [paragraph('may be reset')] });
      });
      for (let count = 0; count < 4; count += 1) await second();
      const calls = adapter.calls.slice(before);
      expect(calls.filter((call) => call !== 'edit').sort()).toEqual(['post', 'post', 'reply']);
      for (let count = 0; count < 6; count += 1) await second();
    }
  });

  test('new cards and alarms wait for none of all the others, and messages go before edits', async () => {
    await open(20);
    await change(all(20));
    await at.store.change(async (stored) => {
      for (let n = 0; n < 30; n += 1) {
        await stored.notice([helpdesk], alarm(`alarm ${n}`));
        await stored.card(`incident:${100 + n}`, [helpdesk]);
        await stored.notice([helpdesk], line(`note ${n}`));
      }
    });
    for (let count = 0; count < 9; count += 1) await second();

    const told = shownIn(helpdesk);
    expect(told.filter((text) => text.startsWith('alarm')).length).toBeGreaterThanOrEqual(4);
    expect(told.filter((text) => text.startsWith('state')).length).toBeGreaterThanOrEqual(4);
    for (let count = 0; count < 54; count += 1) await second();
    expect(
      shownIn(helpdesk)
        .filter((text) => text.startsWith('note'))
        .at(0),
    ).toBe('note 0');
  });

  test('a card that is unshown for long is edited however busy it is, the longest first', async () => {
    await open(3);
    await change([3]);
    at.clock.advance(1_000);
    await change([1, 2]);
    for (let count = 0; count < 90; count += 1) {
      await at.store.change((stored) => stored.notice([helpdesk], line(`note ${count}`)));
      await second();
    }
    const rows = await at.db.selectFrom('card').selectAll().whereRef('wanted', '>', 'shown').execute();

    expect(rows.map(({ subject }) => subject)).not.toContain('incident:3');
  });

  test('replies under one card stay in order when the last of them is urgent', async () => {
    await open(1);
    await at.store.change(async (stored) => {
      await stored.notice([helpdesk], line('something else'));
      await stored.reply('incident:1', line('asked'));
      await stored.reply('incident:1', alarm('refused'));
      await stored.reply('incident:1', line('afterwards'));
    });
    for (let count = 0; count < 4; count += 1) await second();

    const told = adapter.posted
      .filter(({ message }) => message.title === undefined)
      .map(({ message }) => says(message));
    expect(told).toEqual(['asked', 'refused', 'something else', 'afterwards']);
  });
});

describe('a card that somebody deleted', () => {
  test('is posted anew with the newest state, and edited there from then on', async () => {
    await openCard();
    await deliverer.deliver(helpdesk);
    adapter.fail({ on: 'edit', problem: { kind: 'gone' } });

    await refresh('a wipe is on its way');
    at.clock.advance(1_000);
    await deliverer.deliver(helpdesk);
    await refresh('acknowledged');
    at.clock.advance(1_000);
    await deliverer.deliver(helpdesk);

    expect(adapter.posted.map(({ message }) => says(message))).toEqual(['as opened', 'acknowledged']);
    expect(adapter.posted[1]?.versions.map(says)).toEqual(['a wipe is on its way', 'acknowledged']);
    const told = await at.db.selectFrom('delivery').selectAll().execute();
    expect(told).toEqual([]);
  });

  test('takes no reply with it: that is posted in the place', async () => {
    await openCard();
    await deliverer.deliver(helpdesk);
    adapter.fail({ on: 'reply', problem: { kind: 'gone' } });

    await reply('The password may be reset.');
    at.clock.advance(1_000);
    await deliverer.deliver(helpdesk);

    expect(adapter.posted.map(({ kind, message }) => [kind, says(message)])).toContainEqual([
      'post',
      'The password may be reset.',
    ]);
  });
});

test('whatever fails in whatever order, everything arrives once, in order and as it is at last', async () => {
  const fault = fc.record({
    on: fc.constantFrom('post', 'edit', 'find', 'reply', 'privately'),
    problem: fc.constantFrom(
      'crash' as const,
      { kind: 'unknown' as const },
      { kind: 'not-sent' as const },
      {
        kind: 'wait' as const,
        retryAfterMs: 700,
      },
    ),
  });
  const step = fc.constantFrom('deliver', 'refresh', 'reply', 'notice');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fault, fc.boolean()), { maxLength: 6 }),
      fc.array(step, { maxLength: 10 }),
      async (faults, steps) => {
        await clear();
        // Only where the platform leaves the answer in doubt may the message have arrived.
        for (const [{ on, problem }, arrived] of faults) {
          const inDoubt = problem === 'crash' || problem.kind === 'unknown';
          adapter.fail({ on, problem, arrives: arrived && inDoubt });
        }
        await openCard();
        const expected: string[] = [];
        for (const [index, what] of steps.entries()) {
          if (what === 'deliver') await deliverer.deliver(helpdesk);
          if (what === 'refresh') await refresh(`state ${index}`);
          if (what === 'reply') await reply(`reply ${index}`);
          if (what === 'notice') await at.store.change((change) => change.notice([helpdesk], line(`notice ${index}`)));
          if (what === 'reply' || what === 'notice') expected.push(`${what} ${index}`);
          at.clock.advance(1_000);
        }
        for (let next: Date | undefined = at.clock.now(); next !== undefined; ) {
          at.clock.set(new Date(Math.max(next.getTime(), at.clock.now().getTime())));
          next = (await deliverer.deliver(helpdesk)).nextDueAt;
        }
        const shown = adapter.posted.map(({ message }) => says(message));
        expect([...shown].sort()).toEqual([facts, ...expected].sort());
        // A reply that failed five times, in being sent or looked for, is no longer waited for by those behind it.
        if (faults.filter(([{ on }]) => on === 'reply' || on === 'find').length >= 5) return;
        const replies = adapter.posted.filter(({ kind }) => kind === 'reply').map(({ message }) => says(message));
        expect(replies).toEqual(expected.filter((text) => text.startsWith('reply')));
      },
    ),
    { numRuns: runs(20, 60) },
  );
});

/** A second process on the same database, as far as the database can tell. */
async function testStoreOn(first: TestStore): Promise<{ store: Store; close: () => Promise<void> }> {
  const { db, close } = openDatabase(first.connection, { poolSize: 3 });
  return { store: { db, change: first.store.change }, close };
}

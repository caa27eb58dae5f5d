import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findAction, mintMessage } from '../../src/chat/actions.ts';
import { createDeliverer } from '../../src/chat/delivery/deliver.ts';
import { markMessage } from '../../src/chat/mark.ts';
import { answerKey, createUndelivered } from '../../src/chat/undelivered.ts';
import { button, buttons, paragraph } from '../../src/message/text.ts';
import { type FakeAdapter, fakeAdapter } from '../fakes/adapter.ts';
import { type TestStore, testStore } from '../setup/store.ts';
import { policy } from './people.ts';

const hana = 'console:hana';
const mark = 'LAB, no real phone';

let at: TestStore;
let adapter: FakeAdapter;

beforeAll(async () => {
  at = await testStore();
});
afterAll(() => at.close());
beforeEach(async () => {
  for (const table of ['delivery', 'work', 'setting', 'storedAction'] as const) await at.db.deleteFrom(table).execute();
  adapter = fakeAdapter();
});

async function deliver(): Promise<void> {
  const deliverer = createDeliverer({
    store: at.store,
    adapters: new Map([['console', adapter]]),
    projections: [],
    policy,
    clock: at.clock,
    ids: at.ids,
    log: pino({ level: 'silent' }),
    mark,
  });
  await deliverer.deliver(hana);
}

async function answered() {
  const draft = {
    title: 'Which one?',
    tone: 'neutral',
    blocks: [
      paragraph('Two match.'),
      buttons(button('Alice Ng', 'lost-device', { person: 'alice.ng' }, { epoch: 'e1' })),
    ],
  } as const;
  const minting = { db: at.db, subject: 'answer:7', ids: at.ids, now: at.clock.now() } as const;
  return markMessage(await mintMessage(minting, draft), mark);
}

describe('an answer that a platform did not take', () => {
  test('is delivered whole, marked once, with buttons that do the same', async () => {
    const message = await answered();
    await createUndelivered(at)({ identity: hana, message, name: 'a', inDoubt: false });

    await deliver();

    const [posted] = adapter.posted;
    expect(posted).toMatchObject({ kind: 'private', target: hana, key: answerKey('a', hana) });
    expect(posted?.message.title).toBe(`${mark} · Which one?`);
    const shown = posted?.message.blocks.flatMap((block) => (block.kind === 'buttons' ? block.buttons : [])) ?? [];
    const stored = await findAction(at.db, shown[0]?.action ?? '');
    expect(stored).toMatchObject({
      command: 'lost-device',
      args: { person: 'alice.ng' },
      epoch: 'e1',
      label: 'Alice Ng',
    });
  });

  test('that may have arrived is looked for first, and not posted twice', async () => {
    const message = await answered();
    await adapter.privately(hana, message, answerKey('a', hana));

    await createUndelivered(at)({ identity: hana, message, name: 'a', inDoubt: true });
    await deliver();

    expect(adapter.posted).toHaveLength(1);
    expect(adapter.calls).toContain('find');
  });

  test('is taken over once', async () => {
    const message = await answered();
    for (const inDoubt of [false, true]) await createUndelivered(at)({ identity: hana, message, name: 'a', inDoubt });

    await deliver();

    expect(adapter.posted).toHaveLength(1);
  });
});

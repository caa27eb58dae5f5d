import { afterAll, beforeAll, expect, test } from 'vitest';
import { findAction, markUsed, mintAnswer, mintForm, mintMessage } from '../../src/chat/actions.ts';
import { markAnswer } from '../../src/chat/mark.ts';
import type { Button, DraftForm, DraftMessage, Intent, Message } from '../../src/message/model.ts';
import { button, buttons, paragraph } from '../../src/message/text.ts';
import { type TestStore, testStore } from '../setup/store.ts';

let at: TestStore;
beforeAll(async () => {
  at = await testStore();
});
afterAll(() => at.close());

const minting = (subject: `${string}:${number}`) => ({ db: at.db, subject, ids: at.ids, now: at.clock.now() });

function card(...row: readonly Button<Intent>[]): DraftMessage {
  return { tone: 'neutral', blocks: [paragraph('What now?'), buttons(...row)] };
}

function idsOf(message: Message): string[] {
  return message.blocks.flatMap((block) => (block.kind === 'buttons' ? block.buttons.map(({ action }) => action) : []));
}

test('the same intent on the same subject keeps its id, whatever the order of its arguments', async () => {
  const draft = card(button('Yes', 'approve', { incident: 104, device: 1 }), button('No', 'deny', { incident: 104 }));
  const again = card(button('Yes', 'approve', { device: 1, incident: 104 }), button('No', 'deny', { incident: 104 }));
  const first = idsOf(await mintMessage(minting('incident:104'), draft));
  expect(idsOf(await mintMessage(minting('incident:104'), again))).toEqual(first);
  expect(new Set(first).size).toBe(2);
  expect(await findAction(at.db, first[0] ?? '')).toMatchObject({
    command: 'approve',
    args: { incident: 104, device: 1 },
    usedAt: null,
  });
});

test('another subject, argument, label or epoch is another button', async () => {
  const variants = await Promise.all([
    mintMessage(minting('incident:1'), card(button('Ask', 'ask', { n: 1 }))),
    mintMessage(minting('incident:2'), card(button('Ask', 'ask', { n: 1 }))),
    mintMessage(minting('incident:1'), card(button('Ask', 'ask', { n: 2 }))),
    mintMessage(minting('incident:1'), card(button('Ask again', 'ask', { n: 1 }))),
    mintMessage(minting('incident:1'), card(button('Ask', 'ask', { n: 1 }, { epoch: 2 }))),
  ]);
  expect(new Set(variants.flatMap(idsOf)).size).toBe(5);
});

test('renderings at the same moment agree on one id', async () => {
  const draft = card(button('Race', 'race', {}));
  const minted = await Promise.all(Array.from({ length: 5 }, () => mintMessage(minting('incident:7'), draft)));
  expect(new Set(minted.flatMap(idsOf)).size).toBe(1);
});

test('an action is used once, by whoever comes first', async () => {
  const [id = ''] = idsOf(await mintMessage(minting('incident:8'), card(button('Once', 'once', {}))));
  const marks = await Promise.all(['a', 'b', 'c'].map((by) => markUsed(at.db, id, { by, at: at.clock.now() })));
  expect(marks.filter(Boolean)).toHaveLength(1);
  expect(await findAction(at.db, 'no-such-id')).toBeUndefined();
});

test('forms and answers get ids, and the mark of the lab', async () => {
  const form: DraftForm = {
    id: 'deny',
    title: 'Deny',
    fields: [],
    submit: { label: 'Deny', action: { command: 'deny', args: { incident: 1 } } },
  };
  const minted = await mintForm(minting('answer:1'), form);
  expect(await findAction(at.db, minted.submit.action)).toMatchObject({ command: 'deny', subject: 'answer:1' });
  const answer = await mintAnswer(minting('answer:1'), { private: card(), form, fieldErrors: { why: 'Say why.' } });
  expect(markAnswer(answer, 'LAB, no real phone')).toEqual({
    private: { ...card(), title: 'LAB, no real phone' },
    form: { ...minted, intro: [{ kind: 'text', text: [{ kind: 'plain', text: 'LAB, no real phone' }], quiet: true }] },
    fieldErrors: { why: 'Say why.' },
  });
});

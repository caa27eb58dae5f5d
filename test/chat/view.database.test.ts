import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formCommands } from '../../src/chat/actions.ts';
import { createCardView } from '../../src/chat/view.ts';
import { commands } from '../../src/commands/index.ts';
import type { DraftMessage } from '../../src/message/model.ts';
import { button, buttons, paragraph } from '../../src/message/text.ts';
import { Policy } from '../../src/policy.ts';
import { type TestStore, testStore } from '../setup/store.ts';

let world: TestStore;
let draft: DraftMessage;
const place = 'console:#helpdesk';
const policy = Policy.parse({
  people: [
    { name: 'Hana', mailbox: 'hana@contoso.example', identities: ['console:hana'], roles: ['helpdesk'] },
    { name: 'Otto', mailbox: 'otto@contoso.example', identities: ['console:otto'], roles: ['security'] },
  ],
  channels: { helpdesk: [place] },
  timeZone: 'Europe/Berlin',
});

beforeAll(async () => {
  world = await testStore();
  for (const name of ['Hana', 'Otto']) {
    const mail = `${name.toLowerCase()}@contoso.example`;
    await world.db
      .insertInto('person')
      .values({
        guid: `00000000-0000-4000-8000-00000000000${name === 'Hana' ? 1 : 2}`,
        organisation: 'lab',
        displayName: name,
        alias: name.toLowerCase(),
        upn: mail,
        primarySmtp: mail,
        addresses: JSON.stringify([mail]),
        department: '',
        phones: JSON.stringify([]),
        managerName: '',
        mailboxType: 'user',
        accountEnabled: true,
        refreshedAt: world.clock.now(),
        gone: false,
      })
      .execute();
  }
  await world.store.change((change) => change.card('test:1', [place]));
});
afterAll(() => world.close());

function view() {
  return createCardView({
    store: world.store,
    commands,
    projections: [{ kind: 'test', render: async () => draft }],
    policy,
    organisation: 'lab',
    clock: world.clock,
    ids: world.ids,
    mark: 'LAB',
  });
}

it('shows the facts as they are now, with the buttons of the one who looks', async () => {
  const { postKey } = await world.db.selectFrom('card').select('postKey').executeTakeFirstOrThrow();
  draft = {
    tone: 'neutral',
    blocks: [
      paragraph('As it is now'),
      buttons(button('Release', 'release-hold', { incident: 1 }), button('Withdraw', 'withdraw', { approval: 1 })),
    ],
  };
  const seenBy = async (name: string, asked: { ref: string; key?: string }) =>
    (await view()({ sender: { identity: `console:${name}`, displayName: name }, ...asked }))?.message;

  expect(await seenBy('otto', { ref: 'nowhere', key: postKey })).toMatchObject({
    title: 'LAB',
    blocks: [{ kind: 'text' }, { kind: 'buttons', buttons: [{ label: 'Release' }, { label: 'Withdraw' }] }],
  });
  expect(await seenBy('hana', { ref: 'nowhere', key: postKey })).toMatchObject({
    blocks: [{ kind: 'text' }, { kind: 'buttons', buttons: [{ label: 'Withdraw' }] }],
  });
  expect(await seenBy('mallory', { ref: 'nowhere', key: postKey })).toBeUndefined();
  expect(await seenBy('hana', { ref: 'nowhere' })).toBeUndefined();
});

it('tells which message stands for the card, once one is known', async () => {
  const { postKey } = await world.db.selectFrom('card').select('postKey').executeTakeFirstOrThrow();
  const sender = { identity: 'console:hana', displayName: 'Hana' };
  expect(await view()({ sender, ref: 'copy', key: postKey })).not.toHaveProperty('ref');

  await world.db.updateTable('card').set({ ref: 'the-message' }).execute();

  expect(await view()({ sender, ref: 'copy', key: postKey })).toMatchObject({ ref: 'the-message' });
  expect(await view()({ sender, ref: 'the-message' })).toMatchObject({ ref: 'the-message' });
});

it('knows of each command that its click opens a form, as far as its file says so', () => {
  const opening = commands
    .filter(({ topic, id }) => /\bform: \{|\baskVerified\(|form: \w+Form\(/.test(sourceOf(topic, id)))
    .map(({ id }) => id);

  expect(opening.length).toBeGreaterThan(4);
  expect([...formCommands].filter((id) => !commands.some((command) => command.id === id))).toEqual([]);
  expect(opening.filter((id) => !formCommands.has(id))).toEqual([]);
});

/** The file of a topic in which the command stands. */
function sourceOf(topic: string, id: string): string {
  const folder = new URL(`../../src/commands/${topic}/`, import.meta.url);
  const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
  return sources.find((source) => source.includes(`id: '${id}'`)) ?? '';
}

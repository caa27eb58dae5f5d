import express from 'express';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { identityOf, mintRef, placeOf } from '../../../adapters/teams/refs.ts';
import type { CardView, Incoming, Receipt } from '../../../src/chat/port.ts';
import type { Answer, Form, Message } from '../../../src/message/model.ts';
import { text } from '../../../src/message/text.ts';
import { textOf } from '../../fakes/teams/cards.ts';
import { type FakeConversation, type FakePerson, tenant } from '../../fakes/teams/world.ts';
import { eventually } from '../../setup/eventually.ts';
import { runs } from '../../setup/runs.ts';
import { openTeamsHarness, type TeamsHarness } from './harness.ts';

let harness: TeamsHarness;
let hana: FakePerson;
let otto: FakePerson;
let channel: FakeConversation;
let heard: Incoming[];
let receive: (incoming: Incoming) => Promise<Receipt>;
let view: CardView;

beforeEach(async () => {
  harness = await openTeamsHarness();
  hana = harness.teams.world.person('Hana');
  otto = harness.teams.world.person('Otto');
  channel = harness.teams.world.channel('19:helpdesk@thread.tacv2', hana, otto);
  heard = [];
  receive = async () => stored({});
  view = async () => undefined;
  await harness.adapter.start({
    app: express(),
    onCommand: (incoming) => {
      heard.push(incoming);
      return receive(incoming);
    },
    view: (asked) => view(asked),
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await harness.close();
});

describe('what is typed', () => {
  it.each([
    ['<at>Mislaid</at>&nbsp;lost&nbsp;&nbsp;device  alice\n', 'lost device alice'],
    ['<at>Mislaid</at> <p>lost device</p> <b>alice</b>', 'lost device alice'],
    ['lost device alice <at>Mislaid</at>', 'lost device alice'],
    ['<at>Mislaid</at> lost device <at>Alice Ng</at>', 'lost device Alice Ng'],
    ['<at>Mislaid</at> block app &quot;A &amp; B&quot; &lt;x&gt;', 'block app "A & B" <x>'],
  ])('is heard without mentions and mark-up: %s', async (typed, wanted) => {
    const { teams } = harness;
    const entities = [
      {
        type: 'mention',
        text: '<at>Mislaid</at>',
        mentioned: { id: '28:99999999-9999-4999-8999-999999999999', name: 'Mislaid' },
      },
      { type: 'mention', text: '<at>Alice Ng</at>', mentioned: { id: '29:alice', name: 'Alice Ng' } },
      { type: 'clientInfo', locale: 'en-GB' },
    ];

    await teams.send(teams.activity(hana, channel, { type: 'message', text: typed, entities }));

    expect(heard[0]?.input).toEqual({ kind: 'sentence', text: wanted });
  });

  it('is heard with the card in whose thread it stands', async () => {
    const ref = await harness.adapter.post(placeOf(tenant, channel.id), card('The card'), 'key-1');
    const { activity = '' } = JSON.parse(ref);
    const thread = { ...channel, id: `${channel.id};messageid=${activity}` };

    await harness.teams.say(hana, 'status', thread);

    expect(heard[0]).toMatchObject({ thread: ref, place: placeOf(tenant, channel.id) });
  });

  it('knows the zone of the one who types, and how to reach him', async () => {
    await harness.teams.say(hana, 'status');

    expect(heard[0]?.sender).toMatchObject({
      timeZone: 'Europe/Berlin',
      email: 'hana@contoso.example',
      displayName: 'Hana',
    });
    expect(JSON.parse(heard[0]?.address ?? '')).toEqual({
      serviceUrl: harness.teams.serviceUrl,
      user: hana.mri,
      conversation: `a:${hana.objectId}`,
    });
  });

  it.each<[string, Partial<FakePerson>, string]>([
    ['a guest', { userRole: 'guest' }, 'guest'],
    ['a guest by his name', { email: 'x_gmail.com#EXT#@contoso.onmicrosoft.com' }, 'guest'],
    ['somebody of another tenant in a shared channel', { tenantId: 'another' }, 'other-tenant'],
    ['somebody anonymous', { userRole: 'anonymous' }, 'stranger'],
  ])('calls %s an outsider, and says no address of his', async (_, rest, outsider) => {
    const person = harness.teams.world.person('Mallory', rest);
    channel.members.push(person.objectId);

    await harness.teams.say(person, 'help', channel);

    expect(heard[0]?.sender).toMatchObject({ outsider });
    expect(heard[0]?.sender.email).toBeUndefined();
  });

  it('calls a bot a bot and somebody without an account a stranger', async () => {
    const { teams } = harness;
    await teams.send(
      teams.activity(hana, channel, { type: 'message', text: 'help', from: { id: '28:other-bot', name: 'Bot' } }),
    );
    await teams.send(
      teams.activity(hana, channel, { type: 'message', text: 'help', from: { id: '29:nobody', name: 'X' } }),
    );

    expect(heard.map(({ sender }) => sender.outsider)).toEqual(['bot', 'stranger']);
    expect(harness.teams.world.calls).not.toContain('member');
  });

  it('does nothing when Teams does not say who it is, and tells the person', async () => {
    harness.teams.world.faults.push({ on: 'member', status: 500 });

    await harness.teams.say(hana, 'lost device alice', channel);

    expect(heard).toEqual([]);
    expect(harness.teams.shownTo(hana).join()).toContain('not stored');
  });

  it('says in the thread that it cannot write privately, and nothing of the answer', async () => {
    hana.installed = false;
    receive = async () => stored({ private: card('Alice has 3 devices') });

    await harness.teams.say(hana, 'devices alice', channel);

    await eventually(() => expect(harness.teams.shownIn(channel).join()).toContain('add me in Teams'));
    expect(harness.teams.shownIn(channel).join()).not.toContain('Alice');
  });

  it('shows a form that follows a sentence in the private chat, and takes it there', async () => {
    receive = async () => stored({ form });
    await harness.teams.say(hana, 'deny 7');
    await eventually(() => expect(harness.teams.shownTo(hana).join()).toContain('Why'));

    await harness.teams.press(hana, 'submit-deny');

    expect(heard[1]?.input).toEqual({ kind: 'form', action: 'submit-deny', values: { reason: '' } });
  });
});

describe('what is pressed', () => {
  /** After one that took long its response may be lost, and the next counts as the same for a minute. */
  function clicksTakeNoTime(): void {
    vi.spyOn(performance, 'now').mockReturnValue(0);
  }

  async function posted(action = 'act', opensForm = false): Promise<void> {
    await harness.adapter.post(placeOf(tenant, channel.id), card('The card', action, opensForm), 'key-1');
  }

  it('takes effect once, although Teams sends it again under another id while it waits', async () => {
    await posted();
    let finish: (answer: Answer) => void = () => undefined;
    const answer = new Promise<Answer>((resolve) => (finish = resolve));
    receive = async () => ({ kind: 'stored', answer });

    const first = harness.teams.press(otto, 'act');
    await eventually(() => expect(heard).toHaveLength(1));
    const second = harness.teams.sendAgain({ newId: true });
    const third = harness.teams.sendAgain();
    const again = () => harness.logged.filter((line) => line.includes('sent again')).length;
    await eventually(() => expect(again()).toBe(2));
    finish({ private: card('Approved.') });

    expect((await second).body).toEqual((await first).body);
    expect((await third).body).toEqual((await first).body);
    expect(heard).toHaveLength(1);
  });

  it('may be pressed again by the same person afterwards, under a key of its own', async () => {
    await posted();
    clicksTakeNoTime();
    await harness.teams.press(otto, 'act');
    await harness.teams.press(otto, 'act');

    expect(new Set(heard.map(({ eventKey }) => eventKey)).size).toBe(2);
  });

  it('is answered beside the button when it is short, else in the private chat', async () => {
    await posted();
    clicksTakeNoTime();
    receive = async () => stored({ private: card('You asked for this wipe, so someone else must approve it.') });
    const short = await harness.teams.press(otto, 'act');
    receive = async () => stored({ private: card('x '.repeat(400)) });
    const long = await harness.teams.press(otto, 'act');

    expect(short.body).toMatchObject({
      type: 'application/vnd.microsoft.activity.message',
      value: expect.stringContaining('someone else'),
    });
    expect(long.body).toMatchObject({ value: 'I answered you in our private chat.' });
    await eventually(() => expect(harness.teams.shownTo(otto).join()).toContain('x x x'));
    expect(harness.teams.shownIn(channel)).toHaveLength(1);
  });

  it('opens a dialog at once where a form follows, with every answer it can have', async () => {
    await posted('deny', true);
    receive = async () => stored({ form });
    await harness.teams.press(otto, 'deny');
    expect(harness.teams.dialog(otto)).toMatchObject({ title: form.title, shape: 'task' });

    receive = async () =>
      stored({ fieldErrors: { reason: 'Say why in a whole sentence.', other: 'And something else.' } });
    await harness.teams.submit(otto, { reason: 'no' });
    expect(textOf(harness.teams.dialog(otto)?.card)).toMatch(
      /✘ And something else\.[\s\S]*Why[\s\S]*no[\s\S]*✘ Say why in a whole sentence\./,
    );

    receive = async () => stored({ private: card('Denied.') });
    await harness.teams.submit(otto, { reason: 'She found it in her coat.' });
    expect(harness.teams.shownTo(otto).join()).toContain('Denied.');
    expect(heard.map(({ input: said }) => said.kind)).toEqual(['click', 'form', 'form']);
    expect(heard.every(({ thread }) => thread === heard[0]?.thread)).toBe(true);
  });

  it('shows buttons of a private answer in a dialog, where they can be pressed', async () => {
    await posted('deny', true);
    receive = async () => stored({ private: card('Which one?', 'this-one') });
    await harness.teams.press(otto, 'deny');
    receive = async () => stored({});

    await harness.teams.press(otto, 'this-one');

    expect(heard[1]?.input).toEqual({ kind: 'click', action: 'this-one' });
    expect(harness.teams.shownTo(otto).join()).toContain('I have that.');
  });

  it('says that it is at work when the answer takes long, and gives it in the private chat', async () => {
    await posted();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let finish: (answer: Answer) => void = () => undefined;
      receive = async () => ({ kind: 'stored', answer: new Promise((resolve) => (finish = resolve)) });
      const pressing = harness.teams.press(otto, 'act');
      await eventually(() => expect(vi.getTimerCount()).toBeGreaterThan(0), { interval: 5 });
      await eventually(async () => {
        expect(heard).toHaveLength(1);
      });
      await vi.advanceTimersByTimeAsync(10_000);
      expect((await pressing).body).toMatchObject({ value: expect.stringContaining('still at work') });
      finish({ private: card('At last.') });
    } finally {
      vi.useRealTimers();
    }
    await eventually(() => expect(harness.teams.shownTo(otto).join()).toContain('At last.'));
  });

  it('says of an unknown button that nothing was done', async () => {
    const { teams } = harness;
    const value = { action: { type: 'Action.Execute', verb: 'x', data: { something: 'else' } } };
    const sent = await teams.send(
      teams.activity(otto, channel, { type: 'invoke', name: 'adaptiveCard/action', value }),
    );
    const dialog = await teams.send(
      teams.activity(otto, channel, { type: 'invoke', name: 'task/fetch', value: { data: {} } }),
    );
    const other = await teams.send(teams.activity(otto, channel, { type: 'invoke', name: 'search', value: {} }));

    expect(sent.body).toMatchObject({ statusCode: 200, value: expect.stringContaining('nothing was done') });
    expect(dialog.body).toMatchObject({ task: { type: 'message' } });
    expect(other.status).toBe(501);
    expect(heard).toEqual([]);
  });

  it('takes a submit of a client that knows no Action.Execute', async () => {
    await posted();
    const { teams } = harness;
    const value = { mislaid: { kind: 'click', action: 'act', key: 'key-1' } };

    await teams.send(teams.activity(otto, channel, { type: 'message', value, replyToId: '1' }));

    expect(heard[0]?.input).toEqual({ kind: 'click', action: 'act' });
  });
});

describe('who looks at a card', () => {
  it('gets it as he should see it, and so does who pressed', async () => {
    const { teams } = harness;
    await harness.adapter.post(placeOf(tenant, channel.id), card('For everybody', 'act'), 'key-1');
    const [message] = teams.world.messages;
    if (message === undefined) throw new Error('nothing was posted');
    const ref = mintRef({ conversation: channel.id, activity: message.id });
    view = async ({ sender }) => ({ message: card(`For ${sender.displayName}`), ref });

    await teams.look(hana, message.id);
    await teams.press(otto, 'act');

    expect(textOf(teams.cardFor(hana, message))).toContain('For Hana');
    expect(textOf(teams.cardFor(otto, message))).toContain('For Otto');
    expect(teams.shownIn(channel).join()).toContain('For everybody');
  });

  it('keeps what he sees when it cannot be drawn anew, and hears nothing of it', async () => {
    const { teams } = harness;
    await harness.adapter.post(placeOf(tenant, channel.id), card('For everybody', 'act'), 'key-1');
    const [message] = teams.world.messages;
    if (message === undefined) throw new Error('nothing was posted');
    view = () => Promise.reject(new Error('the store is away'));

    const looked = await teams.look(hana, message.id);

    expect(looked).toMatchObject({ status: 200, body: { statusCode: 200, value: '' } });
    expect(textOf(teams.cardFor(hana, message))).toContain('For everybody');
    expect(teams.shownTo(hana)).toEqual([]);
  });

  it.each([
    ['with buttons', 'act'],
    ['without any', undefined],
  ])('makes a post known whose answer was lost, and a second copy of it go: %s', async (_, action) => {
    const { teams, adapter } = harness;
    const once = card('Once', action);
    const place = placeOf(tenant, channel.id);
    teams.world.faults.push({ on: 'post', cut: true, arrives: true });
    await expect(adapter.post(place, once, 'key-1')).rejects.toMatchObject({
      problem: { kind: 'unknown' },
    });
    expect(await adapter.find(place, 'key-1')).toBeUndefined();
    const [lost] = teams.world.messages;
    if (lost === undefined) throw new Error('nothing was posted');

    view = async () => ({ message: once });
    await teams.look(hana, lost.id);
    const found = await adapter.find(place, 'key-1');
    expect(found).toBe(mintRef({ conversation: channel.id, activity: lost.id }));

    const second = await adapter.post(place, once, 'key-1');
    view = async () => ({ message: once, ref: second });
    await teams.look(otto, lost.id);
    await eventually(() => expect(teams.shownIn(channel)).toHaveLength(1));
    expect(lost.deleted).toBe(true);
  });

  it('has a private copy that is known again, also of somebody who never wrote', async () => {
    const { teams, adapter } = harness;
    const identity = identityOf(tenant, hana.objectId);
    teams.world.faults.push({ on: 'post', cut: true, arrives: true });
    await expect(adapter.privately(identity, card('For you'), 'key-1')).rejects.toMatchObject({
      problem: { kind: 'unknown' },
    });
    const [lost] = teams.world.messages;

    view = async () => ({ message: card('For you') });
    await teams.look(hana, lost?.id ?? '');

    expect(await adapter.find(identity, 'key-1')).toBeDefined();
  });

  it('is asked for by at most sixty clients, and by none when Teams does not list them', async () => {
    const { teams, adapter } = harness;
    const many = Array.from({ length: 80 }, (_, index) => teams.world.person(`Person ${index}`));
    const big = teams.world.channel('19:big@thread.tacv2', ...many);
    const broken = teams.world.channel('19:broken@thread.tacv2', hana);

    await adapter.post(placeOf(tenant, big.id), card('Approve?', 'act'), 'key-1');
    teams.world.faults.push({ on: 'members', status: 403 });
    await adapter.post(placeOf(tenant, broken.id), card('Approve?', 'act'), 'key-2');

    const contents = teams.world.messages.map(({ activity }) => activity.attachments?.[0]?.content);
    expect(contents[0]).toMatchObject({ refresh: { userIds: expect.any(Array) } });
    expect(JSON.stringify(contents[0]).match(/29:/g)?.length).toBe(60);
    expect(contents[1]).not.toHaveProperty('refresh');
  });
});

describe('other ways in', () => {
  it('handles a message as a lost device, for its author', async () => {
    receive = async () => stored({ private: card('INC-7 is open.') });

    await harness.teams.handleMessage(hana, otto, 'I left my phone in a taxi', channel);

    expect(heard[0]).toMatchObject({
      place: placeOf(tenant, channel.id),
      input: { kind: 'shortcut', author: identityOf(tenant, otto.objectId), text: 'I left my phone in a taxi' },
    });
    expect(harness.teams.shownTo(hana).join()).toContain('INC-7 is open.');
  });

  it('says so when no person wrote the message', async () => {
    await harness.teams.handleMessage(hana, undefined, 'ticket 12', channel);

    expect(heard).toEqual([]);
    expect(harness.teams.shownTo(hana).join()).toContain('No person of this organisation');
  });

  it('welcomes whoever installs it with what it can do for him', async () => {
    receive = async () => stored({ private: card('What you can say') });

    await harness.teams.install(hana);

    expect(heard[0]?.input).toEqual({ kind: 'sentence', text: 'help' });
    await eventually(() =>
      expect(harness.teams.shownTo(hana).join()).toMatch(/I handle lost phones[\s\S]*What you can say/),
    );
  });

  it('welcomes a team in its channel and says what policy.yaml calls it, and nothing private', async () => {
    await harness.teams.install(hana, channel);

    expect(harness.teams.shownIn(channel).join()).toContain(`teams:${tenant}/19:helpdesk@thread.tacv2`);
    expect(heard).toEqual([]);
  });
});

it('neither crashes nor does anything on any activity', async () => {
  const { teams } = harness;
  const base = teams.activity(hana, channel, {});
  const name = fc.constantFrom(
    'adaptiveCard/action',
    'task/fetch',
    'task/submit',
    'composeExtension/fetchTask',
    'composeExtension/submitAction',
    'x',
  );
  const anything = fc.object({ maxDepth: 4, withNullPrototype: false });
  const pressed = fc.record({
    kind: fc.constantFrom('click', 'form', 'refresh', 'x'),
    action: fc.anything(),
    form: fc.string(),
    key: fc.anything(),
  });
  const data = fc.oneof(anything, fc.record({ mislaid: pressed }));
  const value = fc.oneof(
    fc.anything(),
    fc.record({ data }),
    fc.record({ action: fc.record({ data }) }),
    fc.record({ messagePayload: anything }),
  );
  const wild = fc.record(
    {
      type: fc.constantFrom(
        'invoke',
        'message',
        'conversationUpdate',
        'installationUpdate',
        'messageReaction',
        'event',
        '',
      ),
      name,
      value,
      text: fc.oneof(fc.string(), fc.anything()),
      entities: fc.anything(),
      from: fc.oneof(fc.anything(), fc.constant(base.from)),
      conversation: fc.oneof(fc.anything(), fc.constant(base.conversation)),
      replyToId: fc.oneof(fc.string(), fc.integer()),
      channelData: fc.oneof(fc.anything(), fc.constant(base.channelData)),
      action: fc.string(),
      localTimezone: fc.string(),
    },
    { requiredKeys: [] },
  );

  await fc.assert(
    fc.asyncProperty(wild, async (rest) => {
      heard.length = 0;
      const { status } = await teams.send({ ...base, ...rest });
      expect([200, 400, 401, 403, 501]).toContain(status);
      // Only what is said or pressed reaches the core, and that as the shape that the core knows.
      for (const { input: said } of heard) expect(['sentence', 'click', 'form', 'shortcut']).toContain(said.kind);
    }),
    { numRuns: runs(60, 600) },
  );
  expect(harness.logged.filter((line) => line.includes('could not be handled'))).toEqual([]);
});

const form: Form = {
  id: 'deny',
  title: 'Deny this wipe',
  fields: [{ kind: 'text', id: 'reason', label: 'Why', multiline: false, maxLength: 200, required: false }],
  submit: { label: 'Deny', action: 'submit-deny' },
};

function stored(answer: Answer): Receipt {
  return { kind: 'stored', answer: Promise.resolve(answer) };
}

function card(words: string, action?: string, opensForm = false): Message {
  return {
    tone: 'neutral',
    blocks: [
      { kind: 'text', text: text(words) },
      ...(action === undefined
        ? []
        : [
            {
              kind: 'buttons' as const,
              buttons: [{ label: words, action, ...(opensForm ? { opensForm: true as const } : {}) }],
            },
          ]),
    ],
  };
}

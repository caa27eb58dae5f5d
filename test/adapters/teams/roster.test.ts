import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Incoming, Receipt } from '../../../src/chat/port.ts';
import type { Answer } from '../../../src/message/model.ts';
import { text } from '../../../src/message/text.ts';
import { type FakeConversation, type FakePerson, tenant } from '../../fakes/teams/world.ts';
import { eventually } from '../../setup/eventually.ts';
import { openTeamsHarness, type TeamsHarness } from './harness.ts';

let harness: TeamsHarness;
let hana: FakePerson;
let otto: FakePerson;
let channel: FakeConversation;
let heard: Incoming[];
let answer: Answer;

beforeEach(async () => {
  harness = await openTeamsHarness();
  hana = harness.teams.world.person('Hana');
  otto = harness.teams.world.person('Otto');
  channel = harness.teams.world.channel('19:helpdesk@thread.tacv2', hana, otto);
  heard = [];
  answer = {};
  await harness.adapter.start({
    app: express(),
    onCommand: async (incoming): Promise<Receipt> => {
      heard.push(incoming);
      return { kind: 'stored', answer: Promise.resolve(answer) };
    },
  });
});
afterEach(() => harness.close());

describe('a roster that does not answer', () => {
  it.each([
    [401, 'Unauthorized'],
    [403, 'BotNotInConversationRoster'],
    [403, 'NotInRoster'],
    [404, 'ConversationNotFound'],
    [400, 'BadSyntax'],
  ])('makes nobody a stranger: after %s %s the personal chat is asked', async (status, code) => {
    harness.teams.world.faults.push({ on: 'member', status, code });

    await harness.teams.say(hana, 'lost device alice', channel);

    expect(heard[0]?.sender).toMatchObject({ email: 'hana@contoso.example' });
    expect(heard[0]?.sender.outsider).toBeUndefined();
  });

  it.each([
    [401, 'Unauthorized'],
    [403, 'BotNotInConversationRoster'],
    [404, 'ConversationNotFound'],
  ])('is said as what it is where the personal chat does not tell either: %s %s', async (status, code) => {
    const { faults } = harness.teams.world;
    faults.push({ on: 'member', status, code }, { on: 'member', status, code });

    await harness.teams.say(hana, 'lost device alice', channel);

    expect(heard).toEqual([]);
    expect(harness.teams.shownTo(hana).join()).toContain('Teams did not tell me who you are');
  });

  it('is forgotten at once: the next word is heard', async () => {
    const { faults } = harness.teams.world;
    faults.push({ on: 'member', status: 403 }, { on: 'member', status: 403 });
    await harness.teams.say(hana, 'lost device alice', channel);

    await harness.teams.say(hana, 'lost device alice', channel);

    expect(heard[0]?.sender).toMatchObject({ email: 'hana@contoso.example' });
  });

  it('says so where it was said when nobody can be written to privately, and nothing else', async () => {
    hana.installed = false;
    harness.teams.world.faults.push({ on: 'member', status: 403 });

    await harness.teams.say(hana, 'lost device alice', channel);

    expect(harness.teams.shownIn(channel).join()).toContain('Teams did not tell me who you are');
    expect(harness.teams.shownIn(channel).join()).not.toContain('alice');
  });

  it('after a secret that Entra ID refuses, nobody is a guest either', async () => {
    harness.teams.tokens.refuseBot();

    await harness.teams.say(hana, 'lost device alice', channel);

    expect(heard).toEqual([]);
    expect(harness.logged.join()).toContain('renew TEAMS_APP_PASSWORD');
  });
});

describe('somebody whom the roster does not know', () => {
  it('is a stranger, and is known as soon as they belong to it', async () => {
    const mallory = harness.teams.world.person('Mallory');
    await harness.teams.say(mallory, 'help', channel);
    channel.members.push(mallory.objectId);

    await harness.teams.say(mallory, 'help', channel);

    expect(heard.map(({ sender }) => sender.outsider)).toEqual(['stranger', undefined]);
  });
});

describe('"Handle as lost device" where the bot is no member', () => {
  it('knows who pressed it by their personal chat', async () => {
    channel.gone = true;

    await harness.teams.handleMessage(hana, otto, 'I left my phone in a taxi', channel);

    expect(heard[0]).toMatchObject({ sender: { email: 'hana@contoso.example' }, input: { kind: 'shortcut' } });
    expect(heard[0]?.sender.outsider).toBeUndefined();
  });

  it("offers Teams' own card to add the app, and goes on with the same message once it was added", async () => {
    channel.gone = true;
    hana.installed = false;
    const offered = await harness.teams.handleMessage(hana, otto, 'I left my phone in a taxi', channel);

    expect(heard).toEqual([]);
    expect(JSON.stringify(offered.body)).toContain('"msteams":{"justInTimeInstall":true}');

    await harness.teams.addApp(hana, channel);

    expect(heard[0]).toMatchObject({
      sender: { email: 'hana@contoso.example' },
      input: { kind: 'shortcut', text: 'I left my phone in a taxi' },
    });
  });
});

describe('how a person is reached', () => {
  it('is not kept from a chat of two people, which is no chat with the bot', async () => {
    const two = harness.teams.world.channel(`19:${hana.objectId}_${otto.objectId}@unq.gbl.spaces`, hana, otto);
    two.kind = 'personal';
    two.gone = true;
    answer = {
      private: { tone: 'neutral', blocks: [{ kind: 'text', text: text('Alice has 3 devices. '.repeat(30)) }] },
    };

    const { teams } = harness;
    await teams.send(teams.activity(hana, two, { type: 'message', text: 'devices alice' }));

    await eventually(() => expect(teams.shownTo(hana).join()).toContain('Alice has 3 devices'));
    expect(teams.shownIn(two)).toEqual([]);
    expect(heard[0]?.address).not.toContain('unq.gbl.spaces');
    expect(heard[0]?.place).toBe(`teams:${tenant}/${two.id}`);
  });

  it('is not kept of somebody who is no member', async () => {
    const { teams, adapter } = harness;
    const mallory = teams.world.person('Mallory', { userRole: 'guest' });
    await teams.say(mallory, 'help');
    teams.world.calls.length = 0;

    await adapter.privately(`entra:${tenant}/${mallory.objectId}`, { tone: 'neutral', blocks: [] }, 'key-1');

    // The chat is opened anew instead of taken from what the outsider sent.
    expect(teams.world.calls[0]).toBe('create');
  });

  it.each([
    'https://attacker.example/teams/',
    'http://smba.trafficmanager.net/teams/',
    'https://smba.trafficmanager.net.attacker.example/',
  ])('is none of Teams at %s: nothing is taken from there, and nothing sent', async (serviceUrl) => {
    const { teams, adapter } = harness;
    const sent = await teams.send(
      { ...teams.activity(hana, channel, { type: 'message', text: 'help' }), serviceUrl },
      { serviceUrl, appId: String(teams.settings.TEAMS_APP_ID) },
    );
    const address = JSON.stringify({ serviceUrl, user: hana.mri, conversation: `a:${hana.objectId}` });
    const posting = adapter.privately(
      `entra:${tenant}/${hana.objectId}`,
      { tone: 'neutral', blocks: [] },
      'k',
      address,
    );

    await expect(posting).rejects.toMatchObject({ problem: { kind: 'dead' } });
    expect(sent.status).toBe(401);
    expect(heard).toEqual([]);
  });
});

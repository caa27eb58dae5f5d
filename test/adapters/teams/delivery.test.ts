import express from 'express';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openClient } from '../../../adapters/teams/authentication.ts';
import { bytesOf } from '../../../adapters/teams/cut.ts';
import { createEntraGroups } from '../../../adapters/teams/groups.ts';
import { activityBytes } from '../../../adapters/teams/limits.ts';
import { identityOf, mintAddress, placeOf } from '../../../adapters/teams/refs.ts';
import { DeliveryError, type Incoming } from '../../../src/chat/port.ts';
import type { Message } from '../../../src/message/model.ts';
import { text } from '../../../src/message/text.ts';
import { appSecret } from '../../fakes/teams/tokens.ts';
import { appId, type FakeConversation, type FakePerson, type Fault, tenant } from '../../fakes/teams/world.ts';
import { testClock } from '../../setup/clock.ts';
import { openTeamsHarness, type TeamsHarness } from './harness.ts';

const message: Message = { tone: 'neutral', blocks: [{ kind: 'text', text: text('Hello') }] };

let harness: TeamsHarness;
let hana: FakePerson;
let channel: FakeConversation;
let place: string;

beforeEach(async () => {
  harness = await openTeamsHarness();
  hana = harness.teams.world.person('Hana');
  channel = harness.teams.world.channel('19:helpdesk@thread.tacv2', hana);
  place = placeOf(tenant, channel.id);
  await harness.adapter.start({
    app: express(),
    onCommand: async () => ({ kind: 'stored', answer: Promise.resolve({}) }),
  });
});
afterEach(() => harness.close());

async function problemOf(work: Promise<unknown>): Promise<unknown> {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  return error instanceof DeliveryError ? error.problem : error;
}

describe('a post', () => {
  it.each<[string, Omit<Fault, 'on'>, unknown]>([
    ['429', { status: 429, retryAfter: 3 }, { kind: 'wait', retryAfterMs: 3_000 }],
    ['429 without a time', { status: 429 }, { kind: 'wait', retryAfterMs: expect.any(Number) }],
    ['412', { status: 412 }, { kind: 'wait', retryAfterMs: expect.any(Number) }],
    ['500', { status: 500 }, { kind: 'unknown' }],
    ['502', { status: 502 }, { kind: 'unknown' }],
    ['503', { status: 503, retryAfter: 1 }, { kind: 'unknown' }],
    ['504', { status: 504, arrives: true }, { kind: 'unknown' }],
    ['a cut connection', { cut: true, arrives: true }, { kind: 'unknown' }],
    [
      '403',
      { status: 403, code: 'BotNotInConversationRoster' },
      { kind: 'dead', remedy: expect.stringContaining('Install the app') },
    ],
    [
      'a block',
      { status: 403, code: 'MessageWritesBlocked' },
      { kind: 'dead', remedy: expect.stringContaining('unblock') },
    ],
    [
      '404',
      { status: 404, code: 'ConversationNotFound' },
      { kind: 'dead', remedy: expect.stringContaining('policy.yaml') },
    ],
    ['401', { status: 401 }, { kind: 'dead', remedy: expect.stringContaining('TEAMS_APP_ID') }],
    ['413', { status: 413, code: 'MessageSizeTooBig' }, { kind: 'dead', remedy: expect.stringContaining('too large') }],
  ])('is made once whatever the answer is: %s', async (_, fault, problem) => {
    harness.teams.world.faults.push({ on: 'post', ...fault });

    expect(await problemOf(harness.adapter.post(place, message, 'key-1'))).toEqual(problem);

    expect(harness.teams.world.calls.filter((call) => call.startsWith('post'))).toHaveLength(1);
    expect(harness.teams.shownIn(channel)).toHaveLength(fault.arrives === true ? 1 : 0);
  });

  it('that nobody listened to was surely not sent', async () => {
    const serviceUrl = 'http://127.0.0.1:9/';
    const away = await openTeamsHarness({ serviceUrl });
    await away.adapter.start({ app: express(), onCommand: async () => ({ kind: 'duplicate' }) });
    const address = mintAddress({ serviceUrl, user: hana.mri, conversation: 'a:1' });

    const posting = away.adapter.privately(identityOf(tenant, hana.objectId), message, 'key-1', address);

    expect(await problemOf(posting)).toEqual({ kind: 'not-sent' });
    await away.close();
  });

  it('is not sent without a token; a secret that is over needs a person', async () => {
    harness.teams.tokens.refuseBot();

    expect(await problemOf(harness.adapter.post(place, message, 'key-1'))).toEqual({
      kind: 'dead',
      remedy: expect.stringContaining('TEAMS_APP_PASSWORD'),
    });
    expect(harness.teams.world.calls).toEqual([]);
  });

  it('goes nowhere but to its own tenant', async () => {
    const elsewhere = [
      harness.adapter.post('teams:another/19:x@thread.tacv2', message, 'key-1'),
      harness.adapter.post('slack:T1/C1', message, 'key-1'),
      harness.adapter.privately('entra:another/1', message, 'key-1'),
      harness.adapter.edit('not a ref', message),
      harness.adapter.reply('{"a":1}', message, 'key-1'),
    ];

    for (const work of elsewhere) expect(await problemOf(work)).toMatchObject({ kind: 'dead' });
    expect(harness.teams.world.calls).toEqual([]);
  });

  it('keeps within the rate that Teams takes, at the pace that the limits name', async () => {
    // All of it within one instant, however long it takes.
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const { postsPerSecondPerPlace } = harness.adapter.limits;
      for (let count = 0; count < postsPerSecondPerPlace; count += 1)
        await harness.adapter.post(place, message, `key-${count}`);
      expect(harness.teams.shownIn(channel)).toHaveLength(postsPerSecondPerPlace);

      const posts = Array.from({ length: 10 }, (_, index) =>
        problemOf(harness.adapter.post(place, message, `more-${index}`)),
      );
      expect(await Promise.all(posts)).toContainEqual({ kind: 'wait', retryAfterMs: 1_000 });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('an edit', () => {
  it.each<[Omit<Fault, 'on'>, unknown]>([
    [{ status: 504 }, { kind: 'not-sent' }],
    [{ cut: true }, { kind: 'not-sent' }],
    [{ status: 412 }, { kind: 'wait', retryAfterMs: expect.any(Number) }],
  ])('may be made again after %j', async (fault, problem) => {
    const ref = await harness.adapter.post(place, message, 'key-1');
    harness.teams.world.faults.push({ on: 'update', ...fault });

    expect(await problemOf(harness.adapter.edit(ref, message))).toEqual(problem);
  });

  it('of a message that somebody deleted says that it is gone, and the core posts it anew', async () => {
    const ref = await harness.adapter.post(place, message, 'key-1');
    for (const posted of harness.teams.world.messages) posted.deleted = true;

    expect(await problemOf(harness.adapter.edit(ref, message))).toEqual({ kind: 'gone' });
  });
});

describe('a private message', () => {
  it('opens the chat with somebody who never spoke, once', async () => {
    const otto = harness.teams.world.person('Otto');

    await harness.adapter.privately(identityOf(tenant, otto.objectId), message, 'key-1');
    await harness.adapter.privately(identityOf(tenant, otto.objectId), message, 'key-2');

    expect(harness.teams.shownTo(otto)).toHaveLength(2);
    expect(harness.teams.world.calls.filter((call) => call === 'create')).toHaveLength(1);
  });

  it('to somebody without the app says what to do', async () => {
    const otto = harness.teams.world.person('Otto', { installed: false });

    expect(await problemOf(harness.adapter.privately(identityOf(tenant, otto.objectId), message, 'key-1'))).toEqual({
      kind: 'dead',
      remedy: expect.stringContaining('Install the app'),
    });
  });

  it('goes where the person last wrote from, by another process too', async () => {
    const heard: Incoming[] = [];
    const other = await openTeamsHarness();
    await other.adapter.start({
      app: express(),
      onCommand: async (incoming) => {
        heard.push(incoming);
        return { kind: 'duplicate' };
      },
    });
    const person = other.teams.world.person('Otto');
    await other.teams.say(person, 'help');
    const [incoming] = heard;
    await other.adapter.stop();

    const third = await openTeamsHarness({}, other.teams.settings);
    await third.adapter.start({ app: express(), onCommand: async () => ({ kind: 'duplicate' }) });
    await third.adapter.privately(incoming?.sender.identity ?? '', message, 'key-1', incoming?.address);

    expect(other.teams.shownTo(person)).toEqual(['Hello']);
    expect(other.teams.world.calls).not.toContain('create');
    await other.close();
    await third.close();
  });
});

describe('a place', () => {
  it('that is a group chat has no threads: a reply stands after the card', async () => {
    const chat = harness.teams.world.channel('19:chat@thread.v2', hana);
    const ref = await harness.adapter.post(placeOf(tenant, chat.id), message, 'key-1');
    await harness.adapter.reply(ref, message, 'key-2');
    const inChannel = await harness.adapter.post(place, message, 'key-3');
    await harness.adapter.reply(inChannel, message, 'key-4');

    const [, inChat, root, under] = harness.teams.world.messages;
    expect(inChat?.under).toBeUndefined();
    expect(under?.under).toBe(root?.id);
  });
});

describe('every message', () => {
  it('keeps within its size with sixty who read along, a picture and long texts', async () => {
    const people = Array.from({ length: 60 }, (_, index) =>
      harness.teams.world.person(`Somebody with a long name ${index}`),
    );
    const full = harness.teams.world.channel('19:full@thread.tacv2', ...people);
    const large: Message = {
      title: 'Large',
      tone: 'warning',
      blocks: [
        { kind: 'text', text: text('word '.repeat(8_000)) },
        {
          kind: 'buttons',
          buttons: Array.from({ length: 20 }, (_, index) => ({
            label: `Button ${index}`,
            action: `action-${index}-0123456789abcdef`,
          })),
        },
      ],
    };

    await harness.adapter.post(placeOf(tenant, full.id), large, 'key-0123456789abcdef');

    const [posted] = harness.teams.world.messages;
    expect(bytesOf(posted?.activity)).toBeLessThanOrEqual(activityBytes + 500);
  });
});

describe('groups of Entra ID', () => {
  function groupsFor() {
    const clock = testClock();
    const client = openClient({
      appId,
      tenant,
      password: appSecret,
      tokenUrl: `${harness.teams.base}/token`,
      login: 'https://login.microsoftonline.com',
    });
    const groups = createEntraGroups({
      client,
      graphUrl: `${harness.teams.base}/graph`,
      tenant,
      now: () => clock.now().getTime(),
      log: pino({ level: 'silent' }),
    });
    return { clock, groups };
  }

  it('are read from Graph, believed for a minute, and then read anew', async () => {
    hana.groups = ['g1', 'g2'];
    const { clock, groups } = groupsFor();

    expect(await groups.of(hana.objectId)).toEqual([`entra:${tenant}/g1`, `entra:${tenant}/g2`]);
    hana.groups = [];
    clock.advance(59_000);
    expect(await groups.of(hana.objectId)).toHaveLength(2);
    clock.advance(2_000);
    expect(await groups.of(hana.objectId)).toEqual([]);
    expect(harness.teams.world.calls).toEqual(['graph', 'graph']);
  });

  it('are none when Graph does not answer, and that is not believed for a minute', async () => {
    hana.groups = ['g1'];
    const { groups } = groupsFor();
    harness.teams.world.faults.push({ on: 'graph', status: 503 });

    expect(await groups.of(hana.objectId)).toEqual([]);
    expect(await groups.of(hana.objectId)).toHaveLength(1);
  });

  it('come with the person where they are configured, and never with a guest', async () => {
    const heard: Incoming[] = [];
    const other = await openTeamsHarness({}, { TEAMS_GRAPH_GROUPS: '1' });
    await other.adapter.start({
      app: express(),
      onCommand: async (incoming) => {
        heard.push(incoming);
        return { kind: 'duplicate' };
      },
    });
    const member = other.teams.world.person('Hugo', { groups: ['g1'] });
    const guest = other.teams.world.person('Guest', { groups: ['g1'], userRole: 'guest' });

    await other.teams.say(member, 'help');
    await other.teams.say(guest, 'help');
    await other.close();

    expect(heard.map(({ sender }) => sender.groups)).toEqual([[`entra:${tenant}/g1`], undefined]);
  });
});

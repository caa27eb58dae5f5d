import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Undelivered } from '../../../src/chat/port.ts';
import type { Answer } from '../../../src/message/model.ts';
import { text } from '../../../src/message/text.ts';
import { type FakeConversation, type FakePerson, type Fault, tenant } from '../../fakes/teams/world.ts';
import { eventually } from '../../setup/eventually.ts';
import { openTeamsHarness, type TeamsHarness } from './harness.ts';

let harness: TeamsHarness;
let hana: FakePerson;
let channel: FakeConversation;
let answer: Answer;
let undelivered: Undelivered[];

beforeEach(async () => {
  harness = await openTeamsHarness();
  hana = harness.teams.world.person('Hana');
  channel = harness.teams.world.channel('19:helpdesk@thread.tacv2', hana);
  answer = { private: { tone: 'neutral', blocks: [{ kind: 'text', text: text('Alice has 3 devices') }] } };
  undelivered = [];
  await harness.adapter.start({
    app: express(),
    onCommand: async () => ({ kind: 'stored', answer: Promise.resolve(answer) }),
    onUndelivered: async (lost) => {
      undelivered.push(lost);
    },
  });
});
afterEach(() => harness.close());

describe('a private answer', () => {
  it.each<[string, Partial<Fault>, boolean]>([
    ['429', { status: 429, retryAfter: 1 }, false],
    ['412', { status: 412 }, false],
    ['502', { status: 502 }, true],
    ['504', { status: 504 }, true],
    ['a cut connection', { cut: true, arrives: true }, true],
  ])('is handed over to be delivered after %s', async (_, fault, inDoubt) => {
    harness.teams.world.faults.push({ on: 'post', ...fault });

    await harness.teams.say(hana, 'devices alice', channel);

    await eventually(() => expect(undelivered).toHaveLength(1));
    expect(undelivered[0]).toMatchObject({
      identity: `entra:${tenant}/${hana.objectId}`,
      message: answer.private,
      inDoubt,
    });
    expect(harness.teams.shownIn(channel)).toEqual([]);
  });

  it('is handed over, too, when the personal chat could not be opened now', async () => {
    harness.teams.world.faults.push({ on: 'create', status: 503 });

    await harness.teams.say(hana, 'devices alice', channel);

    await eventually(() => expect(undelivered).toHaveLength(1));
  });

  it('to a button is handed over, too', async () => {
    const long = 'Alice has 3 devices. '.repeat(40);
    const { adapter, teams } = harness;
    await adapter.post(
      `teams:${tenant}/${channel.id}`,
      { tone: 'neutral', blocks: [{ kind: 'buttons', buttons: [{ label: 'Devices', action: 'devices' }] }] },
      'key-1',
    );
    answer = { private: { tone: 'neutral', blocks: [{ kind: 'text', text: text(long) }] } };
    teams.world.faults.push({ on: 'post', status: 504 });

    await teams.press(hana, 'devices');

    await eventually(() => expect(undelivered).toHaveLength(1));
  });

  it('that was a form says that nothing was done, and how to open it again', async () => {
    answer = {
      form: {
        id: 'deny',
        title: 'Deny this wipe',
        fields: [{ kind: 'text', id: 'reason', label: 'Why', multiline: false, maxLength: 200, required: false }],
        submit: { label: 'Deny', action: 'submit-deny' },
      },
    };
    harness.teams.world.faults.push({ on: 'post', status: 429 });

    await harness.teams.say(hana, 'deny 7');

    await eventually(() => expect(undelivered).toHaveLength(1));
    expect(JSON.stringify(undelivered[0]?.message)).toContain('nothing was done yet');
  });

  it('to somebody who cannot be written to is said to be waiting, where they wrote', async () => {
    hana.installed = false;

    await harness.teams.say(hana, 'devices alice', channel);

    await eventually(() => expect(harness.teams.shownIn(channel).join()).toContain('add me in Teams'));
    expect(undelivered).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { timeouts } from '../../../adapters/slack/limits.ts';
import type { Form } from '../../../src/message/model.ts';
import { eventually } from '../../setup/eventually.ts';
import { helpdesk, openTestSlack, patient, said, stored, type TestSlack, team } from './harness.ts';

const hana = 'U0HANA';
const otto = 'U0OTTO';
const place = `slack:${team}/${helpdesk}`;

const form: Form = {
  id: 'deny',
  title: 'Deny this wipe',
  fields: [
    { kind: 'choice', id: 'scope', label: 'What', options: [{ value: 'full', label: 'Full' }], required: false },
    { kind: 'text', id: 'reason', label: 'Why', multiline: true, maxLength: 200, required: true },
    { kind: 'confirm', id: 'told', label: 'Alice was told', required: false },
    { kind: 'addresses', id: 'notify', label: 'Notify', required: false },
  ],
  submit: { label: 'Deny', action: 'submit-deny' },
};

describe('in Slack', () => {
  let test: TestSlack;
  const waits = { ...patient };
  beforeEach(async () => {
    test = await openTestSlack('http', { timeouts: waits });
  });
  afterEach(async () => {
    waits.formAnswer = patient.formAnswer;
    await test.close();
  });

  it('a mention is a sentence, without the mention; another person’s becomes his address', async () => {
    // Known already: an address that Slack tells late is left out.
    await test.adapter.identify(`slack:${team}/U0ALICE`);

    await test.slack.mention(
      hana,
      'lost device <@U0ALICE> &amp; <mailto:bob@contoso.example|bob@contoso.example>',
      helpdesk,
    );

    expect(test.heard).toMatchObject([
      {
        place,
        sender: { identity: `slack:${team}/${hana}`, bare: true },
        input: { kind: 'sentence', text: 'lost device alice.ng@contoso.example & bob@contoso.example' },
      },
    ]);
    expect(test.heard[0]?.thread).toBeUndefined();
  });

  it('is stored although Slack does not say whose address a mention is', async () => {
    test.slack.fail('users.info', { kind: 'hang' });

    const { status } = await test.slack.mention(hana, 'lost device <@U0ALICE>', helpdesk);

    expect(status).toBe(200);
    // It is being asked, so its time-out was not waited for.
    await eventually(() => expect(test.slack.workspace.hanging).toBe(1));
    expect(test.heard[0]?.input).toEqual({ kind: 'sentence', text: 'lost device @U0ALICE' });
  });

  it('what is said in a thread belongs to its card', async () => {
    const ref = await test.adapter.post(place, said('The card'), 'key-1');

    await test.slack.mention(hana, 'status', helpdesk, ref.split('/').at(-1));

    expect(test.heard[0]?.thread).toBe(ref);
  });

  it('a direct message has no place, and its conversation is where answers go', async () => {
    test.answers(() => stored({ private: said('I am sorry about your phone') }));

    await test.slack.direct('U0ALICE', 'I lost my phone');

    expect(test.heard[0]).toMatchObject({ address: 'DU0ALICE', input: { text: 'I lost my phone' } });
    expect(test.heard[0]?.place).toBeUndefined();
    await eventually(() => expect(test.slack.shownTo('U0ALICE')).toEqual(['I am sorry about your phone']));
    expect(test.slack.calls.filter(({ method }) => method === 'chat.postEphemeral')).toEqual([]);
  });

  it.each([
    ['an edit', { subtype: 'message_changed', channel_type: 'im', channel: `D${hana}` }],
    ['a bot', { bot_id: 'B9', channel_type: 'im', channel: `D${hana}` }],
    ['the bot itself', { user: 'U0BOT', channel_type: 'im', channel: `D${hana}` }],
    ['talk in a channel', { channel_type: 'channel', channel: helpdesk }],
  ])('%s is no command', async (_, rest) => {
    const { status } = await test.slack.event({ type: 'message', user: hana, text: 'incidents', ts: '1.1', ...rest });

    expect(status).toBe(200);
    expect(test.heard).toEqual([]);
  });

  it('an event of another kind is acknowledged', async () => {
    expect(await test.slack.event({ type: 'reaction_added', user: hana })).toMatchObject({ status: 200 });
  });

  it('an empty command asks for help', async () => {
    await test.slack.command(hana, '', helpdesk);

    expect(test.heard[0]?.input).toEqual({ kind: 'sentence', text: 'help' });
  });

  it('the shortcut on a message names its author, and no place', async () => {
    test.answers(() => stored({ private: said('INC-104') }));

    await test.slack.shortcut(hana, { author: 'U0ALICE', text: 'I left my phone in a <taxi>' }, helpdesk);

    expect(test.heard[0]).toMatchObject({ input: { kind: 'shortcut', author: `slack:${team}/U0ALICE` } });
    expect(test.heard[0]?.place).toBeUndefined();
    await eventually(() => expect(test.slack.shownTo(hana)).toEqual(['INC-104']));
  });

  it('opening the home page is told, the messages tab is not', async () => {
    await test.slack.openHome(hana);
    await test.slack.event({ type: 'app_home_opened', user: hana, tab: 'messages' });

    expect(test.heard.map(({ input: { kind } }) => kind)).toEqual(['home']);
  });

  it('a chosen option of a menu is a click', async () => {
    const devices = Array.from({ length: 6 }, (_, index) => ({ label: `Device ${index}`, action: `device-${index}` }));
    await test.adapter.post(place, said('Which one?', ...devices), 'key-1');

    await test.slack.press(hana, 'device-4');

    expect(test.heard[0]?.input).toEqual({ kind: 'click', action: 'device-4' });
  });

  it('an ephemeral answer is no card', async () => {
    test.answers(() => stored({ private: said('Which Alice?', { label: 'Alice Ng', action: 'alice' }) }));
    await test.slack.command(hana, 'lost device alice', helpdesk);
    await eventually(() => expect(test.slack.shownTo(hana)).toHaveLength(1));

    await test.slack.press(hana, 'alice');

    expect(test.heard[1]?.place).toBe(place);
    expect(test.heard[1]?.thread).toBeUndefined();
  });

  it('a private answer finds another way when the first fails', async () => {
    test.answers(() => stored({ private: said('Alice has 3 devices') }));
    test.slack.fail('chat.postEphemeral', { kind: 'error', error: 'user_not_in_channel' });

    await test.slack.mention(hana, 'devices alice', helpdesk);

    await eventually(() => expect(test.slack.shownTo(hana)).toEqual(['Alice has 3 devices']));
    expect(test.slack.shownIn(helpdesk)).toEqual([]);
  });

  it('a command in somebody else’s conversation is answered in the bot’s own', async () => {
    test.answers(() => stored({ private: said('Alice has 3 devices') }));

    await test.slack.command(hana, 'devices alice', 'D0OTHERS');

    await eventually(() => expect(test.slack.shownIn(`D${hana}`)).toEqual(['Alice has 3 devices']));
    await eventually(() => expect(test.slack.shownTo(hana).join()).toContain('in our direct conversation'));
    expect(test.heard[0]?.place).toBeUndefined();
  });

  describe('a form', () => {
    it('opens by a button when nothing could open it', async () => {
      test.answers(() => stored({ form }));
      await test.slack.direct(hana, 'deny INC-104');
      await eventually(() => expect(test.slack.shownTo(hana).join()).toContain('Open the form'));

      await test.slack.pressLabel(hana, 'Open the form');

      expect(test.heard[1]?.input).toEqual({ kind: 'sentence', text: 'deny INC-104' });
      expect(test.heard[1]?.eventKey).not.toBe(test.heard[0]?.eventKey);
      await eventually(() => expect(test.slack.openView(hana)).toBeDefined());
    });

    it('that came too late for its trigger can be opened again', async () => {
      await test.adapter.post(place, said('Approve?', { label: 'Deny…', action: 'deny' }), 'key-1');
      const { triggerMs } = test.slack.workspace;
      test.slack.workspace.triggerMs = -1;
      test.answers(() => stored({ form }));
      await test.slack.press(otto, 'deny');
      await eventually(() => expect(test.slack.shownTo(otto).join()).toMatch(/took too long[\s\S]*Open it again/));

      test.slack.workspace.triggerMs = triggerMs;
      await test.slack.pressLabel(otto, 'Open it again');

      expect(test.heard[1]?.input).toEqual({ kind: 'click', action: 'deny' });
      await eventually(() => expect(test.slack.openView(otto)).toBeDefined());
    });

    it('carries its values, whatever kind they are', async () => {
      await open();
      test.answers(() => stored({}));

      await test.slack.submit(otto, {
        scope: 'full',
        reason: 'No\nreason',
        told: true,
        notify: 'a@x.example; b@x.example',
      });

      expect(test.heard[1]?.input).toEqual({
        kind: 'form',
        action: 'submit-deny',
        values: { scope: 'full', reason: 'No\nreason', told: true, notify: ['a@x.example', 'b@x.example'] },
      });
      expect(test.slack.openView(otto)).toBeUndefined();
    });

    it('is kept with what was typed when it could not be stored', async () => {
      await open();
      test.answers(() => ({ kind: 'not-stored', userMessage: 'This was not stored.' }));

      await test.slack.submit(otto, { reason: 'She found it.' });

      expect(Object.values(test.slack.openView(otto)?.errors ?? {})).toEqual(['This was not stored.']);
    });

    it('shows the next form in its place', async () => {
      await open();
      test.answers(() => stored({ form: { ...form, title: 'And now this' } }));

      await test.slack.submit(otto, { reason: 'She found it.' });

      expect(JSON.stringify(test.slack.openView(otto)?.view)).toContain('And now this');
    });

    it('stays open for an answer that takes longer, and then shows it with what was typed', async () => {
      await open();
      const { submitted, answer } = await submitSlowly();
      // Acknowledged although the answer is not there yet; Slack waits for 3 s.
      expect(await submitted).toMatchObject({ status: 200 });
      expect(timeouts.formAnswer).toBeLessThan(3_000);
      expect(Object.values(test.slack.openView(otto)?.errors ?? {}).join()).toContain('takes longer');

      answer({ fieldErrors: { reason: 'Say why in a whole sentence.' } });

      await eventually(() => {
        const view = JSON.stringify(test.slack.openView(otto)?.view);
        expect(view).toContain('Why: Say why in a whole sentence.');
        expect(view).toContain('"initial_value":"because"');
      });
    });

    it('that Slack has closed before its answer came can be opened again with what was typed, by the same person only', async () => {
      await open();
      const { submitted, answer } = await submitSlowly();
      await submitted;
      test.slack.workspace.viewsExpired = true;

      answer({ fieldErrors: { reason: 'Say why in a whole sentence.' } });

      await eventually(() =>
        expect(test.slack.shownTo(otto).join()).toMatch(/whole sentence[\s\S]*because[\s\S]*Open it again/),
      );
      const button = test.slack.workspace.findElement(otto, (element) => JSON.stringify(element).includes('reopen:'));
      const action = /reopen:[\w-]+/.exec(JSON.stringify(button?.element))?.[0] ?? '';
      test.slack.workspace.closeView(otto);
      await test.adapter.post(place, said('A forged button', { label: 'x', action }), 'key-2');
      await test.slack.press(hana, action);
      await eventually(() => expect(test.slack.shownTo(hana).join()).toContain('no longer have'));
      expect(test.slack.openView(hana)).toBeUndefined();
      await test.slack.pressLabel(otto, 'Open it again');
      await eventually(() =>
        expect(JSON.stringify(test.slack.openView(otto)?.view)).toContain('"initial_value":"because"'),
      );
    });

    async function open(): Promise<void> {
      await test.adapter.post(place, said('Approve?', { label: 'Deny…', action: 'deny' }), 'key-1');
      test.answers(() => stored({ form }));
      await test.slack.press(otto, 'deny');
      await eventually(() => expect(test.slack.openView(otto)).toBeDefined());
    }

    async function submitSlowly() {
      waits.formAnswer = 100;
      let answer: (given: { fieldErrors: Record<string, string> }) => void = () => undefined;
      test.answers(() => stored(new Promise((resolve) => (answer = resolve))));
      const submitted = test.slack.submit(otto, { reason: 'because' });
      await eventually(() => expect(test.heard).toHaveLength(2));
      return { submitted, answer: (given: { fieldErrors: Record<string, string> }) => answer(given) };
    }
  });
});

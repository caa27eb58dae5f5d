/** What the signed endpoint refuses, and what it survives. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { signingSecret } from '../../fakes/slack/index.ts';
import { formBody, formType, jsonType, payloadBody, signed } from '../../fakes/slack/requests.ts';
import { eventually } from '../../setup/eventually.ts';
import { runs } from '../../setup/runs.ts';
import { helpdesk, openTestSlack, patient, said, stored, type TestSlack, team } from './harness.ts';

const rejections: unknown[] = [];
const note = (error: unknown) => rejections.push(error);
beforeAll(() => process.on('unhandledRejection', note));
afterAll(() => process.off('unhandledRejection', note));

const command = (rest: Record<string, string> = {}) =>
  formBody({
    command: '/mislaid',
    text: 'incidents',
    user_id: 'U0HANA',
    team_id: team,
    channel_id: helpdesk,
    trigger_id: '1.1',
    ...rest,
  });

describe('the endpoint for Slack', () => {
  let test: TestSlack;
  beforeEach(async () => {
    test = await openTestSlack();
  });
  afterEach(async () => {
    await test.close();
    expect(rejections).toEqual([]);
  });

  const seconds = () => Math.floor(Date.now() / 1_000);

  it.each([
    ['a wrong secret', () => signed('another secret', command(), { contentType: formType }), 401],
    [
      'a time 6 minutes ago',
      () => signed(signingSecret, command(), { contentType: formType, at: seconds() - 360 }),
      401,
    ],
    [
      'a time in 2 minutes',
      () => signed(signingSecret, command(), { contentType: formType, at: seconds() + 120 }),
      401,
    ],
    ['a time tomorrow', () => signed(signingSecret, command(), { contentType: formType, at: seconds() + 86_400 }), 401],
    ['another version', () => signed(signingSecret, command(), { contentType: formType, version: 'v1' }), 401],
    ['no signature', () => ({ body: command(), headers: { 'content-type': formType } }), 401],
    [
      'a changed body',
      () => ({ ...signed(signingSecret, command(), { contentType: formType }), body: command({ text: 'lock wipes' }) }),
      401,
    ],
    ['no JSON', () => signed(signingSecret, '{"a":', { contentType: jsonType }), 400],
    [
      'a body too large',
      () => signed(signingSecret, command({ text: 'x'.repeat(1_100_000) }), { contentType: formType }),
      413,
    ],
  ])('refuses %s', async (_, request, status) => {
    expect((await test.slack.post(request())).status).toBe(status);
    expect(test.heard).toEqual([]);
  });

  it('goes on after a body too large, on the same connection', async () => {
    await test.slack.post(signed(signingSecret, command({ text: 'x'.repeat(3_000_000) }), { contentType: formType }));

    expect((await test.slack.command('U0HANA', 'incidents', helpdesk)).status).toBe(200);
  });

  it.each([`${formType}; charset=utf-8`, `${formType};charset=UTF-8`, 'Application/X-WWW-Form-URLEncoded'])(
    'takes the content type %s',
    async (contentType) => {
      expect((await test.slack.post(signed(signingSecret, command(), { contentType }))).status).toBe(200);
      expect(test.heard).toHaveLength(1);
    },
  );

  it('answers Slack’s check of the address', async () => {
    const body = JSON.stringify({ type: 'url_verification', challenge: 'abc' });

    const answer = await test.slack.post(signed(signingSecret, body, { contentType: jsonType }));

    expect(answer).toMatchObject({ status: 200, body: '{"challenge":"abc"}' });
  });

  it('hands a replayed request over under the key of the first', async () => {
    const replayed = signed(signingSecret, command(), { contentType: formType });
    await test.slack.post(replayed);
    await test.slack.post(replayed);

    expect(test.heard[1]?.eventKey).toBe(test.heard[0]?.eventKey);
  });

  it('tells two clicks on one button apart', async () => {
    await test.adapter.post(`slack:${team}/${helpdesk}`, said('?', { label: 'Go', action: 'go' }), 'key-1');
    await test.slack.press('U0HANA', 'go');
    await test.slack.press('U0HANA', 'go');

    expect(test.heard[1]?.eventKey).not.toBe(test.heard[0]?.eventKey);
  });

  it('answers 503 to an event that is not stored, so that it is sent again, and says so once', async () => {
    test.answers(() => ({ kind: 'not-stored', userMessage: 'not stored' }));
    const first = await test.slack.event(
      { type: 'app_mention', user: 'U0HANA', text: 'incidents', channel: helpdesk, ts: '1.1' },
      { id: 'Ev1' },
    );
    await test.slack.event(
      { type: 'app_mention', user: 'U0HANA', text: 'incidents', channel: helpdesk, ts: '1.1' },
      { id: 'Ev1', retry: 1 },
    );

    expect(first.status).toBe(503);
    await eventually(() => expect(test.slack.shownTo('U0HANA').join()).toContain('not stored yet'));
    expect(test.slack.shownTo('U0HANA')).toHaveLength(1);
    expect(new Set(test.heard.map(({ eventKey }) => eventKey))).toEqual(new Set(['slack:event:Ev1']));
  });

  it('is acknowledged at once, whatever Slack’s API does', async () => {
    const methods = ['users.info', 'chat.postMessage', 'chat.postEphemeral', 'conversations.open', 'views.open'];
    for (const method of methods) test.slack.fail(method, { kind: 'hang' }, 100);
    test.answers(() => stored({ private: said('answer') }));

    const all = await Promise.all(Array.from({ length: 20 }, () => test.slack.direct('U0HANA', 'incidents')));

    for (const { status } of all) expect(status).toBe(200);
    // Slack is being asked, and none of its time-outs was waited for.
    await eventually(() => expect(test.slack.workspace.hanging).toBeGreaterThan(0));
    const asked = test.slack.calls.filter(({ method }) => methods.includes(method));
    expect(test.slack.workspace.hanging).toBe(asked.length);
  });

  it('never executes and never fails on forged buttons and malformed payloads', async () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.constant('U0HANA'),
      fc.constant([]),
      fc.object({ maxDepth: 2 }),
    );
    const user = fc.oneof(fc.constant({ id: 'U0HANA', team_id: team }), value);
    const payload = fc.record(
      {
        type: fc.constantFrom('block_actions', 'view_submission', 'message_action', 'event_callback'),
        user,
        team: fc.oneof(fc.constant({ id: team }), value),
        actions: fc.oneof(
          fc.array(fc.record({ type: fc.string(), action_id: fc.string(), value }), { maxLength: 2 }),
          value,
        ),
        container: fc.oneof(fc.constant({ type: 'message', channel_id: helpdesk, message_ts: '1.1' }), value),
        view: fc.oneof(
          fc.record({
            id: fc.string(),
            callback_id: fc.constantFrom('form', 'other'),
            private_metadata: fc.string(),
            state: value,
            blocks: value,
            title: value,
          }),
          value,
        ),
        event: fc.oneof(
          fc.record({
            type: fc.constantFrom('message', 'app_mention', 'app_home_opened'),
            user: value,
            channel: value,
            text: value,
          }),
          value,
        ),
        event_id: value,
        team_id: value,
        trigger_id: value,
        callback_id: value,
        message: value,
        channel: value,
      },
      { requiredKeys: ['type'] },
    );
    const send = async (made: Record<string, unknown>) => {
      const before = test.heard.length;
      const isEvent = made.type === 'event_callback';
      const request = isEvent
        ? signed(signingSecret, JSON.stringify(made), { contentType: jsonType })
        : signed(signingSecret, payloadBody(made), { contentType: formType });
      // What Bolt cannot tell the type of is left unanswered for 3 s; nothing waits for it here.
      const answer = await test.slack.post(request).catch(() => undefined);
      const understood = test.heard.length > before;
      if (answer !== undefined) expect([200, 400, 404, 500, 503]).toContain(answer.status);
      return understood;
    };

    const { ackMs } = test.slack.workspace;
    test.slack.workspace.ackMs = 500;
    await Promise.all(fc.sample(payload, { numRuns: runs(150, 1_500), seed: 20261123 }).map(send));
    test.slack.workspace.ackMs = ackMs;

    // Only whole events of a person are commands; a forged button is one the core does not know, or none at all.
    for (const { input: what, sender } of test.heard) {
      expect(['sentence', 'click', 'home']).toContain(what.kind);
      expect(sender.identity).toMatch(/^slack:\w+\/\w+$/);
    }
    expect((await test.slack.command('U0HANA', 'incidents', helpdesk)).status).toBe(200);
  });
});

describe('Slack while the bot starts', () => {
  it('starts although Slack is down, takes nothing, and goes on when Slack is back', async () => {
    const late = await openTestSlackWhileDown();
    try {
      const early = await late.slack.command('U0HANA', 'incidents', helpdesk);
      expect(early).toMatchObject({ status: 200 });
      expect(early.body).toContain('not stored');
      expect((await late.slack.direct('U0HANA', 'incidents')).status).toBe(503);
      expect(late.heard).toEqual([]);

      late.slack.restore('auth.test');
      await eventually(
        async () => {
          await late.slack.direct('U0HANA', 'incidents');
          expect(late.heard.length).toBeGreaterThan(0);
        },
        { interval: 200 },
      );
    } finally {
      await late.close();
    }
  });
});

/** Slack answers auth.test with an error until that is mended. */
async function openTestSlackWhileDown(): Promise<TestSlack> {
  return await openTestSlack(
    'http',
    { timeouts: { ...patient, startAndStop: 100 } },
    (slack) => slack.fail('auth.test', { kind: '500' }, Number.POSITIVE_INFINITY),
    false,
  );
}

/** The core's deliveries over the adapter, while Slack is away, loses answers, or takes nothing at all any more. */
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDeliverer, type Deliverer } from '../../../src/chat/delivery/deliver.ts';
import type { DraftMessage } from '../../../src/message/model.ts';
import { text } from '../../../src/message/text.ts';
import { Policy } from '../../../src/policy.ts';
import type { FakeSlack } from '../../fakes/slack/index.ts';
import { type TestStore, testStore } from '../../setup/store.ts';
import { helpdesk, slackAdapter, team } from './harness.ts';

const security = 'C0SEC';
const desk = `slack:${team}/${helpdesk}`;
const guards = `slack:${team}/${security}`;
const ada = `slack:${team}/U0OTTO`;
const policy = Policy.parse({
  people: [{ name: 'Ada', mailbox: 'ada@contoso.example', identities: [ada], roles: ['admin'] }],
  channels: { helpdesk: [desk], security: [guards] },
});

describe('deliveries over Slack', () => {
  let at: TestStore;
  let slack: FakeSlack;
  let deliverer: Deliverer;
  let close: () => Promise<void>;
  let facts = '';
  beforeAll(async () => {
    at = await testStore();
  });
  afterAll(() => at.close());
  beforeEach(async () => {
    for (const table of ['delivery', 'card', 'work', 'setting', 'storedAction'] as const) {
      await at.db.deleteFrom(table).execute();
    }
    const opened = await slackAdapter('http', { clock: at.clock });
    ({ slack, close } = opened);
    slack.workspace.channels.set(security, { archived: false, member: true });
    facts = 'as opened';
    deliverer = createDeliverer({
      store: at.store,
      adapters: new Map([['slack', opened.adapter]]),
      projections: [{ kind: 'incident', render: async () => line(facts) }],
      policy,
      clock: at.clock,
      ids: at.ids,
      log: pino({ level: 'silent' }),
    });
  });
  afterEach(() => close());

  function line(words: string): DraftMessage {
    return { tone: 'neutral', blocks: [{ kind: 'text', text: text(words) }] };
  }

  const wish = (words: string) => at.store.change((change) => change.notice([desk], line(words), `note:${words}`));

  /** Delivers whenever something is due, until nothing is, or nothing has come of it for so long. */
  async function deliverAll(target: string, hours = 2): Promise<void> {
    const end = at.clock.now().getTime() + hours * 3_600_000;
    for (;;) {
      const { nextDueAt } = await deliverer.deliver(target);
      if (nextDueAt === undefined || nextDueAt.getTime() > end) return;
      at.clock.set(new Date(Math.max(nextDueAt.getTime(), at.clock.now().getTime())));
    }
  }

  it('wait while Slack is down, and none is lost or doubled', async () => {
    slack.down();
    await at.store.change((change) => change.card('incident:104', [desk]));
    for (const words of ['first', 'second', 'third']) await wish(words);
    await deliverAll(desk, 0.05);
    expect(slack.workspace.messages).toEqual([]);

    facts = 'as it is now';
    await at.store.change((change) => change.refresh('incident:104'));
    await slack.up();
    await deliverAll(desk);

    // What has failed too often no longer holds up what is behind it, so a long absence may change their order.
    expect(slack.shownIn(helpdesk).toSorted()).toEqual(['as it is now', 'first', 'second', 'third']);
  });

  it('whose answers are lost stand once', async () => {
    slack.fail('chat.postMessage', { kind: 'reset-after' }, 2);
    await wish('first');
    await wish('second');

    await deliverAll(desk);

    expect(slack.shownIn(helpdesk)).toEqual(['first', 'second']);
  });

  it.each([
    ['archived', 'is_archived', /unarchive it/],
    ['one that I am not in', 'not_in_channel', /invite me with \/invite/],
    ['unknown', 'channel_not_found', /invite me with \/invite/],
  ])('to a channel that is %s: security is told once, with the remedy', async (_, error, remedy) => {
    const channel = slack.workspace.channels.get(helpdesk);
    if (error === 'is_archived' && channel !== undefined) channel.archived = true;
    if (error === 'not_in_channel' && channel !== undefined) channel.member = false;
    if (error === 'channel_not_found') slack.workspace.channels.delete(helpdesk);
    await wish('first');
    await wish('second');

    await deliverAll(desk);
    await deliverAll(guards);

    const told = slack.shownIn(security);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(remedy);
    expect(slack.shownIn(helpdesk)).toEqual([]);
  });

  it('to a dead security channel: each admin is told once, privately', async () => {
    slack.workspace.channels.delete(security);
    for (const words of ['first', 'second']) {
      await at.store.change((change) => change.notice([guards], line(words), `note:${words}`));
    }

    await deliverAll(guards);
    await deliverAll(ada);

    expect(slack.shownTo('U0OTTO')).toHaveLength(1);
    expect(slack.shownTo('U0OTTO')[0]).toMatch(/invite me with \/invite/);
  });

  it('with a revoked token end in the log, and nothing is tried for ever', async () => {
    for (const method of ['chat.postMessage', 'conversations.open']) {
      slack.fail(method, { kind: 'error', error: 'token_revoked' }, 100);
    }
    await wish('first');

    await deliverAll(desk);
    await deliverAll(guards);
    await deliverAll(ada);

    expect(slack.calls.filter(({ method }) => method === 'chat.postMessage').length).toBeLessThanOrEqual(3);
    const waiting = await at.db.selectFrom('delivery').select('id').where('state', '=', 'waiting').execute();
    expect(waiting).toEqual([]);
  });
});

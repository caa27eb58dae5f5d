import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerKey } from '../../../src/chat/undelivered.ts';
import type { Fault } from '../../fakes/slack/workspace.ts';
import { eventually } from '../../setup/eventually.ts';
import { helpdesk, openTestSlack, said, stored, type TestSlack, team } from './harness.ts';

let test: TestSlack;

beforeEach(async () => {
  test = await openTestSlack();
  test.answers(() => stored({ private: said('Alice has 3 devices') }));
});
afterEach(() => test.close());

const seen = () => test.slack.shownTo('U0HANA').filter((text) => text.includes('3 devices'));

describe('an answer whose showing was not answered', () => {
  it.each<[string, string, Fault]>([
    ['the response_url', 'response_url', { kind: 'reset-after' }],
    ['an ephemeral message', 'chat.postEphemeral', { kind: 'reset-after' }],
  ])('by %s is not shown a second time; its reader learns that it may be missing', async (_, method, fault) => {
    test.slack.fail(method, fault);
    if (method !== 'response_url') test.slack.fail('response_url', { kind: 'error', error: 'expired_url' });

    await test.slack.command('U0HANA', 'devices alice', helpdesk);

    await eventually(() => expect(test.undelivered).toHaveLength(1));
    expect(seen()).toHaveLength(1);
    expect(JSON.stringify(test.undelivered[0]?.message)).toContain('If you do not see it');
    expect(test.undelivered[0]).toMatchObject({ identity: `slack:${team}/U0HANA`, inDoubt: false });
  });

  it('by a gateway that failed is not shown a second time either', async () => {
    test.slack.fail('response_url', { kind: '500' });

    await test.slack.command('U0HANA', 'devices alice', helpdesk);

    await eventually(() => expect(test.undelivered).toHaveLength(1));
    expect(seen()).toEqual([]);
  });

  it('in the direct conversation is looked for by its key before it is delivered again', async () => {
    test.slack.fail('chat.postMessage', { kind: 'reset-after' });

    await test.slack.direct('U0HANA', 'devices alice');

    await eventually(() => expect(test.undelivered).toHaveLength(1));
    const [answer] = test.undelivered;
    expect(answer).toMatchObject({ inDoubt: true, message: said('Alice has 3 devices') });
    const identity = `slack:${team}/U0HANA` as const;
    expect(await test.adapter.find(identity, answerKey(answer?.name ?? '', identity))).toBeDefined();
  });
});

describe('an answer that Slack does not take now', () => {
  it.each<[string, Fault]>([
    ['too many', { kind: '429', seconds: 20 }],
    ['a failure of Slack', { kind: '500' }],
  ])('is delivered later: %s', async (_, fault) => {
    test.slack.fail('chat.postMessage', fault);

    await test.slack.direct('U0HANA', 'devices alice');

    await eventually(() => expect(test.undelivered).toHaveLength(1));
    expect(test.undelivered[0]?.message).toEqual(said('Alice has 3 devices'));
  });

  it('is shown another way where it surely did not arrive', async () => {
    test.slack.fail('response_url', { kind: 'error', error: 'expired_url' });

    await test.slack.command('U0HANA', 'devices alice', helpdesk);

    await eventually(() => expect(seen()).toHaveLength(1));
    expect(test.undelivered).toEqual([]);
  });
});

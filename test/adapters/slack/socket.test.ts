import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../setup/eventually.ts';
import { helpdesk, openTestSlack, said, stored, type TestSlack } from './harness.ts';

const rejections: unknown[] = [];
const note = (error: unknown) => rejections.push(error);
beforeAll(() => process.on('unhandledRejection', note));
afterAll(() => process.off('unhandledRejection', note));

describe('Socket Mode', () => {
  let test: TestSlack;
  beforeEach(async () => {
    test = await openTestSlack('socket');
    await eventually(() => expect(test.slack.sockets()).toBe(2));
  });
  afterEach(async () => {
    await test.close();
    expect(rejections).toEqual([]);
  });

  it('acknowledges an event only when it is stored', async () => {
    test.answers(() => ({ kind: 'not-stored', userMessage: 'not stored' }));
    const { ackMs } = test.slack.workspace;
    test.slack.workspace.ackMs = 300;

    const lost = test.slack.direct('U0HANA', 'incidents').then(
      () => 'acknowledged',
      () => 'not acknowledged',
    );

    expect(await lost).toBe('not acknowledged');
    test.slack.workspace.ackMs = ackMs;
    test.answers(() => stored({}));
    expect(await test.slack.direct('U0HANA', 'incidents')).toMatchObject({ status: 200 });
  });

  it('is connected again at once after Slack renews it', async () => {
    const before = test.slack.opened();
    test.slack.renewSockets();
    // Time as this process has it: what stands still meanwhile does not count.
    let ticks = 0;
    const ticking = setInterval(() => {
      ticks += 1;
    }, 10);
    try {
      await eventually(() => expect(test.slack.opened()).toBeGreaterThanOrEqual(before + 2));
      await eventually(() => expect(test.slack.sockets()).toBe(2));
    } finally {
      clearInterval(ticking);
    }

    // @slack/socket-mode alone takes 5 s and more.
    expect(ticks).toBeLessThan(300);
    await test.slack.command('U0HANA', 'incidents', helpdesk);
    expect(test.heard).toHaveLength(1);
  });

  it('has no gap while Slack renews one connection: the other takes what comes', async () => {
    test.slack.fail('apps.connections.open', { kind: '500' }, 2);
    test.slack.renewSockets(1);
    await eventually(() => expect(test.slack.sockets()).toBe(1), { interval: 5 });

    expect(await test.slack.command('U0HANA', 'incidents', helpdesk)).toMatchObject({ status: 200 });
    expect(test.heard).toHaveLength(1);
    await eventually(() => expect(test.slack.sockets()).toBe(2));
  });

  it('survives Slack being away', async () => {
    test.slack.fail('apps.connections.open', { kind: '500' }, 2);
    test.slack.fail('apps.connections.open', { kind: '429', seconds: 1 }, 2);
    test.slack.down();
    await eventually(() => expect(test.slack.sockets()).toBe(0));

    await test.slack.up();

    await eventually(() => expect(test.slack.sockets()).toBe(2));
    await test.slack.command('U0HANA', 'incidents', helpdesk);
    expect(test.heard).toHaveLength(1);
  });

  it.each(['null', '{"type":"events_api"}', '{"type":"events_api","envelope_id":"e","payload":null}', 'no JSON', '[]'])(
    'survives %s',
    async (message) => {
      test.slack.sendRaw(message);

      test.answers(() => stored({ private: said('answer') }));
      await test.slack.command('U0HANA', 'incidents', helpdesk);
      await eventually(() => expect(test.slack.shownTo('U0HANA')).toEqual(['answer']));
    },
  );

  it('closes its sockets when the bot stops', async () => {
    await test.adapter.stop();

    await eventually(() => expect(test.slack.sockets()).toBe(0));
  });
});

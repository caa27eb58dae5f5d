import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../../src/message/model.ts';
import { text } from '../../../src/message/text.ts';
import { helpdesk, openTestSlack, said, type TestSlack, team } from './harness.ts';

const place = `slack:${team}/${helpdesk}`;
const otto = `slack:${team}/U0OTTO`;

describe('a delivery to Slack', () => {
  let test: TestSlack;
  let png: Buffer | undefined;
  beforeEach(async () => {
    png = Buffer.from('not really a PNG');
    test = await openTestSlack('http', {
      images: async () => (png === undefined ? undefined : { png, alt: 'Heartbeats of a week' }),
    });
  });
  afterEach(() => test.close());

  const calls = (method: string) => test.slack.calls.filter((call) => call.method === method);

  it.each([
    ['429', { kind: '429', seconds: 7 } as const, { kind: 'wait', retryAfterMs: 7_000 }, 0],
    ['500', { kind: '500' } as const, { kind: 'unknown' }, 0],
    ['a lost answer', { kind: 'reset-after' } as const, { kind: 'unknown' }, 1],
    ['service_unavailable', { kind: 'error', error: 'service_unavailable' } as const, { kind: 'not-sent' }, 0],
    ['fatal_error', { kind: 'error', error: 'fatal_error' } as const, { kind: 'unknown' }, 0],
    [
      'a workspace-wide limit',
      { kind: 'error', error: 'message_limit_exceeded' } as const,
      { kind: 'wait', retryAfterMs: 60_000 },
      0,
    ],
  ])('is tried once on %s, and says what the core can do', async (_, fault, problem, arrived) => {
    test.slack.fail('chat.postMessage', fault);

    await expect(test.adapter.post(place, said('Once'), 'key-1')).rejects.toMatchObject({ problem });

    expect(calls('chat.postMessage')).toHaveLength(1);
    expect(test.slack.shownIn(helpdesk)).toHaveLength(arrived);
  });

  it.each([
    ['channel_not_found', /invite me/],
    ['is_archived', /unarchive/],
    ['not_in_channel', /invite/],
    ['token_revoked', /SLACK_BOT_TOKEN/],
    ['account_inactive', /SLACK_BOT_TOKEN/],
    ['missing_scope', /manifest\.yaml/],
  ])('says the remedy of %s', async (error, remedy) => {
    test.slack.fail('chat.postMessage', { kind: 'error', error });

    await expect(test.adapter.post(place, said('Never'), 'key-1')).rejects.toMatchObject({
      problem: { kind: 'dead', remedy: expect.stringMatching(remedy) },
    });
  });

  it('can be read back: the newest posts first, for the copies of checkpoints', async () => {
    await test.adapter.post(place, said('{"size":1}'), 'key-1');
    await test.adapter.post(place, said('{"size":2}'), 'key-2');

    const texts = await test.adapter.readBack?.(place);
    expect(texts?.map((each) => each.match(/\{.*\}/)?.[0])).toEqual(['{"size":2}', '{"size":1}']);
  });

  it('was not sent when Slack cannot be reached', async () => {
    test.slack.down();

    await expect(test.adapter.post(place, said('Later'), 'key-1')).rejects.toMatchObject({
      problem: { kind: 'not-sent' },
    });

    await test.slack.up();
    await test.adapter.post(place, said('Later'), 'key-1');
    expect(test.slack.shownIn(helpdesk)).toEqual(['Later']);
  });

  it('carries its key, notifies nobody by accident, and is found after pages of others', async () => {
    await test.adapter.post(place, said('<!channel> see https://contoso.example'), 'key-0');
    for (let index = 0; index < 260; index++) {
      test.slack.workspace.messages.push({ ...test.slack.workspace.newMessage(helpdesk, { text: 'talk' }) });
    }

    expect(await test.adapter.find(place, 'key-0')).toMatch(/^slack:/);
    expect(calls('chat.postMessage')[0]?.args).toMatchObject({
      unfurl_links: 'false',
      unfurl_media: 'false',
      link_names: 'false',
      parse: 'none',
      metadata: { event_payload: { key: 'key-0' } },
    });
    expect(calls('chat.postMessage')[0]?.args.text).toBe('&lt;!channel&gt; see https://contoso.example');
  });

  it('finds a lost reply in its thread, and a lost private message with its person', async () => {
    const card = await test.adapter.post(place, said('Card'), 'key-1');
    test.slack.fail('chat.postMessage', { kind: 'reset-after' }, 2);
    await test.adapter.reply(card, said('Reply'), 'key-2').catch(() => undefined);
    await test.adapter.privately(otto, said('For Otto'), 'key-3').catch(() => undefined);

    expect(await test.adapter.find(place, 'key-2')).toMatch(/^slack:T0LAB\/C0HELP\//);
    expect(await test.adapter.find(otto, 'key-3')).toMatch(/^slack:T0LAB\/DU0OTTO\//);
    expect(await test.adapter.find(otto, 'key-2')).toBeUndefined();
  });

  it('can be found again after it was found and edited', async () => {
    await test.adapter.post(place, said('Once'), 'key-1');
    const ref = await test.adapter.find(place, 'key-1');
    await test.adapter.edit(ref ?? '', said('Edited'));

    expect(await test.adapter.find(place, 'key-1')).toBe(ref);
  });

  it('says that a card was deleted, so that it is posted anew', async () => {
    const ref = await test.adapter.post(place, said('Card'), 'key-1');
    test.slack.workspace.messages.length = 0;

    await expect(test.adapter.edit(ref, said('New'))).rejects.toMatchObject({ problem: { kind: 'gone' } });
  });

  it('uploads a picture once, with what it shows', async () => {
    const ref = await test.adapter.post(place, picture('a'), 'key-1');
    await test.adapter.edit(ref, picture('a'));

    expect(calls('files.getUploadURLExternal')).toMatchObject([{ args: { alt_text: 'Heartbeats of a week' } }]);
    expect([...test.slack.workspace.files.values()]).toEqual([expect.any(Number)]);
    expect(JSON.stringify(test.slack.workspace.messages[0]?.blocks)).toMatch(
      /"slack_file":\{"id":"F\d+"\},"alt_text":"Alt"/,
    );
  });

  it('describes a picture that the store has no more', async () => {
    png = undefined;

    await test.adapter.post(place, picture('gone'), 'key-1');

    expect(test.slack.shownIn(helpdesk)).toEqual(['[picture: Alt]']);
  });

  it('waits for Slack to take a picture in', async () => {
    test.slack.fail('chat.postMessage', { kind: 'error', error: 'invalid_blocks' });

    await expect(test.adapter.post(place, picture('a'), 'key-1')).rejects.toMatchObject({ problem: { kind: 'wait' } });
  });

  it('says less where Slack refuses a message as too long, and keeps every button', async () => {
    test.slack.fail('chat.postMessage', { kind: 'error', error: 'msg_blocks_too_long' });
    const long = said('word '.repeat(2_000), { label: 'Approve', action: 'approve' });

    await test.adapter.post(place, long, 'key-1');

    expect(test.slack.shownIn(helpdesk).join()).toMatch(/… [\d,]+ more characters[\s\S]*Approve/);
    expect(test.slack.shownIn(helpdesk).join().length).toBeLessThan(6_500);
  });

  it('publishes the home page, with tables as records', async () => {
    const table: Message = {
      title: 'Mislaid',
      tone: 'neutral',
      blocks: [{ kind: 'table', columns: ['Incident'], rows: [[text('INC-104')]] }],
    };

    await test.adapter.home?.(otto, table);

    expect(JSON.stringify(test.slack.workspace.homes.get('U0OTTO'))).toMatch(/Mislaid[\s\S]*INC-104/);
  });

  it('never waits behind a rate limit of another channel', async () => {
    // Longer than any test lasts.
    test.slack.fail('chat.postMessage', { kind: '429', seconds: 600 });
    await test.adapter.post(place, said('Limited'), 'key-1').catch(() => undefined);

    await test.adapter.post(place, said('Next'), 'key-2');

    expect(test.slack.shownIn(helpdesk)).toEqual(['Next']);
  });
});

function picture(id: string): Message {
  return { tone: 'neutral', blocks: [{ kind: 'image', id, alt: 'Alt', width: 10, height: 10 }] };
}

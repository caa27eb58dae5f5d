import express from 'express';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ChatAdapter } from '../../src/chat/port.ts';
import { sideBySide } from '../../src/chat/side-by-side.ts';
import { type FakeAdapter, fakeAdapter } from '../fakes/adapter.ts';

let console: FakeAdapter;
let web: FakeAdapter;
let both: ChatAdapter;
const message = { tone: 'neutral', blocks: [] } as const;

beforeEach(async () => {
  console = fakeAdapter();
  web = fakeAdapter();
  both = sideBySide([console, web]);
  await both.start({ app: express(), onCommand: async () => ({ kind: 'duplicate' }) });
});

describe('two platforms side by side', () => {
  it('show the same cards, replies and private messages', async () => {
    const ref = await both.post('console:#helpdesk', message, 'key-1');
    await both.edit(ref, { ...message, tone: 'success' });
    await both.reply(ref, message, 'key-2');
    await both.privately('console:otto', message, 'key-3');

    expect(web.posted).toEqual(console.posted);
    expect(web.posted.map(({ kind }) => kind)).toEqual(['post', 'reply', 'private']);
    expect(web.posted[0]?.message.tone).toBe('success');
  });

  it('have a message only where both have it, so that the other is given it again', async () => {
    web.fail({ on: 'post', problem: { kind: 'not-sent' } });
    await expect(both.post('console:#helpdesk', message, 'key-1')).rejects.toThrow();

    expect(await both.find('console:#helpdesk', 'key-1')).toBeUndefined();
    await both.post('console:#helpdesk', message, 'key-1');
    expect(await both.find('console:#helpdesk', 'key-1')).toEqual(expect.any(String));
  });
});

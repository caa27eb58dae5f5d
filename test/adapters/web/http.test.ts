/** What a page of the lab owes to whoever should not be there, and to those whose connection breaks. */
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Incoming, Receipt } from '../../../src/chat/port.ts';
import type { Answer, Form, Message } from '../../../src/message/model.ts';
import { eventually } from '../../setup/eventually.ts';
import { entriesOf, openTestRoom, type TestBrowser, type TestRoom, textOf } from './harness.ts';

let room: TestRoom;
let browser: TestBrowser;
let heard: Incoming[];
let receive: () => Promise<Receipt>;
const aborts: AbortController[] = [];

const stored = (answer: Answer = {}): Receipt => ({ kind: 'stored', answer: Promise.resolve(answer) });
const card = (words: string): Message => ({
  title: words,
  tone: 'neutral',
  blocks: [{ kind: 'text', text: [{ kind: 'plain', text: words }] }],
});
const form: Form = {
  id: 'deny',
  title: 'Deny this wipe',
  fields: [{ kind: 'text', id: 'reason', label: 'Why', multiline: true, maxLength: 200, required: true }],
  submit: { label: 'Deny', action: 'submit-deny' },
};

beforeEach(async () => {
  room = openTestRoom();
  heard = [];
  receive = async () => stored();
  await room.adapter.start({
    onCommand: (incoming) => {
      heard.push(incoming);
      return receive();
    },
  });
  browser = await room.enter();
});

afterEach(async () => {
  for (const abort of aborts.splice(0)) abort.abort();
  await room.close();
});

type Fed = { readonly id: string; readonly event: string; readonly data: unknown };

/** Reads a stream as a browser does, and goes on where it was told. */
async function feed(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ fed: Fed[]; change: Promise<void>; cut(): void }> {
  const abort = new AbortController();
  aborts.push(abort);
  const response = await browser.fetch(path, { headers, signal: abort.signal });
  const fed: Fed[] = [];
  let changed = (): void => {};
  const change = new Promise<void>((resolve) => {
    changed = resolve;
  });
  const reading = async () => {
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const lines = new Map(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]),
        );
        const event = lines.get('event');
        if (event !== undefined)
          fed.push({ id: lines.get('id') ?? '', event, data: JSON.parse(lines.get('data') ?? 'null') });
        if (event === 'change') changed();
        text = text.slice(end + 2);
      }
    }
  };
  reading().catch(() => undefined);
  return { fed, change, cut: () => abort.abort() };
}

const positionOf = (page: string) => /data-after="([^"]+)"/.exec(page)?.[1] ?? '';
const words = (fed: readonly Fed[]) =>
  fed.filter(({ event }) => event === 'change').map(({ data }) => textOf(JSON.stringify(data)));

describe('the door of the lab in a browser', () => {
  it('lets in who has the address, by a cookie of this site alone', async () => {
    const entered = await fetch(room.address(), { redirect: 'manual' });

    expect(entered.status).toBe(303);
    expect(entered.headers.get('set-cookie')).toMatch(/^mislaid-\d+=[\w-]+; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(entered.headers.get('set-cookie')).not.toContain(new URL(room.address()).pathname.split('/').at(-1));
  });

  it.each(['/', '/stream?c=hana~helpdesk', '/picture/1', '/thread?message=m1', '/enter/wrong-token-wrong-token'])(
    'says where to come in, and nothing else, at %s',
    async (path) => {
      const answer = await fetch(`${browser.origin}${path}`);

      expect(answer.status).toBe(403);
      expect(textOf(await answer.text())).toContain('Open the address that was printed');
    },
  );

  it('answers only to its own name, so that no other name can be made to lead here', async () => {
    const { port } = new URL(browser.origin);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request(
        { host: '127.0.0.1', port, path: '/', headers: { host: `evil.example:${port}` } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      asked.on('error', reject).end();
    });

    expect(status).toBe(403);
  });

  it.each([
    ['another origin', { headers: { origin: 'https://evil.example' } }],
    ['no origin', { headers: { origin: '' } }],
    ['a proof of another start', { fields: { proof: 'x'.repeat(43) } }],
    ['no proof', { fields: { proof: '' } }],
  ])(
    'takes no form from %s',
    async (_, { fields = {}, headers = {} }: { fields?: Record<string, string>; headers?: Record<string, string> }) => {
      const answer = await browser.send('/say', { column: 'hana~helpdesk', text: 'lock wipes', ...fields }, headers);

      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain('did not come from a page of this lab');
      expect(heard).toEqual([]);
    },
  );

  it('may not be framed, and runs nothing that is not its own', async () => {
    const { headers } = await browser.fetch('/');
    const page = await browser.page();

    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+="|<script(?![^>]*src=)/);
    expect(
      [...page.matchAll(/(?:src|href|action)="([^"]+)"/g)].filter(([, url]) => /^(https?:)?\/\//.test(url ?? '')),
    ).toEqual([]);
  });

  it('refuses a form of a megabyte with a sentence, and goes on', async () => {
    const answer = await browser.send('/say', { column: 'hana~helpdesk', text: 'x'.repeat(1_000_000) });

    expect(answer.status).toBe(413);
    expect(await answer.text()).toContain('too long');
    expect((await browser.send('/say', { column: 'hana~helpdesk', text: 'help' })).status).toBe(204);
    expect(heard).toHaveLength(1);
  });

  it('serves less than 100 kB beside the pages', async () => {
    const page = await browser.page();
    const assets = [...page.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    const sizes = await Promise.all(
      assets.map(async (path) => (await (await browser.fetch(path)).arrayBuffer()).byteLength),
    );

    expect(assets).toHaveLength(2);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(100_000);
  });
});

describe('what people do there', () => {
  it('goes back to the window it came from, without a script', async () => {
    const window = `${browser.origin}/?c=otto~approvals`;
    const answer = await browser.send(
      '/say',
      { column: 'otto~approvals', text: 'help' },
      { 'x-mislaid': '', referer: window },
    );

    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/?c=otto~approvals');
    expect(textOf(await browser.page('/?c=otto~approvals'))).toContain('help');
  });

  it('shows mark-up that somebody typed as text', async () => {
    await browser.send('/say', { column: 'hana~helpdesk', text: '<script>alert(1)</script>' });

    expect(await browser.page()).not.toContain('<script>alert');
    expect(textOf(await browser.page())).toContain('<script>alert(1)</script>');
  });

  it('takes a form that two tabs answer once, and says so', async () => {
    receive = async () => stored({ form });
    await browser.send('/press', { column: 'otto~approvals', message: '', action: 'deny' });
    const message = entriesOf(await browser.page(), 'otto~approvals').find(({ kind }) => kind === 'asked')?.id ?? '';
    receive = async () => stored();
    const answer = { column: 'otto~approvals', message, 'field.reason': 'She found it.\r\nIn her coat.' };

    const first = await browser.send('/submit', answer);
    const second = await browser.send('/submit', answer);

    expect(first.status).toBe(204);
    expect(second.status).toBe(409);
    expect(await second.text()).toContain('answered already');
    expect(heard.filter(({ input }) => input.kind === 'form')).toMatchObject([
      { sender: { identity: 'console:otto' }, input: { values: { reason: 'She found it.\nIn her coat.' } } },
    ]);
  });

  it("lets nobody answer another person's form", async () => {
    receive = async () => stored({ form });
    await browser.send('/press', { column: 'otto~approvals', message: '', action: 'deny' });
    const message = entriesOf(await browser.page(), 'otto~approvals').find(({ kind }) => kind === 'asked')?.id ?? '';

    const answer = await browser.send('/submit', { column: 'hana~approvals', message, 'field.reason': 'mine' });

    expect(answer.status).toBe(409);
    expect(heard).toHaveLength(1);
  });

  it('leaves a form without sending it', async () => {
    receive = async () => stored({ form });
    await browser.send('/press', { column: 'otto~approvals', message: '', action: 'deny' });
    const message = entriesOf(await browser.page(), 'otto~approvals').find(({ kind }) => kind === 'asked')?.id ?? '';

    await browser.send('/leave', { column: 'otto~approvals', message });

    expect(entriesOf(await browser.page(), 'otto~approvals')).toEqual([]);
    expect(heard).toHaveLength(1);
  });

  it.each(['mallory~helpdesk', 'hana~nowhere', '', 'hana'])('knows no column "%s", and says so', async (column) => {
    const answer = await browser.send('/say', { column, text: 'help' });

    expect(answer.status).toBe(400);
    expect(heard).toEqual([]);
  });

  it('counts what is new in a channel until somebody looks at it', async () => {
    await browser.page('/?c=hana~helpdesk');
    await room.adapter.post('console:#security', card('One line'), 'key-1');

    expect(textOf(await browser.page('/?c=hana~helpdesk'))).toMatch(/#security 1 new/);
    await browser.page('/?c=sasha~security');
    expect(textOf(await browser.page('/?c=hana~helpdesk'))).not.toMatch(/#security 1 new/);
  });

  it('opens a thread beside its card, with the replies in it', async () => {
    const ref = await room.adapter.post('console:#helpdesk', card('The card'), 'key-1');
    await room.adapter.reply(ref, card('The reply'), 'key-2');
    const page = await browser.page('/?c=hana~helpdesk&c=otto~approvals');
    const link = /href="(\/thread[^"]+)"[^>]*>1 reply/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '';

    const opened = await browser.fetch(link, {
      headers: { referer: `${browser.origin}/?c=hana~helpdesk&c=otto~approvals` },
    });
    const window = opened.headers.get('location') ?? '';

    expect(decodeURIComponent(window)).toMatch(/^\/\?c=hana~helpdesk&c=hana~helpdesk~\w[\w-]*&c=otto~approvals$/);
    expect(textOf(await browser.page(window))).toMatch(/Thread in #helpdesk.*The card.*The reply/);
  });
});

describe('the stream', () => {
  it('feeds a page what comes after it, each change with its piece and its news', async () => {
    const page = await browser.page('/?c=hana~helpdesk');
    const { fed } = await feed(`/stream?c=hana~helpdesk&after=${positionOf(page)}`);
    const ref = await room.adapter.post('console:#helpdesk', card('First'), 'key-1');
    await room.adapter.edit(ref, card('Second'));

    await eventually(() => expect(words(fed)).toHaveLength(2));
    expect(words(fed)[0]).toContain('New in #helpdesk: First');
    expect(words(fed)[1]).toContain('Updated in #helpdesk: Second');
    expect(fed.some(({ event }) => event === 'anew')).toBe(false);
  });

  it('goes on after each of a hundred breaks without loss or doubling', async () => {
    const page = await browser.page('/?c=hana~helpdesk');
    let last = positionOf(page);
    const got: string[] = [];
    for (let round = 0; round < 100; round += 1) {
      // What comes while nobody listens is there when they are back.
      await room.adapter.post('console:#helpdesk', card(`Card number ${round}.`), `key-${round}`);
      const { fed, change, cut } = await feed('/stream?c=hana~helpdesk', { 'last-event-id': last });
      await change;
      cut();
      for (const { id, event, data } of fed) {
        if (event !== 'change') continue;
        last = id;
        got.push(/Card number \d+\./.exec(JSON.stringify(data))?.[0] ?? '');
      }
    }

    expect(got).toEqual(Array.from({ length: 100 }, (_, round) => `Card number ${round}.`));
  });

  it('tells a page of another start to look anew, and then goes on', async () => {
    await room.adapter.post('console:#helpdesk', card('Before'), 'key-1');
    const { fed } = await feed('/stream?c=hana~helpdesk&after=another-start-7');
    await eventually(() => expect(fed.some(({ event }) => event === 'anew')).toBe(true));
    await room.adapter.post('console:#helpdesk', card('After'), 'key-2');

    await eventually(() => expect(words(fed).join()).toContain('After'));
    expect(words(fed).join()).not.toContain('Before');
  });

  it('shows an answer in a channel only to whoever asked', async () => {
    receive = async () => stored({ private: card('For Hana alone') });
    const page = await browser.page('/?c=hana~helpdesk&c=otto~helpdesk');
    const { fed } = await feed(`/stream?c=hana~helpdesk&c=otto~helpdesk&after=${positionOf(page)}`);
    await browser.send('/say', { column: 'hana~helpdesk', text: 'devices alice' });

    await eventually(() => expect(words(fed).join()).toContain('For Hana alone'));
    const pieces = JSON.stringify(fed.filter(({ data }) => JSON.stringify(data).includes('For Hana alone')));
    expect(pieces).toContain('"column":"hana~helpdesk"');
    expect(pieces).not.toContain('"column":"otto~helpdesk"');
  });

  it('ends when the room closes', async () => {
    const { fed } = await feed('/stream?c=hana~helpdesk');
    await eventually(() => expect(fed.length).toBeGreaterThan(0));
    await room.close();

    await expect(browser.fetch('/')).rejects.toThrow();
  });
});

describe('a tour', () => {
  it('goes on by what is said and shown, follows who runs ahead, and can be left', async () => {
    await browser.send('/tour', { tour: 'lost' });
    expect(textOf(await browser.page())).toContain('A lost phone, 1 of 8.');

    await browser.send('/say', { column: 'hana~helpdesk', text: 'lost device alice' });
    expect(textOf(await browser.page())).toContain('A lost phone, 2 of 8.');

    await room.adapter.post('console:#security', card('INC-101 · wipe proposed by Hana'), 'key-1');
    expect(textOf(await browser.page())).toContain('A lost phone, 5 of 8.');

    await browser.send('/tour', { tour: '' });
    expect(textOf(await browser.page())).toContain('Start the tour');
  });

  it('names the case that was spoken of last', async () => {
    await browser.send('/tour', { tour: 'breaks' });
    await room.adapter.post('console:#security', card('INC-107 · wipe proposed by Hana'), 'key-1');

    expect(textOf(await browser.page())).toContain('approve INC-107');
  });
});

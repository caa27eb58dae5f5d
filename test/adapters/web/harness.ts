import { WebAdapter, type WebOptions } from '../../../adapters/web/index.ts';
import { sceneNow, sceneZone } from '../../gallery/samples/scene.ts';

/** A browser without a script: it loads pages, follows links and sends forms. */
export type TestBrowser = {
  readonly origin: string;
  page(path?: string): Promise<string>;
  fetch(path: string, options?: RequestInit & { headers?: Record<string, string> }): Promise<Response>;
  /** Sends a form as a page of its own would. */
  send(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  /** What stands in a hidden field of the page. */
  proof(): Promise<string>;
};

export type TestRoom = {
  adapter: WebAdapter;
  enter(): Promise<TestBrowser>;
  address(): string;
  close(): Promise<void>;
};

const token = 'token-of-twenty-two-characters';

export function openTestRoom(options: Partial<WebOptions> = {}): TestRoom {
  let address = '';
  let tokens = 0;
  const adapter = new WebAdapter({
    clock: { now: () => sceneNow },
    ids: {
      token: () => `counted-token-${String(++tokens).padStart(8, '0')}`,
      uuid: () => '00000000-0000-4000-8000-000000000000',
    },
    timeZone: sceneZone,
    personas: [
      { name: 'hana', displayName: 'Hana', roles: ['helpdesk'] },
      { name: 'otto', displayName: 'Otto', roles: ['approver'], email: 'otto@contoso.example' },
      { name: 'sasha', displayName: 'Sasha', roles: ['security'] },
      { name: 'alice.ng', displayName: 'Alice Ng', roles: [] },
    ],
    places: () => ['console:#helpdesk', 'console:#approvals', 'console:#security'],
    token,
    port: 0,
    images: async () => undefined,
    onOpen: (opened) => {
      address = opened.address;
    },
    ...options,
  });
  return {
    adapter,
    address: () => address,
    enter: () => enterRoom(address),
    close: () => adapter.stop(),
  };
}

export async function enterRoom(address: string): Promise<TestBrowser> {
  const { origin } = new URL(address);
  const entered = await fetch(address, { redirect: 'manual' });
  const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
  const request: TestBrowser['fetch'] = (path, { headers = {}, ...rest } = {}) =>
    fetch(`${origin}${path}`, { redirect: 'manual', ...rest, headers: { cookie, ...headers } });
  const page = async (path = '/') => (await request(path)).text();
  const proof = async () => /name="proof" value="([^"]+)"/.exec(await page())?.[1] ?? '';
  return {
    origin,
    page,
    fetch: request,
    proof,
    send: async (path, fields, headers = {}) =>
      request(path, {
        method: 'POST',
        headers: { origin, 'content-type': 'application/x-www-form-urlencoded', 'x-mislaid': 'script', ...headers },
        body: new URLSearchParams({ proof: await proof(), ...fields }).toString(),
      }),
  };
}

/** Text of a piece of HTML, its escapes undone. */
export function textOf(html: string): string {
  return html
    .replaceAll(/<(input|meta|link|img)[^>]*>/g, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** The pieces of a column, in their order: what kind each is, its id without the column, and its HTML. */
export function entriesOf(page: string, column: string): { kind: string; id: string; html: string }[] {
  const start = page.indexOf(`data-column="${column}"`);
  if (start === -1) return [];
  const section = page.slice(start, page.indexOf('</section>', start));
  return [...section.matchAll(/<article id="([^"]+)" class="entry (\w+)"[^>]*>([\s\S]*?)<\/article>/g)].map(
    ([, id = '', kind = '', html = '']) => ({ kind, id: id.slice(column.length + 1), html }),
  );
}

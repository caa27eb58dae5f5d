/**
 * A workspace of Slack: its Web API over real HTTP, its signed requests, and Socket Mode over a real WebSocket. It refuses what
 * Slack refuses (blocks and views over a limit, dead triggers, posts too fast), gives up as Slack does, and breaks as asked.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { type ApiCall, answerCall, breaks } from './api.ts';
import { field, readable, text } from './block-limits.ts';
import { formBody, formType, jsonType, payloadBody, type SignedRequest, signed } from './requests.ts';
import {
  createWorkspace,
  type FakeMessage,
  type FakeUser,
  type Fault,
  type OpenView,
  type Workspace,
} from './workspace.ts';

export type { FakeMessage, FakeUser, Fault } from './workspace.ts';

export const team = 'T0LAB';
export const signingSecret = 'a signing secret of tests';
export const botToken = 'xoxb-test-token';
export const appToken = 'xapp-test-token';

export type Delivered = { readonly status: number; readonly body: string };

export type FakeSlack = {
  readonly apiUrl: string;
  readonly workspace: Workspace;
  /** Every Web API call so far, in order. */
  readonly calls: readonly ApiCall[];
  /** Calls of these methods fail in this way, so often. */
  fail(method: string, fault: Fault, times?: number): void;
  /** Calls of this method no longer fail. */
  restore(method: string): void;
  /** Where requests go; over Socket Mode they go to a connected socket instead. */
  sendTo(url: string): void;
  /** Sends a request, like Slack: an event that is refused or not answered is sent again, at once in these tests. */
  command(user: string, sentence: string, channel: string): Promise<Delivered>;
  mention(user: string, words: string, channel: string, thread?: string): Promise<Delivered>;
  direct(user: string, words: string): Promise<Delivered>;
  openHome(user: string): Promise<Delivered>;
  /** Presses the button, or chooses the option, of the newest message or home page on which this person sees it. */
  press(user: string, action: string): Promise<Delivered>;
  pressLabel(user: string, label: string | RegExp): Promise<Delivered>;
  shortcut(user: string, message: { author: string; text: string }, channel: string): Promise<Delivered>;
  /** Submits the form that is open for him; values by block id, in place of what stands in the fields. */
  submit(user: string, values: Readonly<Record<string, string | boolean>>): Promise<Delivered>;
  event(event: Record<string, unknown>, options?: { id?: string; retry?: number }): Promise<Delivered>;
  post(request: SignedRequest): Promise<Delivered>;
  /** The last request once more, byte by byte. */
  sendAgain(): Promise<Delivered>;
  openView(user: string): OpenView | undefined;
  /** What stands in a channel, as a person reads it. */
  shownIn(channel: string): string[];
  /** What this person alone sees: direct messages and ephemeral ones. */
  shownTo(user: string): string[];
  /** Asks so many sockets (or all) to come again, as Slack does to renew them. */
  renewSockets(count?: number): void;
  /** How often a socket was opened so far. */
  opened(): number;
  sendRaw(message: string): void;
  sockets(): number;
  /** Drops every connection and answers none, until `up()`. */
  down(): void;
  up(): Promise<void>;
  close(): Promise<void>;
};

export async function openFakeSlack(
  options: { users?: readonly FakeUser[]; channels?: readonly string[] } = {},
): Promise<FakeSlack> {
  const workspace = createWorkspace({ team, ...options });
  const calls: ApiCall[] = [];
  const connections = new Set<Socket>();
  const waiting = new Map<string, (payload: unknown) => void>();
  let url = '';
  let last: { send: () => Promise<Delivered> } | undefined;
  let envelope = 0;
  let isDown = false;
  let port = 0;

  const server: Server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  // The bot ends idle connections; one that ended here under its next request would look like a lost answer.
  server.keepAliveTimeout = 0;
  server.on('connection', (socket) => {
    if (isDown) socket.destroy();
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  const sockets = new WebSocketServer({ server, path: '/link' });
  sockets.on('connection', (socket) => {
    socket.send(JSON.stringify({ type: 'hello', num_connections: 1 }));
    socket.on('message', (data) => {
      const answer: unknown = JSON.parse(String(data));
      waiting.get(text(answer, 'envelope_id'))?.(field(answer, 'payload'));
    });
  });
  await listen(server, 0);
  port = portOf(server);
  const base = `http://127.0.0.1:${port}`;
  const apiUrl = `${base}/api/`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const path = request.url ?? '';
    if (path.startsWith('/respond/')) {
      const fault = workspace.faultOf('response_url');
      if (fault !== undefined && (await breaks(fault, workspace, response))) return;
      const status = workspace.respond(path.slice('/respond/'.length), JSON.parse(String(body)));
      if (fault?.kind === 'reset-after') {
        request.socket.destroy();
        return;
      }
      response.writeHead(status).end(status === 200 ? 'ok' : 'expired_url');
      return;
    }
    if (path.startsWith('/upload/')) {
      workspace.uploaded(path.slice('/upload/'.length), body.length);
      response.writeHead(200).end('OK');
      return;
    }
    const method = path.replace(/^\/api\//, '').replace(/\?.*$/, '');
    await answerCall({ workspace, calls, base, sockets: sockets.clients.size, method, request, response, body });
  }

  function remember(send: () => Promise<Delivered>): Promise<Delivered> {
    last = { send };
    return send();
  }

  async function post(request: SignedRequest): Promise<Delivered> {
    const answer = await fetch(url, {
      method: 'POST',
      headers: request.headers,
      body: request.body,
      signal: AbortSignal.timeout(workspace.ackMs),
    });
    return { status: answer.status, body: await answer.text() };
  }

  async function overSocket(type: string, payload: unknown, retry: Record<string, unknown> = {}): Promise<Delivered> {
    const [socket] = [...sockets.clients].filter((one) => one.readyState === WebSocket.OPEN);
    if (socket === undefined) throw new Error('the bot has no socket open');
    envelope += 1;
    const id = `envelope-${envelope}`;
    const answer = new Promise<unknown>((resolve, reject) => {
      waiting.set(id, resolve);
      setTimeout(() => reject(new Error('not acknowledged in time')), workspace.ackMs).unref();
    });
    socket.send(
      JSON.stringify({ type, envelope_id: id, payload, accepts_response_payload: type !== 'events_api', ...retry }),
    );
    const body = await answer;
    return { status: 200, body: JSON.stringify(body ?? '') };
  }

  function interactive(payload: unknown): Promise<Delivered> {
    if (url === '') return remember(() => overSocket('interactive', payload));
    const request = signed(signingSecret, payloadBody(payload), { contentType: formType });
    return remember(() => post(request));
  }

  function event(
    inner: Record<string, unknown>,
    { id, retry }: { id?: string; retry?: number } = {},
  ): Promise<Delivered> {
    const payload = {
      type: 'event_callback',
      team_id: team,
      api_app_id: 'A1',
      event_id: id ?? `Ev${workspace.next()}`,
      event_time: Math.floor(Date.now() / 1_000),
      authorizations: [{ team_id: team, user_id: workspace.bot.user, is_bot: true }],
      event: inner,
    };
    if (url === '') return remember(() => overSocket('events_api', payload, { retry_attempt: retry ?? 0 }));
    const headers = retry === undefined ? {} : { 'x-slack-retry-num': String(retry) };
    const request = signed(signingSecret, JSON.stringify(payload), { contentType: jsonType, headers });
    return remember(() => post(request));
  }

  function responseUrl(user: string, channel: string): string {
    return `${base}/respond/${workspace.responseUrl(user, channel)}`;
  }

  function press(user: string, find: (element: unknown) => boolean): Promise<Delivered> {
    const found = workspace.findElement(user, find);
    if (found === undefined) throw new Error(`${user} sees no such button`);
    const { element, option, message, view } = found;
    const channel = message?.channel;
    return interactive({
      type: 'block_actions',
      user: { id: user, team_id: workspace.teamOf(user), username: user.toLowerCase() },
      team: { id: team, domain: 'lab' },
      api_app_id: 'A1',
      trigger_id: workspace.trigger(user),
      ...(channel === undefined
        ? { container: { type: 'view', view_id: 'V-home' }, view }
        : {
            response_url: responseUrl(user, channel),
            channel: { id: channel, name: 'channel' },
            container: {
              type: 'message',
              channel_id: channel,
              message_ts: message?.ts,
              is_ephemeral: message?.onlyFor !== undefined,
              ...(message?.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
            },
          }),
      actions: [
        {
          type: text(element, 'type'),
          action_id: text(element, 'action_id'),
          block_id: 'b1',
          ...(option === undefined ? { value: text(element, 'value') } : { selected_option: option }),
        },
      ],
    });
  }

  const fake: FakeSlack = {
    apiUrl,
    workspace,
    calls,
    fail: (method, fault, times = 1) => workspace.fail(method, fault, times),
    restore: (method) => workspace.restore(method),
    sendTo: (to) => {
      url = to;
    },
    post: (request) => remember(() => post(request)),
    event,
    command: (user, sentence, channel) => {
      const fields = {
        command: '/mislaid',
        text: sentence,
        user_id: user,
        user_name: user.toLowerCase(),
        team_id: workspace.teamOf(user),
        channel_id: channel,
        channel_name: channel.startsWith('D') ? 'directmessage' : channel.toLowerCase(),
        api_app_id: 'A1',
        trigger_id: workspace.trigger(user),
        response_url: responseUrl(user, channel),
      };
      const request = signed(signingSecret, formBody(fields), { contentType: formType });
      return remember(async () => {
        const delivered = await (url === '' ? overSocket('slash_commands', fields) : post(request));
        workspace.commandAnswered(user, channel, delivered.body);
        return delivered;
      });
    },
    mention: (user, words, channel, thread) =>
      event({
        type: 'app_mention',
        user,
        team: workspace.teamOf(user),
        text: `<@${workspace.bot.user}> ${words}`,
        channel,
        ts: workspace.ts(),
        ...(thread === undefined ? {} : { thread_ts: thread }),
      }),
    direct: (user, words) =>
      event({
        type: 'message',
        channel_type: 'im',
        user,
        team: workspace.teamOf(user),
        text: words,
        channel: workspace.directWith(user),
        ts: workspace.ts(),
      }),
    openHome: (user) => event({ type: 'app_home_opened', user, tab: 'home', channel: workspace.directWith(user) }),
    press: (user, action) => press(user, (element) => text(element, 'value') === action),
    pressLabel: (user, label) =>
      press(user, (element) => {
        const shown = text(field(element, 'text'), 'text');
        return typeof label === 'string' ? shown === label : label.test(shown);
      }),
    shortcut: (user, message, channel) =>
      interactive({
        type: 'message_action',
        callback_id: 'lost_device',
        user: { id: user, team_id: workspace.teamOf(user), name: user.toLowerCase() },
        team: { id: team, domain: 'lab' },
        channel: { id: channel, name: 'channel' },
        message: {
          type: 'message',
          user: message.author,
          team: workspace.teamOf(message.author),
          text: message.text,
          ts: workspace.ts(),
        },
        message_ts: workspace.ts(),
        trigger_id: workspace.trigger(user),
        response_url: responseUrl(user, channel),
      }),
    submit: async (user, values) => {
      const open = workspace.openView(user);
      if (open === undefined) throw new Error(`no form is open for ${user}`);
      workspace.fill(open, values);
      const delivered = await interactive({
        type: 'view_submission',
        user: { id: user, team_id: workspace.teamOf(user), name: user.toLowerCase() },
        team: { id: team, domain: 'lab' },
        api_app_id: 'A1',
        trigger_id: workspace.trigger(user),
        view: { ...open.view, id: open.id, hash: open.hash, state: { values: open.state } },
      });
      workspace.submitted(user, open, delivered);
      return delivered;
    },
    sendAgain: () => {
      if (last === undefined) throw new Error('nothing was sent yet');
      return last.send();
    },
    openView: (user) => workspace.openView(user),
    shownIn: (channel) =>
      workspace.messages.filter((one) => one.channel === channel && one.onlyFor === undefined).map(read),
    shownTo: (user) => workspace.messages.filter((one) => isFor(workspace, one, user)).map(read),
    opened: () => calls.filter(({ method }) => method === 'apps.connections.open').length,
    renewSockets: (count = sockets.clients.size) => {
      for (const socket of [...sockets.clients].slice(0, count))
        socket.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }));
    },
    sendRaw: (message) => {
      for (const socket of sockets.clients) socket.send(message);
    },
    sockets: () => [...sockets.clients].filter((one) => one.readyState === WebSocket.OPEN).length,
    down: () => {
      isDown = true;
      for (const connection of connections) connection.destroy();
      server.close();
    },
    up: async () => {
      isDown = false;
      if (!server.listening) await listenAgain(server, port);
    },
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      for (const connection of connections) connection.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return fake;
}

function read(message: FakeMessage): string {
  return message.blocks === undefined ? message.text : readable(message.blocks);
}

function isFor(workspace: Workspace, message: FakeMessage, user: string): boolean {
  return message.onlyFor === user || (message.onlyFor === undefined && message.channel === workspace.directWith(user));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Meanwhile the port was free for all: where a connection of somebody else's has got it, its end is waited for. */
async function listenAgain(server: Server, port: number): Promise<void> {
  for (;;) {
    try {
      return await listen(server, port);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** The Web API methods that the bot uses; any other is an error, as is a call without the right token. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { blockProblems, field, text, viewProblems } from './block-limits.ts';
import type { FakeMessage, Fault, Workspace } from './workspace.ts';

export type ApiCall = { readonly method: string; readonly args: Readonly<Record<string, unknown>> };

export type CallInput = {
  workspace: Workspace;
  calls: ApiCall[];
  base: string;
  sockets: number;
  method: string;
  request: IncomingMessage;
  response: ServerResponse;
  body: Buffer;
};

type Answer = Record<string, unknown>;

export async function answerCall(input: CallInput): Promise<void> {
  const { workspace, calls, method, request, response, body } = input;
  const args = argsOf(body);
  calls.push({ method, args });
  const token = request.headers.authorization ?? '';
  const wanted = method === 'apps.connections.open' ? 'Bearer xapp-' : 'Bearer xoxb-';
  if (!token.startsWith(wanted)) return send(response, { ok: false, error: 'invalid_auth' });
  const fault = workspace.faultOf(method);
  if (fault !== undefined && (await breaks(fault, workspace, response))) return;
  if (method === 'chat.postMessage') {
    const wait = workspace.tooFast(text(args, 'channel'));
    if (wait !== undefined) return tooMany(response, wait);
  }
  const answer = perform(input, args);
  if (fault?.kind === 'reset-after') {
    request.socket.destroy();
    return;
  }
  response.setHeader('x-oauth-scopes', workspace.scopes.join(','));
  send(response, 'error' in answer ? { ok: false, ...answer } : { ok: true, ...answer });
}

/** Whether the fault is all that happens. */
export async function breaks(fault: Fault, workspace: Workspace, response: ServerResponse): Promise<boolean> {
  switch (fault.kind) {
    case 'error':
      send(response, { ok: false, error: fault.error });
      return true;
    case '500':
      response.writeHead(500).end('server error');
      return true;
    case '429':
      tooMany(response, fault.seconds);
      return true;
    case 'hang':
      workspace.hanging += 1;
      response.once('close', () => {
        workspace.hanging -= 1;
      });
      return true;
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return false;
    case 'reset-after':
      return false;
  }
}

function perform(input: CallInput, args: Answer): Answer {
  const { workspace, base, method } = input;
  switch (method) {
    case 'auth.test':
      return { team_id: workspace.team, team: 'Lab', user_id: workspace.bot.user, bot_id: workspace.bot.id, url: base };
    case 'apps.connections.open':
      return { url: `${base.replace('http', 'ws')}/link` };
    case 'users.info':
      return userInfo(workspace, text(args, 'user'));
    case 'usergroups.users.list': {
      const users = workspace.groups.get(text(args, 'usergroup'));
      return users === undefined ? { error: 'no_such_subteam' } : { users: [...users] };
    }
    case 'conversations.open': {
      const user = text(args, 'users');
      if (!workspace.users.has(user)) return { error: 'user_not_found' };
      return { channel: { id: workspace.directWith(user) } };
    }
    case 'chat.postMessage':
      return post(workspace, args);
    case 'chat.postEphemeral': {
      const refused = postRefused(workspace, args);
      if (refused !== undefined) return { error: refused };
      workspace.messages.push({ ...workspace.newMessage(text(args, 'channel'), args), onlyFor: text(args, 'user') });
      return { message_ts: workspace.ts() };
    }
    case 'chat.update':
      return update(workspace, args);
    case 'conversations.history':
    case 'conversations.replies':
      return history(workspace, args, method);
    case 'views.open': {
      const trigger = workspace.useTrigger(text(args, 'trigger_id'));
      if ('error' in trigger) return trigger;
      const refused = viewRefused(args);
      if (refused !== undefined) return { error: refused };
      const open = workspace.showView(trigger.user, { ...objectOf(field(args, 'view')) });
      return { view: { id: open.id, hash: open.hash } };
    }
    case 'views.update': {
      const refused = viewRefused(args);
      if (refused !== undefined) return { error: refused };
      const found = workspace.viewById(text(args, 'view_id'));
      if (found === undefined || workspace.viewsExpired) return { error: 'not_found' };
      workspace.showView(found.user, { ...objectOf(field(args, 'view')) }, found.open.id);
      return {};
    }
    case 'views.publish': {
      const refused = viewRefused(args);
      if (refused !== undefined) return { error: refused };
      workspace.homes.set(text(args, 'user_id'), field(args, 'view'));
      return {};
    }
    case 'files.getUploadURLExternal': {
      const id = `F${workspace.next()}`;
      return { upload_url: `${base}/upload/${id}`, file_id: id };
    }
    case 'files.completeUploadExternal': {
      const files = field(args, 'files');
      return { files: Array.isArray(files) ? files : [] };
    }
    default:
      return { error: 'unknown_method' };
  }
}

function userInfo(workspace: Workspace, id: string): Answer {
  const user = workspace.users.get(id);
  if (user === undefined) return { error: 'user_not_found' };
  const { team, name, email, ...flags } = user;
  return {
    user: {
      ...flags,
      team_id: team ?? workspace.team,
      name: id.toLowerCase(),
      real_name: name,
      tz: 'Europe/Berlin',
      profile: { real_name: name, ...(email === undefined ? {} : { email }) },
    },
  };
}

function post(workspace: Workspace, args: Answer): Answer {
  const refused = postRefused(workspace, args);
  if (refused !== undefined) return { error: refused };
  const given = text(args, 'channel');
  const channel = workspace.users.has(given) ? workspace.directWith(given) : given;
  const message = workspace.newMessage(channel, args);
  workspace.messages.push(message);
  return { channel, ts: message.ts, message: { ts: message.ts } };
}

function postRefused(workspace: Workspace, args: Answer): string | undefined {
  const channel = text(args, 'channel');
  if (!channel.startsWith('D') && !workspace.users.has(channel)) {
    const known = workspace.channels.get(channel);
    if (known === undefined) return 'channel_not_found';
    if (known.archived) return 'is_archived';
    if (!known.member) return 'not_in_channel';
  }
  return contentRefused(args);
}

function contentRefused(args: Answer): string | undefined {
  const blocks = field(args, 'blocks');
  if (text(args, 'text') === '' && blocks === undefined) return 'no_text';
  if (text(args, 'text').length > 40_000) return 'msg_too_long';
  return blocks !== undefined && blockProblems(blocks, 'message').length > 0 ? 'invalid_blocks' : undefined;
}

function update(workspace: Workspace, args: Answer): Answer {
  const message = workspace.messages.find(
    (one) => one.channel === text(args, 'channel') && one.ts === text(args, 'ts'),
  );
  if (message === undefined) return { error: 'message_not_found' };
  const refused = contentRefused(args);
  if (refused !== undefined) return { error: refused };
  message.text = text(args, 'text');
  message.blocks = field(args, 'blocks');
  message.edits += 1;
  // Slack is not documented to keep metadata over an update: the bot must not rely on it.
  message.metadata = field(args, 'metadata');
  return { channel: message.channel, ts: message.ts };
}

function history(workspace: Workspace, args: Answer, method: string): Answer {
  const channel = text(args, 'channel');
  if (!channel.startsWith('D') && !workspace.channels.has(channel)) return { error: 'channel_not_found' };
  const thread = text(args, 'ts');
  const all = workspace.messages.filter((one) => one.channel === channel && one.onlyFor === undefined);
  const wanted =
    method === 'conversations.replies'
      ? all.filter((one) => one.ts === thread || one.threadTs === thread)
      : all.filter((one) => one.threadTs === undefined).toReversed();
  const from = Number(text(args, 'cursor') || 0);
  const limit = Math.min(Number(field(args, 'limit') ?? 100), 999);
  const page = wanted.slice(from, from + limit);
  const more = from + limit < wanted.length;
  return {
    messages: page.map((one) => shown(all, one, field(args, 'include_all_metadata'))),
    has_more: more,
    response_metadata: { next_cursor: more ? String(from + limit) : '' },
  };
}

function shown(all: readonly FakeMessage[], message: FakeMessage, withMetadata: unknown): Answer {
  const replies = all.filter((one) => one.threadTs === message.ts);
  return {
    type: 'message',
    ts: message.ts,
    bot_id: 'B0BOT',
    text: message.text,
    ...(message.blocks === undefined ? {} : { blocks: message.blocks }),
    ...(replies.length === 0 ? {} : { reply_count: replies.length, latest_reply: replies.at(-1)?.ts }),
    ...(String(withMetadata) === 'true' && message.metadata !== undefined ? { metadata: message.metadata } : {}),
  };
}

function viewRefused(args: Answer): string | undefined {
  return viewProblems(field(args, 'view')).length > 0 ? 'invalid_arguments' : undefined;
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

function tooMany(response: ServerResponse, seconds: number): void {
  response.writeHead(429, { 'retry-after': String(seconds) }).end(JSON.stringify({ ok: false, error: 'ratelimited' }));
}

/** The client sends forms; what is no plain text in them is JSON. */
function argsOf(body: Buffer): Answer {
  const args: Answer = {};
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) args[name] = decoded(value);
  return args;
}

function decoded(value: string): unknown {
  if (!/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function objectOf(value: unknown): Answer {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

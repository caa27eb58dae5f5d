/**
 * Microsoft Teams in one process: the connector, the token service and Graph over real HTTP, and the clients of people who
 * speak, press, submit and look. Nothing in the bot is replaced: its tokens are signed and checked for real.
 */
import { createServer } from 'node:http';
import express from 'express';
import { z } from 'zod';
import { buttonsOf, type CardButton, inputsOf, textOf } from './cards.ts';
import { connectorRoutes } from './connector.ts';
import { appSecret, createTokens, type Tokens } from './tokens.ts';
import {
  appId,
  createWorld,
  type FakeConversation,
  type FakeMessage,
  type FakePerson,
  tenant,
  type World,
} from './world.ts';

export type Sent = { status: number; body: unknown };
/** A form that is open for somebody: in a dialog, or in the place of the card that he pressed. */
export type Dialog = {
  title: string;
  card: unknown;
  conversation: FakeConversation;
  messageId?: string;
  shape: 'task' | 'extension' | 'card';
};

export type FakeTeams = {
  readonly world: World;
  readonly tokens: Tokens;
  readonly base: string;
  readonly serviceUrl: string;
  /** Settings of the bot that point it here. */
  readonly settings: Readonly<Record<string, string>>;
  /** Where the bot listens: the first that takes the connection gets the activity, as behind a load balancer. */
  botAt(...urls: string[]): void;
  /** Copies of what people do, sent at the same moment: Teams sends again what it believes lost, some of it under another id. */
  copies: readonly { to: string; newId: boolean }[];
  /** Clients ask for their own view of each card by themselves. */
  looksByItself: boolean;
  say(who: FakePerson, text: string, where?: FakeConversation): Promise<Sent>;
  /** Presses the button of this action, or with this label, on the newest card that he sees. */
  press(who: FakePerson, action: string | RegExp): Promise<Sent>;
  submit(who: FakePerson, values: Record<string, string>): Promise<Sent>;
  install(who: FakePerson, where?: FakeConversation): Promise<Sent>;
  /** "Handle as lost device" on somebody's message. */
  handleMessage(who: FakePerson, author: FakePerson | undefined, text: string, where: FakeConversation): Promise<Sent>;
  /** Agrees to add the app where "Handle as lost device" was answered with Teams' card for that; the message comes again. */
  addApp(who: FakePerson, where: FakeConversation): Promise<Sent>;
  look(who: FakePerson, messageId: string): Promise<Sent>;
  sendAgain(options?: { newId?: boolean }): Promise<Sent>;
  /** Any activity, with a token that can be bent; the headers can be replaced. */
  send(activity: Record<string, unknown>, token?: Parameters<Tokens['sign']>[0] | string): Promise<Sent>;
  activity(who: FakePerson, where: FakeConversation, rest: Record<string, unknown>): Record<string, unknown>;
  shownIn(where: FakeConversation): string[];
  /** Private messages, sentences beside a button, and dialogs that hold no form. */
  shownTo(who: FakePerson): string[];
  dialog(who: FakePerson): Dialog | undefined;
  /** The card of the message as this person sees it. */
  cardFor(who: FakePerson, message: FakeMessage): unknown;
  close(): Promise<void>;
};

const Invoked = z.union([
  z.object({ statusCode: z.number(), type: z.literal('application/vnd.microsoft.card.adaptive'), value: z.unknown() }),
  z.object({
    statusCode: z.number(),
    type: z.literal('application/vnd.microsoft.activity.message'),
    value: z.string(),
  }),
  z.object({ task: z.object({ type: z.literal('message'), value: z.string() }) }),
  z.object({
    task: z.object({
      type: z.literal('continue'),
      value: z.object({ title: z.string().default(''), card: z.object({ content: z.unknown() }) }),
    }),
  }),
]);

export async function openFakeTeams(): Promise<FakeTeams> {
  const world = createWorld();
  let base = '';
  let bots: readonly string[] = [];
  const tokens = await createTokens(() => base);
  const app = express();
  app.use(tokens.routes);
  app.use(
    '/teams',
    connectorRoutes(world, tokens, (id) => looking(id)),
  );
  app.use(
    '/graph',
    connectorRoutes(world, tokens, () => undefined),
  );
  // An idle connection is never closed from this end: a process that was halted for a while would post into one that just was.
  const server = createServer({ keepAliveTimeout: 0 }, app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fake does not listen');
  base = `http://127.0.0.1:${address.port}`;
  const serviceUrl = `${base}/teams/`;

  const notices = new Map<string, string[]>();
  const dialogs = new Map<string, Dialog>();
  /** People who are asked whether the app may be added. */
  const adding = new Set<string>();
  const views = new Map<string, unknown>();
  let last: Record<string, unknown> | undefined;
  let counter = 0;
  let pending: Promise<unknown> = Promise.resolve();

  const fake: FakeTeams = {
    world,
    tokens,
    base,
    serviceUrl,
    settings: {
      TEAMS_APP_ID: appId,
      TEAMS_APP_PASSWORD: appSecret,
      TEAMS_TENANT_ID: tenant,
      TEAMS_OPENID_METADATA_URL: `${base}/openid`,
      TEAMS_TOKEN_URL: `${base}/token`,
      TEAMS_GRAPH_URL: `${base}/graph`,
      TEAMS_SERVICE_URL: serviceUrl,
    },
    botAt: (...urls) => {
      bots = urls;
    },
    copies: [],
    looksByItself: false,
    activity,
    send,
    say: (who, text, where = world.personal(who)) => {
      const mention = '<at>Mislaid</at>';
      const isPersonal = where.kind === 'personal';
      return sendLast(
        activity(who, where, {
          type: 'message',
          text: isPersonal ? text : `${mention}&nbsp;${text}\n`,
          entities: isPersonal
            ? []
            : [{ type: 'mention', text: mention, mentioned: { id: `28:${appId}`, name: 'Mislaid' } }],
        }),
      );
    },
    press: async (who, wanted) => {
      const found = findButton(who, wanted);
      if (found === undefined) throw new Error(`${who.name} sees no button ${wanted}`);
      const { button, where, messageId, inDialog } = found;
      const place = messageId === undefined ? {} : { replyToId: messageId };
      if (inDialog !== undefined) {
        return await sendLast(activity(who, where, { type: 'invoke', ...invokeOf(inDialog, button.data), ...place }));
      }
      if (button.type === 'Action.Submit') {
        const name = button.data.msteams?.type;
        if (name === undefined)
          return await sendLast(activity(who, where, { type: 'message', value: button.data, ...place }));
        return await sendLast(activity(who, where, { type: 'invoke', name, value: { data: button.data }, ...place }));
      }
      const value = { action: { type: 'Action.Execute', verb: 'mislaid', data: button.data }, trigger: 'manual' };
      return await sendLast(activity(who, where, { type: 'invoke', name: 'adaptiveCard/action', value, ...place }));
    },
    submit: async (who, values) => {
      const dialog = dialogs.get(who.objectId);
      if (dialog === undefined) throw new Error(`no dialog is open for ${who.name}`);
      const [button] = buttonsOf(dialog.card);
      const data: Record<string, unknown> = { ...button?.data };
      for (const input of inputsOf(dialog.card)) {
        const value = values[input.id] ?? input.value ?? '';
        if (input.isRequired && (value === '' || (input.type === 'Input.Toggle' && value !== 'true'))) {
          throw new Error(`Teams does not send the form: ${input.id} is needed`);
        }
        if (input.options.length > 0 && value !== '' && !input.options.includes(value))
          throw new Error(`no choice ${value}`);
        data[input.id] = value;
      }
      const place = dialog.messageId === undefined ? {} : { replyToId: dialog.messageId };
      return await sendLast(
        activity(who, dialog.conversation, { type: 'invoke', ...invokeOf(dialog, data), ...place }),
      );
    },
    install: (who, where = world.personal(who)) =>
      sendLast(activity(who, where, { type: 'installationUpdate', action: 'add' })),
    handleMessage: (who, author, text, where) =>
      sendLast(
        activity(who, where, {
          type: 'invoke',
          name: 'composeExtension/fetchTask',
          value: {
            commandId: 'handleAsLost',
            messagePayload: {
              from:
                author === undefined
                  ? { application: { id: 'a-bot' } }
                  : { user: { id: author.objectId, displayName: author.name } },
              body: { contentType: 'html', content: `<div>${text}</div>` },
            },
          },
        }),
      ),
    addApp: async (who, where) => {
      if (last === undefined || !adding.delete(who.objectId)) throw new Error('nothing offers to add the app');
      where.gone = false;
      const value = { ...z.looseObject({}).parse(last.value), data: { msteams: { justInTimeInstall: true } } };
      return await sendLast(activity(who, where, { type: 'invoke', name: 'composeExtension/submitAction', value }));
    },
    look,
    sendAgain: async ({ newId = false } = {}) => {
      if (last === undefined) throw new Error('nothing was sent');
      return await sendLast(newId ? { ...last, id: nextId() } : last);
    },
    shownIn: (where) =>
      world.messages.filter((message) => message.conversation === where.id && !message.deleted).map(shownText),
    shownTo: (who) => {
      const dialog = dialogs.get(who.objectId);
      return [
        ...world.messages
          .filter((message) => message.conversation === world.personal(who).id && !message.deleted)
          .map(shownText),
        ...(notices.get(who.objectId) ?? []),
        ...(dialog === undefined || inputsOf(dialog.card).length > 0
          ? []
          : [`${dialog.title}\n${textOf(dialog.card)}`]),
      ];
    },
    dialog: (who) => dialogs.get(who.objectId),
    cardFor: (who, message) => views.get(viewKey(who, message.id)) ?? message.activity.attachments?.[0]?.content,
    close: async () => {
      await pending;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;

  function nextId(): string {
    counter += 1;
    return `f:${String(counter).padStart(8, '0')}-${process.pid}`;
  }

  function activity(who: FakePerson, where: FakeConversation, rest: Record<string, unknown>): Record<string, unknown> {
    return {
      id: nextId(),
      timestamp: new Date().toISOString(),
      localTimezone: 'Europe/Berlin',
      serviceUrl,
      channelId: 'msteams',
      from: { id: who.mri, name: who.name, aadObjectId: who.objectId },
      recipient: { id: `28:${appId}`, name: 'Mislaid' },
      conversation: {
        id: where.id,
        conversationType: where.kind,
        tenantId: tenant,
        ...(where.kind === 'personal' ? {} : { isGroup: true }),
      },
      channelData: { tenant: { id: tenant } },
      ...rest,
    };
  }

  async function sendLast(made: Record<string, unknown>): Promise<Sent> {
    last = made;
    const copies = fake.copies.map(({ to, newId }) => sendTo([to], newId ? { ...made, id: nextId() } : made));
    const answers = await Promise.allSettled([send(made), ...copies]);
    const first = answers.find((answer) => answer.status === 'fulfilled');
    if (first === undefined) throw new Error('no bot takes the activity');
    take(made, first.value);
    return first.value;
  }

  async function send(
    made: Record<string, unknown>,
    token: Parameters<Tokens['sign']>[0] | string = { serviceUrl, appId },
  ): Promise<Sent> {
    return await sendTo(bots, made, token);
  }

  async function sendTo(
    urls: readonly string[],
    made: Record<string, unknown>,
    token: Parameters<Tokens['sign']>[0] | string = { serviceUrl, appId },
  ): Promise<Sent> {
    const authorization = typeof token === 'string' ? token : `Bearer ${await tokens.sign(token)}`;
    const response = await firstOpen(urls, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization === '' ? {} : { authorization }) },
      body: JSON.stringify(made),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** What the client does with the answer to an invoke. */
  function take(made: Record<string, unknown>, { status, body }: Sent): void {
    if (made.type !== 'invoke' || status !== 200) return;
    const who = whoOf(made);
    const isSubmit = made.name === 'task/submit' || made.name === 'composeExtension/submitAction';
    if (body === undefined) {
      if (isSubmit) dialogs.delete(who.objectId);
      return;
    }
    const invoked = Invoked.parse(body);
    if ('task' in invoked) {
      if (invoked.task.type === 'message') {
        dialogs.delete(who.objectId);
        note(who, invoked.task.value);
        return;
      }
      const { title, card } = invoked.task.value;
      if (JSON.stringify(card.content).includes('"justInTimeInstall":true')) {
        adding.add(who.objectId);
        return;
      }
      const messageId = typeof made.replyToId === 'string' ? { messageId: made.replyToId } : {};
      const shape = String(made.name).startsWith('composeExtension') ? 'extension' : 'task';
      dialogs.set(who.objectId, {
        title,
        card: card.content,
        conversation: conversationIn(made),
        shape,
        ...messageId,
      });
      return;
    }
    if (dialogs.get(who.objectId)?.shape === 'card') dialogs.delete(who.objectId);
    if (invoked.type === 'application/vnd.microsoft.activity.message') {
      note(who, String(invoked.value));
      return;
    }
    const messageId = String(made.replyToId);
    views.set(viewKey(who, messageId), invoked.value);
    if (inputsOf(invoked.value).length === 0) return;
    const title = textOf(invoked.value).split('\n')[0] ?? '';
    dialogs.set(who.objectId, {
      title,
      card: invoked.value,
      conversation: conversationIn(made),
      shape: 'card',
      messageId,
    });
  }

  function note(who: FakePerson, sentence: string): void {
    if (sentence !== '') notices.set(who.objectId, [...(notices.get(who.objectId) ?? []), sentence]);
  }

  function whoOf(made: Record<string, unknown>): FakePerson {
    const { aadObjectId } = z.looseObject({ aadObjectId: z.string() }).parse(made.from);
    const who = world.people.get(aadObjectId);
    if (who === undefined) throw new Error('nobody sent it');
    return who;
  }

  function conversationIn(made: Record<string, unknown>): FakeConversation {
    const { id } = z.looseObject({ id: z.string() }).parse(made.conversation);
    const found = world.conversations.get(id);
    if (found === undefined) throw new Error('sent from nowhere');
    return found;
  }

  async function look(who: FakePerson, messageId: string): Promise<Sent> {
    const message = world.messages.find(({ id }) => id === messageId);
    const where = message === undefined ? undefined : world.conversations.get(message.conversation);
    const refresh = Refreshed.safeParse(message?.activity.attachments?.[0]?.content).data?.refresh;
    if (where === undefined || refresh === undefined) return { status: 0, body: undefined };
    const value = { action: { ...refresh.action }, trigger: 'automatic' };
    const made = activity(who, where, { type: 'invoke', name: 'adaptiveCard/action', value, replyToId: messageId });
    const seen = message?.activity;
    const sent = await send(made);
    // The card was edited meanwhile: the client has asked anew, and this answer may come after that one.
    if (message?.activity === seen) take(made, sent);
    return sent;
  }

  function looking(messageId: string): void {
    if (!fake.looksByItself) return;
    const message = world.messages.find(({ id }) => id === messageId);
    for (const key of [...views.keys()]) if (key.endsWith(` ${messageId}`)) views.delete(key);
    const users = Refreshed.safeParse(message?.activity.attachments?.[0]?.content).data?.refresh?.userIds ?? [];
    for (const user of users) {
      const who = world.who(user);
      if (who !== undefined) pending = Promise.allSettled([pending, look(who, messageId)]);
    }
  }

  function findButton(who: FakePerson, wanted: string | RegExp) {
    const matches = (button: CardButton) =>
      typeof wanted === 'string'
        ? button.data.mislaid.action === wanted || button.title === wanted
        : wanted.test(button.title);
    const open = dialogs.get(who.objectId);
    const inDialog = open === undefined ? undefined : buttonsOf(open.card).find(matches);
    if (open !== undefined && inDialog !== undefined) {
      return { button: inDialog, where: open.conversation, messageId: open.messageId, inDialog: open };
    }
    for (const message of [...world.messages].reverse()) {
      const where = world.conversations.get(message.conversation);
      if (where?.members.includes(who.objectId) !== true || message.deleted) continue;
      const button = buttonsOf(fake.cardFor(who, message)).find(matches);
      if (button !== undefined) return { button, where, messageId: message.id, inDialog: undefined };
    }
    return undefined;
  }
}

function invokeOf({ shape }: Dialog, data: unknown): { name: string; value: unknown } {
  switch (shape) {
    case 'task':
      return { name: 'task/submit', value: { data } };
    case 'extension':
      return { name: 'composeExtension/submitAction', value: { data } };
    case 'card':
      return { name: 'adaptiveCard/action', value: { action: { type: 'Action.Execute', verb: 'mislaid', data } } };
  }
}

const Refreshed = z.looseObject({
  refresh: z.object({ action: z.looseObject({ data: z.unknown() }), userIds: z.array(z.string()) }).optional(),
});

const Refused = z.object({ cause: z.object({ code: z.literal('ECONNREFUSED') }) });

/** A connection that is refused goes to the next; one that breaks later is Teams' to send again. */
async function firstOpen([url, ...others]: readonly string[], request: RequestInit): Promise<Response> {
  if (url === undefined) throw new Error('no bot listens');
  try {
    return await fetch(`${url}/api/messages`, request);
  } catch (error) {
    if (!Refused.safeParse(error).success || others.length === 0) throw error;
    return await firstOpen(others, request);
  }
}

function viewKey(who: FakePerson, messageId: string): string {
  return `${who.objectId} ${messageId}`;
}

function shownText({ activity }: FakeMessage): string {
  return [activity.text ?? '', ...(activity.attachments ?? []).map(({ content }) => textOf(content))].join('\n').trim();
}

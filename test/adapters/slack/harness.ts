import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import pino from 'pino';
import { createSlackAdapter, type SlackOptions } from '../../../adapters/slack/index.ts';
import type { Timeouts } from '../../../adapters/slack/limits.ts';
import { eventsPath } from '../../../adapters/slack/receivers.ts';
import type { ChatAdapter, Incoming, Receipt, Undelivered } from '../../../src/chat/port.ts';
import type { Answer, Message } from '../../../src/message/model.ts';
import { text } from '../../../src/message/text.ts';
import {
  appToken,
  botToken,
  type FakeSlack,
  type FakeUser,
  openFakeSlack,
  signingSecret,
} from '../../fakes/slack/index.ts';
import { sceneNow, sceneZone } from '../../gallery/samples/scene.ts';

export const team = 'T0LAB';
export const helpdesk = 'C0HELP';

export const people: readonly FakeUser[] = [
  { id: 'U0HANA', name: 'Hana', email: 'hana@contoso.example' },
  { id: 'U0OTTO', name: 'Otto', email: 'otto@contoso.example' },
  { id: 'U0ALICE', name: 'Alice Ng', email: 'alice.ng@contoso.example' },
];

export type TestSlack = {
  slack: FakeSlack;
  adapter: ChatAdapter;
  /** What the core heard. */
  heard: Incoming[];
  /** Answers that the core was asked to deliver. */
  undelivered: Undelivered[];
  /** What the core says; by default that all is stored and there is nothing to answer. */
  answers(with_: (incoming: Incoming) => Promise<Receipt> | Receipt): void;
  close(): Promise<void>;
};

export type Transport = 'http' | 'socket';

/** A process may stand still for longer than people wait, and gives up no call of its own for that. */
export const patient: Timeouts = {
  interactive: 60_000,
  posting: 60_000,
  lookUps: 60_000,
  formAnswer: 60_000,
  startAndStop: 300,
};

/** What the adapter logs when it takes what people say. */
const takes = { http: '"msg":"Slack knows the bot"', socket: '"msg":"connected to Slack by Socket Mode"' };

/** The adapter over a fake workspace; `start` it yourself, or let `openTestSlack` do it. `waits`: until it takes what people say. */
export async function slackAdapter(
  transport: Transport,
  options: Partial<SlackOptions> = {},
  prepare: (slack: FakeSlack) => void = () => undefined,
  waits = true,
): Promise<{ slack: FakeSlack; adapter: ChatAdapter; close(): Promise<void> }> {
  const slack = await openFakeSlack({ users: people, channels: [helpdesk] });
  prepare(slack);
  let tokens = 0;
  let taken: () => void = () => undefined;
  const taking = new Promise<void>((resolve) => {
    taken = resolve;
  });
  const write = (line: string) => {
    if (line.includes(takes[transport])) taken();
  };
  const inner = createSlackAdapter({
    botToken,
    transport: transport === 'http' ? { kind: 'http', signingSecret } : { kind: 'socket', appToken },
    apiUrl: slack.apiUrl,
    groups: () => [],
    images: async () => undefined,
    clock: { now: () => sceneNow },
    ids: { token: () => `token-${++tokens}`, uuid: () => '00000000-0000-4000-8000-000000000000' },
    timeZone: () => sceneZone,
    log: pino({ level: 'info' }, { write }),
    timeouts: patient,
    ...options,
  });
  let server: Server | undefined;
  const adapter: ChatAdapter = {
    ...inner,
    start: async (input) => {
      await inner.start(input);
      if (transport === 'http') {
        server = await listening(input.app);
        slack.sendTo(`${addressOf(server)}${eventsPath}`);
      }
      // start() itself waits for a while only.
      if (waits) await taking;
    },
  };
  return {
    slack,
    adapter,
    close: async () => {
      await inner.stop();
      server?.closeAllConnections();
      server?.close();
      await slack.close();
    },
  };
}

export async function openTestSlack(
  transport: Transport = 'http',
  options: Partial<SlackOptions> = {},
  prepare?: (slack: FakeSlack) => void,
  waits?: boolean,
): Promise<TestSlack> {
  const { slack, adapter, close } = await slackAdapter(transport, options, prepare, waits);
  const heard: Incoming[] = [];
  const undelivered: Undelivered[] = [];
  let receive: (incoming: Incoming) => Promise<Receipt> | Receipt = () => stored({});
  await adapter.start({
    app: express(),
    onCommand: async (incoming) => {
      heard.push(incoming);
      return await receive(incoming);
    },
    onUndelivered: async (answer) => {
      undelivered.push(answer);
    },
  });
  return {
    slack,
    adapter,
    heard,
    undelivered,
    answers: (with_) => {
      receive = with_;
    },
    close,
  };
}

export function stored(answer: Answer | Promise<Answer>): Receipt {
  return { kind: 'stored', answer: Promise.resolve(answer) };
}

export function said(words: string, ...buttons: { label: string; action: string }[]): Message {
  return {
    tone: 'neutral',
    blocks: [
      { kind: 'text', text: text(words) },
      ...(buttons.length === 0 ? [] : [{ kind: 'buttons' as const, buttons }]),
    ],
  };
}

async function listening(app: Express): Promise<Server> {
  const server = createServer(app);
  // Slack ends idle connections; one that ended here under its next request would be a request lost.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return server;
}

function addressOf(server: Server): string {
  const address: AddressInfo | string | null = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
}

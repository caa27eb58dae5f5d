/**
 * What people say, as the core hears it: messages, mentions, commands, shortcuts and the home page. A listener returns when
 * the command is stored, and with it the acknowledgement goes out; clicks are in clicks.ts, forms in submissions.ts.
 */
import type { App } from '@slack/bolt';
import type { Input } from '../../src/chat/port.ts';
import { addClickListener } from './clicks.ts';
import { inputText } from './input-text.ts';
import { sayPrefix } from './limits.ts';
import {
  createListener,
  eventKey,
  type Listener,
  type ListenerParts,
  NotStoredError,
  notReady,
  presser,
} from './listener.ts';
import { HomeEvent, MessageEvent, MessageShortcut, readPayload, SlashCommand } from './payloads.ts';
import { identityOf, isDirect, placeOf, refOf } from './refs.ts';
import type { Turn } from './replies.ts';
import { addFormListener } from './submissions.ts';

export const shortcutCallback = 'lost_device';

const notStoredYet =
  'That is not stored yet, because my database does not answer. Slack sends it to me again within a few minutes; if I say nothing by then, please say it again.';

export function addListeners(app: App, parts: ListenerParts): void {
  const listener = createListener(parts);
  addEventListeners(app, listener);
  addCommandListener(app, listener);
  addClickListener(app, listener);
  addFormListener(app, listener);
  addShortcutListener(app, listener);
  // Bolt would answer 200 to what a listener could not take.
  app.error(async (error) => {
    throw error;
  });
}

function addEventListeners(app: App, { receive, show, ready, typed, warn, log }: Listener): void {
  async function hear(turn: Turn, eventId: string, input: Input, isFirst: boolean): Promise<void> {
    const receipt = await receive(turn, `slack:event:${eventId}`, input);
    if (receipt.kind === 'stored') show(turn, receipt.answer);
    if (receipt.kind !== 'not-stored') return;
    if (isFirst && input.kind !== 'home') warn(turn, notStoredYet);
    throw new NotStoredError('an event could not be stored');
  }

  async function onMessage(body: unknown, isFirst: boolean): Promise<void> {
    const me = ready();
    const { team_id: home, event_id: eventId, event } = readPayload(MessageEvent, body);
    const direct = event.channel_type === 'im' || isDirect(event.channel);
    // Edits, deletions, joins and what bots say are no commands; a mention in a direct message comes as a message, too.
    if (event.user === undefined || event.bot_id != null || event.user === me.botUser) return;
    if (event.subtype !== undefined && event.subtype !== 'thread_broadcast' && event.subtype !== 'file_share') return;
    if (direct !== (event.type === 'message')) return;
    const text = await typed(event.text, me);
    const turn: Turn = {
      team: event.user_team ?? event.team ?? home,
      user: event.user,
      ...(direct ? { address: event.channel } : { channel: event.channel, place: placeOf(me.team, event.channel) }),
      threadTs: event.thread_ts,
      thread: event.thread_ts === undefined ? undefined : refOf(me.team, event.channel, event.thread_ts),
      again: `${sayPrefix}${text}`,
    };
    await hear(turn, eventId, { kind: 'sentence', text }, isFirst);
  }

  app.event('message', ({ body, context }) => onMessage(body, context.retryNum === undefined));
  app.event('app_mention', ({ body, context }) => onMessage(body, context.retryNum === undefined));
  app.event('app_home_opened', async ({ body, context }) => {
    ready();
    const { event, event_id: eventId, team_id: team } = readPayload(HomeEvent, body);
    if (event.tab !== 'home') return;
    await hear({ team, user: event.user }, eventId, { kind: 'home' }, context.retryNum === undefined);
  });
  for (const type of ['tokens_revoked', 'app_uninstalled'] as const) {
    app.event(type, async () =>
      log.error({ type }, 'the Slack app was uninstalled or its token revoked: install it again'),
    );
  }
}

function addCommandListener(app: App, { self, typed, receive, show }: Listener): void {
  app.command(/^\//, async ({ body, context, ack }) => {
    const me = self();
    if (me === undefined) return await ack({ response_type: 'ephemeral', text: notReady });
    const command = readPayload(SlashCommand, body);
    const { channel_id: channel } = command;
    const text = await typed(command.text, me);
    const turn: Turn = {
      team: command.team_id,
      user: command.user_id,
      name: command.user_name,
      ...(isDirect(channel) ? { direct: channel } : { channel, place: placeOf(me.team, channel) }),
      responseUrl: command.response_url,
      trigger: command.trigger_id,
      again: `${sayPrefix}${text}`,
    };
    const input = { kind: 'sentence', text: text === '' ? 'help' : text } as const;
    const receipt = await receive(turn, eventKey(context, command.trigger_id), input);
    if (receipt.kind === 'not-stored') return await ack({ response_type: 'ephemeral', text: receipt.userMessage });
    await ack();
    if (receipt.kind === 'stored') show(turn, receipt.answer);
  });
}

function addShortcutListener(app: App, { self, take, warn }: Listener): void {
  app.shortcut(/.*/, async ({ body, context, ack }) => {
    const me = self();
    const shortcut = readPayload(MessageShortcut, body);
    const { message, channel } = shortcut;
    const turn: Turn = {
      ...presser(shortcut, me),
      channel: isDirect(channel.id) ? undefined : channel.id,
      responseUrl: shortcut.response_url,
    };
    if (me === undefined || shortcut.callback_id !== shortcutCallback || message.user === undefined) {
      await ack();
      return warn(turn, me === undefined ? notReady : 'That message was written by no person.');
    }
    const author = identityOf(message.team ?? me.team, message.user);
    const text = inputText(message.text, me.botUser, () => undefined);
    await take(turn, eventKey(context, shortcut.trigger_id), { kind: 'shortcut', author, text }, ack);
  });
}

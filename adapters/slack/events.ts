/**
 * What people say, as the core hears it: messages, mentions, commands, shortcuts and the home page. A listener returns when
 * the command is stored, and with it the acknowledgement goes out; clicks are in clicks.ts, forms in submissions.ts.
 */
import type { App } from '@slack/bolt';
import type { Incoming } from '../../src/chat/port.ts';
import { assertNever } from '../../src/ground/errors.ts';
import { addClickListener } from './clicks.ts';
import { bareSender } from './identity.ts';
import { inputText } from './input-text.ts';
import { sayPrefix } from './limits.ts';
import { createListener, eventKey, type Listener, type ListenerParts, NotStoredError, notReady } from './listener.ts';
import { HomeEvent, MessageEvent, MessageShortcut, readPayload, SlashCommand } from './payloads.ts';
import { identityOf, isDirect, placeOf, refOf } from './refs.ts';
import { type Turn, warning } from './replies.ts';
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

function addEventListeners(app: App, listener: Listener): void {
  const { receive, show, ready, typed, replies, track, log } = listener;

  async function hearEvent(incoming: Incoming, turn: Turn, isFirst: boolean): Promise<void> {
    const reception = await receive(incoming);
    switch (reception.kind) {
      case 'stored':
        return show(turn, reception.answer);
      case 'duplicate':
        return;
      case 'not-stored':
        if (isFirst && incoming.input.kind !== 'home') track(replies.tell(turn, warning(notStoredYet)));
        throw new NotStoredError('an event could not be stored');
      default:
        assertNever(reception, 'reception');
    }
  }

  async function onMessage(body: unknown, context: Record<string, unknown>): Promise<void> {
    const me = ready();
    const { team_id: home, event_id: eventId, event } = readPayload(MessageEvent, body);
    const direct = event.channel_type === 'im' || isDirect(event.channel);
    // Edits, deletions, joins and what bots say are no commands; a mention in a direct message comes as a message, too.
    if (event.user === undefined || event.bot_id != null || event.user === me.botUser) return;
    if (event.subtype !== undefined && event.subtype !== 'thread_broadcast' && event.subtype !== 'file_share') return;
    if (direct !== (event.type === 'message')) return;
    const team = event.user_team ?? event.team ?? home;
    const said = await typed(event.text, me);
    const place = direct ? undefined : placeOf(me.team, event.channel);
    const thread = event.thread_ts === undefined ? undefined : refOf(me.team, event.channel, event.thread_ts);
    const turn: Turn = {
      team,
      user: event.user,
      channel: direct ? undefined : event.channel,
      threadTs: event.thread_ts,
      again: `${sayPrefix}${said}`,
      place,
      thread,
    };
    const incoming: Incoming = {
      eventKey: `slack:event:${eventId}`,
      sender: bareSender(team, event.user, undefined),
      ...(place === undefined ? {} : { place }),
      ...(direct ? { address: event.channel } : {}),
      ...(thread === undefined ? {} : { thread }),
      input: { kind: 'sentence', text: said },
    };
    await hearEvent(incoming, turn, context.retryNum === undefined);
  }

  app.event('message', ({ body, context }) => onMessage(body, context));
  app.event('app_mention', ({ body, context }) => onMessage(body, context));
  app.event('app_home_opened', async ({ body, context }) => {
    const me = ready();
    const { event, event_id: eventId, team_id: home } = readPayload(HomeEvent, body);
    if (event.tab !== 'home') return;
    const incoming: Incoming = {
      eventKey: `slack:event:${eventId}`,
      sender: bareSender(home, event.user, undefined),
      input: { kind: 'home' },
    };
    await hearEvent(incoming, { team: me.team, user: event.user }, context.retryNum === undefined);
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
    const said = await typed(command.text, me);
    const direct = isDirect(command.channel_id);
    const place = direct ? undefined : placeOf(me.team, command.channel_id);
    const reception = await receive({
      eventKey: eventKey(context, command.trigger_id),
      sender: bareSender(command.team_id, command.user_id, command.user_name),
      ...(place === undefined ? {} : { place }),
      input: { kind: 'sentence', text: said === '' ? 'help' : said },
    });
    if (reception.kind === 'not-stored') {
      return await ack({ response_type: 'ephemeral', text: reception.userMessage });
    }
    await ack();
    if (reception.kind !== 'stored') return;
    const turn: Turn = {
      team: command.team_id,
      user: command.user_id,
      channel: direct ? undefined : command.channel_id,
      direct: direct ? command.channel_id : undefined,
      responseUrl: command.response_url,
      trigger: command.trigger_id,
      again: `${sayPrefix}${said}`,
      place,
    };
    show(turn, reception.answer);
  });
}

function addShortcutListener(app: App, { self, receive, show, replies, track }: Listener): void {
  app.shortcut(/.*/, async ({ body, context, ack }) => {
    const me = self();
    const shortcut = readPayload(MessageShortcut, body);
    const { user, message } = shortcut;
    const team = user.team_id ?? shortcut.team?.id ?? me?.team ?? '';
    const turn: Turn = {
      team,
      user: user.id,
      channel: isDirect(shortcut.channel.id) ? undefined : shortcut.channel.id,
      responseUrl: shortcut.response_url,
      trigger: shortcut.trigger_id,
    };
    if (me === undefined || shortcut.callback_id !== shortcutCallback || message.user === undefined) {
      await ack();
      const why = me === undefined ? notReady : 'That message was written by no person.';
      track(replies.tell(turn, warning(why)));
      return;
    }
    const reception = await receive({
      eventKey: eventKey(context, shortcut.trigger_id),
      sender: bareSender(team, user.id, user.name ?? user.username),
      input: {
        kind: 'shortcut',
        author: identityOf(message.team ?? me.team, message.user),
        text: inputText(message.text, me.botUser, () => undefined),
      },
    });
    await ack();
    if (reception.kind === 'not-stored') track(replies.tell(turn, warning(reception.userMessage)));
    if (reception.kind === 'stored') show(turn, reception.answer);
  });
}

/** Clicks on buttons and chosen options of menus. */
import type { App } from '@slack/bolt';
import type { Input } from '../../src/chat/port.ts';
import { slackErrorOf } from './failures.ts';
import { reopenPrefix, sayPrefix } from './limits.ts';
import { eventKey, type Listener, notReady, presser } from './listener.ts';
import { BlockActions, readPayload, UnreadableError } from './payloads.ts';
import { isDirect, placeOf, refOf } from './refs.ts';
import { type Turn, warning } from './replies.ts';

export function addClickListener(app: App, listener: Listener): void {
  const { self, take, warn, replies, clients, kept, track, log } = listener;

  app.action(/.*/, async ({ body, context, ack }) => {
    const clicked = readPayload(BlockActions, body);
    const [action] = clicked.actions;
    const value = action?.selected_option?.value ?? action?.value;
    const turn = turnOf(clicked, value);
    if (self() === undefined) {
      await ack();
      return warn(turn, notReady);
    }
    if (value === undefined || value === '') throw new UnreadableError('a click without a value');
    if (value.startsWith(reopenPrefix)) {
      await ack();
      return track(reopen(turn, value));
    }
    const input: Input = value.startsWith(sayPrefix)
      ? { kind: 'sentence', text: value.slice(sayPrefix.length) }
      : { kind: 'click', action: value };
    await take(turn, eventKey(context, clicked.trigger_id), input, ack);
  });

  function turnOf(clicked: BlockActions, again: string | undefined): Turn {
    const me = self();
    const {
      channel_id: channel,
      thread_ts: threadTs,
      message_ts: message,
      is_ephemeral: ephemeral,
    } = clicked.container;
    const turn = { ...presser(clicked, me), threadTs, again };
    if (channel === undefined) return turn;
    const root = threadTs ?? message;
    const thread = me && root !== undefined && ephemeral !== true ? refOf(me.team, channel, root) : undefined;
    if (isDirect(channel)) return { ...turn, thread };
    return { ...turn, thread, channel, responseUrl: clicked.response_url, place: me && placeOf(me.team, channel) };
  }

  async function reopen(turn: Turn, action: string): Promise<void> {
    const view = kept.take(turn.user, action);
    const gone = 'I no longer have what you typed. Please press the button on the card again.';
    if (view === undefined || turn.trigger === undefined) return await replies.reply(turn, warning(gone));
    try {
      await clients.interactive.views.open({ trigger_id: turn.trigger, view });
    } catch (error) {
      log.warn({ err: error, code: slackErrorOf(error) }, 'a form could not be opened again');
      await replies.reply(turn, warning('Slack did not open the form. Please press the button again.'));
    }
  }
}

/** Clicks on buttons and chosen options of menus. */
import type { App } from '@slack/bolt';
import type { Input } from '../../src/chat/port.ts';
import { slackErrorOf } from './failures.ts';
import { bareSender } from './identity.ts';
import { reopenPrefix, sayPrefix } from './limits.ts';
import { eventKey, type Listener, notReady } from './listener.ts';
import { BlockActions, readPayload, UnreadableError } from './payloads.ts';
import { isDirect, placeOf, refOf } from './refs.ts';
import { type Turn, warning } from './replies.ts';

export function addClickListener(app: App, listener: Listener): void {
  const { self, receive, show, replies, clients, kept, track, log } = listener;

  app.action(/.*/, async ({ body, context, ack }) => {
    const clicked = readPayload(BlockActions, body);
    const { container, user } = clicked;
    const [action] = clicked.actions;
    const value = action?.selected_option?.value ?? action?.value;
    const me = self();
    const team = user.team_id ?? clicked.team?.id ?? me?.team ?? '';
    const channel = container.channel_id;
    const inPlace = channel !== undefined && !isDirect(channel);
    const place = inPlace && me !== undefined ? placeOf(me.team, channel) : undefined;
    const root = container.thread_ts ?? container.message_ts;
    const thread =
      me !== undefined && channel !== undefined && root !== undefined && container.is_ephemeral !== true
        ? refOf(me.team, channel, root)
        : undefined;
    const turn: Turn = {
      team,
      user: user.id,
      channel: inPlace ? channel : undefined,
      threadTs: container.thread_ts,
      responseUrl: inPlace ? clicked.response_url : undefined,
      trigger: clicked.trigger_id,
      again: value,
      place,
      thread,
    };
    if (me === undefined) {
      await ack();
      track(replies.tell(turn, warning(notReady)));
      return;
    }
    if (value === undefined || value === '') throw new UnreadableError('a click without a value');
    if (value.startsWith(reopenPrefix)) {
      await ack();
      track(reopen(turn, value));
      return;
    }
    const said: Input = value.startsWith(sayPrefix)
      ? { kind: 'sentence', text: value.slice(sayPrefix.length) }
      : { kind: 'click', action: value };
    const reception = await receive({
      eventKey: eventKey(context, clicked.trigger_id),
      sender: bareSender(team, user.id, user.name ?? user.username),
      ...(place === undefined ? {} : { place }),
      ...(thread === undefined ? {} : { thread }),
      input: said,
    });
    await ack();
    if (reception.kind === 'not-stored') track(replies.tell(turn, warning(reception.userMessage)));
    if (reception.kind === 'stored') show(turn, reception.answer);
  });

  async function reopen(turn: Turn, action: string): Promise<void> {
    const view = kept.take(turn.user, action);
    const gone = 'I no longer have what you typed. Please press the button on the card again.';
    if (view === undefined || turn.trigger === undefined) return await replies.tell(turn, warning(gone));
    try {
      await clients.interactive.views.open({ trigger_id: turn.trigger, view });
    } catch (error) {
      log.warn({ err: error, code: slackErrorOf(error) }, 'a form could not be opened again');
      await replies.tell(turn, warning('Slack did not open the form. Please press the button again.'));
    }
  }
}

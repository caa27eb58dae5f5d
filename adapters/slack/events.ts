/**
 * What people say, click, submit and open, as the core hears it. A listener returns when the command is stored, and with it
 * the acknowledgement goes out; what the core answers is shown when it comes.
 */
import type { App } from '@slack/bolt';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Incoming, Reception, Said } from '../../src/chat/port.ts';
import { assertNever, MislaidError } from '../../src/errors.ts';
import type { Answer } from '../../src/message/model.ts';
import { type Answers, sentence, type Turn } from './answers.ts';
import type { Clients } from './clients.ts';
import { slackErrorOf } from './failures.ts';
import { errorsOf, FormOrigin, formCallback, readValues, renderForm, renderNotice } from './forms.ts';
import { type Accounts, bareSender } from './identity.ts';
import { formAnswerMs, mentionMs } from './limits.ts';
import {
  BlockActions,
  HomeEvent,
  MessageEvent,
  MessageShortcut,
  readPayload,
  SlashCommand,
  UnreadableError,
  ViewSubmission,
} from './payloads.ts';
import { identityOf, isDirect, placeOf, refOf } from './refs.ts';
import { mentioned, typedText } from './said.ts';
import type { Sending } from './send.ts';
import { closedForm, fieldsOf, type Kept, noticeText, refilled, reopenPrefix, within } from './submissions.ts';

/** Nothing is stored: the request is answered with 503, so that Slack sends an event again. */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError';
}

/** Who the bot is, as auth.test said. */
export type Self = { readonly team: string; readonly botId: string; readonly botUser: string };

export type ListenerParts = {
  onCommand: (incoming: Incoming) => Promise<Reception>;
  /** undefined: not known yet, or stopped; nothing is taken then. */
  self: () => Self | undefined;
  accounts: Accounts;
  answers: Answers;
  sending: Sending;
  clients: Clients;
  kept: Kept;
  clock: { now(): Date };
  timeZone: string;
  log: Logger;
  /** Work that goes on after the acknowledgement. */
  track: (work: Promise<unknown>) => void;
};

/** A button whose value begins so says the rest as a sentence. */
export const sayPrefix = 'say:';
export const shortcutCallback = 'lost_device';

const notStored = 'I could not store that, so nothing was done. This was not stored; please say it again.';
const notStoredYet =
  'That is not stored yet, because my database does not answer. Slack sends it to me again within a few minutes; if I say nothing by then, please say it again.';
const notReady =
  'I have just started and Slack has not yet told me who I am. This was not stored; please say it again in a minute.';
const takesLonger =
  'This takes longer than usual. Leave the form open: I will say here how it ended. Sending it twice does no harm.';

export function addListeners(app: App, parts: ListenerParts): void {
  const { onCommand, accounts, answers, sending, clients, kept, log, track } = parts;

  /** Never rejects: whatever fails was not stored. */
  async function receive(incoming: Incoming): Promise<Reception> {
    try {
      return await onCommand(incoming);
    } catch (error) {
      log.error({ err: error }, 'a command could not be received');
      return { kind: 'not-stored', sentence: notStored };
    }
  }

  function show(turn: Turn, answer: Promise<Answer>): void {
    track(
      answer
        .then((given) => answers.show(turn, given))
        .catch((error: unknown) => log.error({ err: error }, 'an answer was not given')),
    );
  }

  async function hearEvent(incoming: Incoming, turn: Turn, isFirst: boolean): Promise<void> {
    const reception = await receive(incoming);
    switch (reception.kind) {
      case 'stored':
        return show(turn, reception.answer);
      case 'duplicate':
        return;
      case 'not-stored':
        if (isFirst && incoming.said.kind !== 'home') track(answers.tell(turn, sentence(notStoredYet)));
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
      said: { kind: 'sentence', text: said },
    };
    await hearEvent(incoming, turn, context.retryNum === undefined);
  }

  /** Mentioned people become their addresses, as far as Slack tells at once. */
  async function typed(text: string, me: Self): Promise<string> {
    const addresses = new Map<string, string>();
    const people = mentioned(text, me.botUser).slice(0, 5);
    const asked = people.map(async (user) => {
      const account = await accounts.identify(identityOf(me.team, user));
      if (account?.email !== undefined) addresses.set(user, account.email);
    });
    if (asked.length > 0) await within(Promise.allSettled(asked), mentionMs).catch(() => undefined);
    return typedText(text, me.botUser, (user) => addresses.get(user));
  }

  function ready(): Self {
    const me = parts.self();
    if (me === undefined) throw new NotStoredError(notReady);
    return me;
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
      said: { kind: 'home' },
    };
    await hearEvent(incoming, { team: me.team, user: event.user }, context.retryNum === undefined);
  });
  for (const type of ['tokens_revoked', 'app_uninstalled'] as const) {
    app.event(type, async () =>
      log.error({ type }, 'the Slack app was uninstalled or its token revoked: install it again'),
    );
  }

  app.command(/^\//, async ({ body, context, ack }) => {
    const me = parts.self();
    if (me === undefined) return await ack({ response_type: 'ephemeral', text: notReady });
    const command = readPayload(SlashCommand, body);
    const said = await typed(command.text, me);
    const direct = isDirect(command.channel_id);
    const place = direct ? undefined : placeOf(me.team, command.channel_id);
    const reception = await receive({
      eventKey: eventKey(context, command.trigger_id),
      sender: bareSender(command.team_id, command.user_id, command.user_name),
      ...(place === undefined ? {} : { place }),
      said: { kind: 'sentence', text: said === '' ? 'help' : said },
    });
    if (reception.kind === 'not-stored') {
      return await ack({ response_type: 'ephemeral', text: reception.sentence });
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

  app.action(/.*/, async ({ body, context, ack }) => {
    const clicked = readPayload(BlockActions, body);
    const { container, user } = clicked;
    const [action] = clicked.actions;
    const value = action?.selected_option?.value ?? action?.value;
    const me = parts.self();
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
      track(answers.tell(turn, sentence(notReady)));
      return;
    }
    if (value === undefined || value === '') throw new UnreadableError('a click without a value');
    if (value.startsWith(reopenPrefix)) {
      await ack();
      track(reopen(turn, value));
      return;
    }
    const said: Said = value.startsWith(sayPrefix)
      ? { kind: 'sentence', text: value.slice(sayPrefix.length) }
      : { kind: 'click', action: value };
    const reception = await receive({
      eventKey: eventKey(context, clicked.trigger_id),
      sender: bareSender(team, user.id, user.name ?? user.username),
      ...(place === undefined ? {} : { place }),
      ...(thread === undefined ? {} : { thread }),
      said,
    });
    await ack();
    if (reception.kind === 'not-stored') track(answers.tell(turn, sentence(reception.sentence)));
    if (reception.kind === 'stored') show(turn, reception.answer);
  });

  async function reopen(turn: Turn, action: string): Promise<void> {
    const view = kept.take(turn.user, action);
    const gone = 'I no longer have what you typed. Please press the button on the card again.';
    if (view === undefined || turn.trigger === undefined) return await answers.tell(turn, sentence(gone));
    try {
      await clients.interactive.views.open({ trigger_id: turn.trigger, view });
    } catch (error) {
      log.warn({ err: error, code: slackErrorOf(error) }, 'a form could not be opened again');
      await answers.tell(turn, sentence('Slack did not open the form. Please press the button again.'));
    }
  }

  app.view(/.*/, async ({ body, context, ack }) => {
    const began = performance.now();
    const submitted = readPayload(ViewSubmission, body);
    const { user, view } = submitted;
    const fields = fieldsOf(view);
    const refuse = (words: string) => {
      const errors = errorsOf({ '': words }, fields);
      return Object.keys(errors).length > 0 ? ack({ response_action: 'errors', errors }) : ack();
    };
    const me = parts.self();
    if (me === undefined) return await refuse(notReady);
    if (view.callback_id !== formCallback) throw new UnreadableError('a view that is none of ours');
    const origin = readPayload(FormOrigin, jsonOf(view.private_metadata));
    const team = user.team_id ?? submitted.team?.id ?? me.team;
    const channel = origin.place?.split('/').at(-1);
    const turn: Turn = {
      team,
      user: user.id,
      channel,
      trigger: submitted.trigger_id,
      again: origin.action,
      place: origin.place,
      thread: origin.thread,
    };
    const reception = await receive({
      eventKey: eventKey(context, submitted.trigger_id),
      sender: bareSender(team, user.id, user.name ?? user.username),
      ...(origin.place === undefined ? {} : { place: origin.place }),
      ...(origin.thread === undefined ? {} : { thread: origin.thread }),
      said: { kind: 'form', action: origin.action, values: valuesOf(view.state.values) },
    });
    if (reception.kind === 'not-stored') {
      await refuse(reception.sentence);
      if (fields.length === 0) track(answers.tell(turn, sentence(reception.sentence)));
      return;
    }
    if (reception.kind === 'duplicate') return await ack();
    const answer = await within(reception.answer, formAnswerMs - (performance.now() - began)).catch(
      (error: unknown) => {
        if (error instanceof MislaidError && error.code === 'deadline') return undefined;
        throw error;
      },
    );
    if (answer === undefined) {
      await refuse(takesLonger);
      track(late(turn, view, reception.answer));
      return;
    }
    const errors = errorsOf(answer.fieldErrors ?? {}, fields);
    if (Object.keys(errors).length > 0) return await ack({ response_action: 'errors', errors });
    if (answer.form !== undefined) {
      const next = renderForm(answer.form, { now: parts.clock.now(), timeZone: parts.timeZone }, turn);
      await ack({ response_action: 'update', view: next });
    } else {
      await ack();
    }
    const { form: _shown, ...rest } = answer;
    track(answers.show(turn, rest));
  });

  /** The form is still open, or Slack has closed it meanwhile. */
  async function late(turn: Turn, view: ViewSubmission['view'], coming: Promise<Answer>): Promise<void> {
    const answer = await coming;
    const errors = answer.fieldErrors ?? {};
    const refused = Object.keys(errors).length > 0;
    const next = refused
      ? refilled(view, errors)
      : answer.form === undefined
        ? renderNotice(
            view.title.text,
            noticeText(answer.private, (message) => sending.render(message)),
          )
        : renderForm(answer.form, { now: parts.clock.now(), timeZone: parts.timeZone }, turn);
    const shown = await clients.interactive.views.update({ view_id: view.id, view: next }).then(
      () => true,
      (error: unknown) => {
        log.info({ err: error, code: slackErrorOf(error) }, 'a form was closed before its answer came');
        return false;
      },
    );
    if (refused && !shown) {
      await answers.tell(turn, closedForm(view, errors, kept.keep(turn.user, refilled(view, errors))));
    }
    if (answer.private !== undefined) await answers.tell(turn, answer.private);
  }

  app.shortcut(/.*/, async ({ body, context, ack }) => {
    const me = parts.self();
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
      track(answers.tell(turn, sentence(why)));
      return;
    }
    const reception = await receive({
      eventKey: eventKey(context, shortcut.trigger_id),
      sender: bareSender(team, user.id, user.name ?? user.username),
      said: {
        kind: 'shortcut',
        author: identityOf(message.team ?? me.team, message.user),
        text: typedText(message.text, me.botUser, () => undefined),
      },
    });
    await ack();
    if (reception.kind === 'not-stored') track(answers.tell(turn, sentence(reception.sentence)));
    if (reception.kind === 'stored') show(turn, reception.answer);
  });

  // Bolt would answer 200 to what a listener could not take.
  app.error(async (error) => {
    throw error;
  });
}

/** The same request once more is the same command: by its signature over HTTP, by its trigger over a socket. */
function eventKey(context: Record<string, unknown>, trigger: string | undefined): string {
  const { requestKey } = context;
  if (typeof requestKey === 'string') return `slack:request:${requestKey}`;
  if (trigger === undefined) throw new UnreadableError('a request without a key');
  return `slack:trigger:${trigger}`;
}

function valuesOf(state: unknown): Record<string, string | boolean | string[]> {
  try {
    return readValues(state);
  } catch (error) {
    if (error instanceof z.ZodError) throw new UnreadableError('the values of a form could not be read');
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableError('the metadata of a form is no JSON');
  }
}

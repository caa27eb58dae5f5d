/**
 * Answers in the same turn: to the one who asked alone. In a channel they are ephemeral, elsewhere they go into his direct
 * conversation with the bot; a form opens while its trigger lives, and when Slack was too slow a button opens it again.
 *
 * turn    one thing somebody said, and where its answer can be shown
 * again   value of a button that says the same once more, for a form that could not be opened
 */
import type { Logger } from 'pino';
import type { MessageRef, Place } from '../../src/ground/addresses.ts';
import type { Clock } from '../../src/ground/clock.ts';
import type { Answer, Form, Message } from '../../src/message/model.ts';
import { text } from '../../src/message/text.ts';
import type { Clients } from './clients.ts';
import { slackErrorOf } from './failures.ts';
import { renderForm } from './forms.ts';
import { limits } from './limits.ts';
import type { Uploads } from './pictures.ts';
import type { Rendered } from './render.ts';
import type { ResponseUrls } from './response-url.ts';
import { type Sending, shrinkingSizes } from './send.ts';

export type Turn = {
  readonly team: string;
  readonly user: string;
  /** The channel in which it was said, where others read along; absent in private. */
  readonly channel?: string | undefined;
  /** The conversation of two in which it was said, when that is not known to be ours. */
  readonly direct?: string | undefined;
  readonly threadTs?: string | undefined;
  readonly responseUrl?: string | undefined;
  readonly trigger?: string | undefined;
  readonly again?: string | undefined;
  /** As the core knows them; a form carries them until it is submitted. */
  readonly place?: Place | undefined;
  readonly thread?: MessageRef | undefined;
};

export type Replies = {
  /** Never rejects: what cannot be shown is logged. */
  show(turn: Turn, answer: Answer): Promise<void>;
  tell(turn: Turn, message: Message): Promise<void>;
};

export function warning(words: string): Message {
  return { tone: 'warning', blocks: [{ kind: 'text', text: text(words) }] };
}

const expired = new Set([
  'expired_trigger_id',
  'invalid_trigger_id',
  'exchanged_trigger_id',
  'trigger_expired',
  'trigger_exchanged',
]);

export function createReplies(input: {
  clients: Clients;
  sending: Sending;
  uploads: Uploads;
  responseUrls: ResponseUrls;
  clock: Clock;
  timeZone: () => string;
  log: Logger;
}): Replies {
  const { clients, responseUrls, sending, uploads, clock, timeZone, log } = input;

  async function open(turn: Turn, form: Form): Promise<void> {
    if (turn.trigger === undefined) {
      await tell(turn, formButton(turn, 'This needs a form.', 'Open the form'));
      return;
    }
    const view = renderForm(form, { now: clock.now(), timeZone: timeZone() }, turn);
    try {
      await clients.interactive.views.open({ trigger_id: turn.trigger, view });
    } catch (error) {
      const code = slackErrorOf(error);
      log.warn({ err: error, code }, 'a form could not be opened');
      const why =
        code !== undefined && expired.has(code) ? 'It took too long to open the form' : 'Slack did not open the form';
      await tell(turn, formButton(turn, `${why}; nothing was done yet.`, 'Open it again'));
    }
  }

  async function tell(turn: Turn, message: Message): Promise<void> {
    const { files } = await uploads.filesFor(message.blocks).catch((error: unknown) => {
      log.warn({ err: error }, 'a picture could not be uploaded');
      return { files: new Map<string, string>() };
    });
    for (const { pictures, ...less } of shrinkingSizes) {
      const rendered = sending.render(message, { ...less, ...(pictures ? { files } : {}) });
      if (await deliver(turn, rendered)) return;
    }
    log.error({ user: turn.user }, 'an answer could not be shown');
  }

  async function deliver(turn: Turn, rendered: Rendered): Promise<boolean> {
    if (turn.channel === undefined) return (await direct(turn, rendered)) || (await respond(turn, rendered));
    return (await respond(turn, rendered)) || (await ephemeral(turn, rendered)) || (await direct(turn, rendered));
  }

  async function tried(way: string, work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await work();
    } catch (error) {
      log.warn({ err: error, way, code: slackErrorOf(error) }, 'an answer could not be shown this way');
      return false;
    }
  }

  /** At most 5 times within 30 minutes of what was said. */
  function respond({ responseUrl }: Turn, rendered: Rendered): Promise<boolean> {
    if (responseUrl === undefined) return Promise.resolve(false);
    return tried('response_url', () =>
      responseUrls.respond(responseUrl, {
        response_type: 'ephemeral',
        replace_original: false,
        mrkdwn: false,
        ...rendered,
      }),
    );
  }

  function ephemeral({ channel, user, threadTs }: Turn, rendered: Rendered): Promise<boolean> {
    if (channel === undefined) return Promise.resolve(false);
    return tried('postEphemeral', async () => {
      await clients.interactive.chat.postEphemeral({
        channel,
        user,
        ...rendered,
        link_names: false,
        parse: 'none',
        ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
      });
      return true;
    });
  }

  function direct(turn: Turn, rendered: Rendered): Promise<boolean> {
    return tried('direct message', async () => {
      const conversation = await sending.conversationWith(turn.team, turn.user);
      await clients.interactive.chat.postMessage({
        channel: conversation,
        ...rendered,
        unfurl_links: false,
        unfurl_media: false,
        link_names: false,
        parse: 'none',
        mrkdwn: false,
      });
      const elsewhere = turn.direct !== undefined && turn.direct !== conversation;
      if (elsewhere) await respond(turn, sending.render(warning('I have answered in our direct conversation.')));
      return true;
    });
  }

  return {
    tell,
    show: async (turn, answer) => {
      try {
        if (answer.form !== undefined) await open(turn, answer.form);
        if (answer.private !== undefined) await tell(turn, answer.private);
        const errors = Object.values(answer.fieldErrors ?? {});
        if (errors.length > 0) await tell(turn, warning(errors.join(' ')));
      } catch (error) {
        log.error({ err: error }, 'an answer could not be shown');
      }
    },
  };
}

function formButton({ again }: Turn, words: string, label: string): Message {
  if (again === undefined || again.length > limits.buttonValue)
    return warning(`${words} Please say it again with /mislaid.`);
  return {
    tone: 'neutral',
    blocks: [
      { kind: 'text', text: text(words) },
      { kind: 'buttons', buttons: [{ label, action: again, style: 'primary' }] },
    ],
  };
}

/**
 * Answers in the same turn: to the one who asked alone. In a channel they are ephemeral, elsewhere they go into their direct
 * conversation with the bot; a form opens while its trigger lives, and when Slack was too slow a button opens it again.
 *
 * turn    one thing somebody said, and where its answer can be shown
 * again   value of a button that says the same once more, for a form that could not be opened
 */
import type { Logger } from 'pino';
import type { MessageRef, Place } from '../../src/ground/addresses.ts';
import type { Answer, Form, Message } from '../../src/message/model.ts';
import { paragraph } from '../../src/message/text.ts';
import type { Clients } from './clients.ts';
import { slackErrorOf } from './failures.ts';
import { renderForm } from './forms.ts';
import { limits } from './limits.ts';
import type { Uploads } from './pictures.ts';
import type { Rendered } from './render.ts';
import type { ResponseUrls } from './response-url.ts';
import { literally, type Sending, shrinkingSizes } from './send.ts';

export type Turn = {
  readonly team: string;
  readonly user: string;
  /** As the event names them. */
  readonly name?: string | undefined;
  /** The channel in which it was said, where others read along; absent in private. */
  readonly channel?: string | undefined;
  /** The conversation of two in which it was said, when that is not known to be ours. */
  readonly direct?: string | undefined;
  /** The conversation of two with the bot, to which private messages go from now on. */
  readonly address?: string | undefined;
  readonly threadTs?: string | undefined;
  readonly responseUrl?: string | undefined;
  readonly trigger?: string | undefined;
  readonly again?: string | undefined;
  /** As the core knows them; a form carries them until it is submitted. */
  readonly place?: Place | undefined;
  readonly thread?: MessageRef | undefined;
};

export function warning(words: string): Message {
  return { tone: 'warning', blocks: [paragraph(words)] };
}

const expired = new Set([
  'expired_trigger_id',
  'invalid_trigger_id',
  'exchanged_trigger_id',
  'trigger_expired',
  'trigger_exchanged',
]);

/** Ways to answer where others read along, in the order in which they are tried. */
const ways = ['respond', 'ephemeral', 'direct'] as const;

export class Replies {
  readonly #parts: ReplyParts;

  constructor(parts: ReplyParts) {
    this.#parts = parts;
  }

  /** Never rejects: what cannot be shown is logged. */
  async show(turn: Turn, answer: Answer): Promise<void> {
    try {
      if (answer.form !== undefined) await this.#open(turn, answer.form);
      if (answer.private !== undefined) await this.reply(turn, answer.private);
      const errors = Object.values(answer.fieldErrors ?? {});
      if (errors.length > 0) await this.reply(turn, warning(errors.join(' ')));
    } catch (error) {
      this.#parts.log.error({ err: error }, 'an answer could not be shown');
    }
  }

  async reply(turn: Turn, message: Message): Promise<void> {
    const { uploads, sending, log } = this.#parts;
    const { files } = await uploads.filesFor(message.blocks).catch((error: unknown) => {
      log.warn({ err: error }, 'a picture could not be uploaded');
      return { files: new Map<string, string>() };
    });
    for (const { pictures, ...less } of shrinkingSizes) {
      const rendered = sending.render(message, { ...less, ...(pictures ? { files } : {}) });
      for (const way of turn.channel === undefined ? (['direct', 'respond'] as const) : ways) {
        if (await this.#tried(way, turn, rendered)) return;
      }
    }
    log.error({ user: turn.user }, 'an answer could not be shown');
  }

  async #open(turn: Turn, form: Form): Promise<void> {
    const { clients, sending, log } = this.#parts;
    if (turn.trigger === undefined)
      return await this.reply(turn, formButton(turn, 'This needs a form.', 'Open the form'));
    const view = renderForm(form, sending.times(), turn);
    try {
      await clients.interactive.views.open({ trigger_id: turn.trigger, view });
    } catch (error) {
      const code = slackErrorOf(error);
      log.warn({ err: error, code }, 'a form could not be opened');
      const why =
        code !== undefined && expired.has(code) ? 'It took too long to open the form' : 'Slack did not open the form';
      await this.reply(turn, formButton(turn, `${why}; nothing was done yet.`, 'Open it again'));
    }
  }

  async #tried(way: (typeof ways)[number], turn: Turn, rendered: Rendered): Promise<boolean> {
    try {
      return await this[way](turn, rendered);
    } catch (error) {
      this.#parts.log.warn({ err: error, way, code: slackErrorOf(error) }, 'an answer could not be shown this way');
      return false;
    }
  }

  /** By the response_url: at most 5 times within 30 minutes of what was said. */
  async respond({ responseUrl }: Turn, rendered: Rendered): Promise<boolean> {
    if (responseUrl === undefined) return false;
    const body = { response_type: 'ephemeral', replace_original: false, mrkdwn: false, ...rendered };
    return await this.#parts.responseUrls.respond(responseUrl, body);
  }

  async ephemeral({ channel, user, threadTs }: Turn, rendered: Rendered): Promise<boolean> {
    if (channel === undefined) return false;
    const thread = threadTs === undefined ? {} : { thread_ts: threadTs };
    const message = { ...rendered, link_names: false, parse: 'none', ...thread } as const;
    await this.#parts.clients.interactive.chat.postEphemeral({ channel, user, ...message });
    return true;
  }

  async direct(turn: Turn, rendered: Rendered): Promise<boolean> {
    const { clients, sending } = this.#parts;
    const channel = await sending.conversationWith(turn.team, turn.user);
    await clients.interactive.chat.postMessage({ channel, ...rendered, ...literally });
    const elsewhere = turn.direct !== undefined && turn.direct !== channel;
    if (elsewhere)
      await this.#tried('respond', turn, sending.render(warning('I have answered in our direct conversation.')));
    return true;
  }
}

type ReplyParts = {
  clients: Clients;
  sending: Sending;
  uploads: Uploads;
  responseUrls: ResponseUrls;
  log: Logger;
};

function formButton({ again }: Turn, words: string, label: string): Message {
  if (again === undefined || again.length > limits.buttonValue)
    return warning(`${words} Please say it again with /mislaid.`);
  return {
    tone: 'neutral',
    blocks: [paragraph(words), { kind: 'buttons', buttons: [{ label, action: again, style: 'primary' }] }],
  };
}

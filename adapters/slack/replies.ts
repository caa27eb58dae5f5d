/**
 * Answers in the same turn: to the one who asked alone. In a channel they are ephemeral, elsewhere they go into their direct
 * conversation with the bot; a form opens while its trigger lives, and when Slack was too slow a button opens it again.
 *
 * turn    one thing somebody said, and where its answer can be shown
 * again   value of a button that says the same once more, for a form that could not be opened
 */
import type { Logger } from 'pino';
import type { Undelivered } from '../../src/chat/port.ts';
import { answerKey } from '../../src/chat/undelivered.ts';
import type { MessageRef, Place } from '../../src/ground/addresses.ts';
import type { Ids } from '../../src/ground/clock.ts';
import type { Answer, Form, Message } from '../../src/message/model.ts';
import { paragraph } from '../../src/message/text.ts';
import type { Clients } from './clients.ts';
import { deliveryError, isTooMuch, slackErrorOf } from './failures.ts';
import { renderForm } from './forms.ts';
import { limits } from './limits.ts';
import type { Uploads } from './pictures.ts';
import { identityOf } from './refs.ts';
import type { Rendered } from './render.ts';
import type { ResponseUrls } from './response-url.ts';
import { literally, metadataOf, type Sending, shrinkingSizes } from './send.ts';

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
type Way = (typeof ways)[number];

/** `in-doubt`: the answer may have been shown, so no other way is tried. */
type Tried = 'shown' | 'not-shown' | 'too-much' | 'in-doubt';

const perhapsUnseen: Message = warning(
  'Slack did not tell me whether my last answer reached you. If you do not see it where you wrote, say it again.',
);

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
    const name = this.#parts.ids.token();
    for (const { pictures, ...less } of shrinkingSizes) {
      let refused = false;
      const rendered = sending.render(message, { ...less, ...(pictures ? { files } : {}) });
      for (const way of turn.channel === undefined ? (['direct', 'respond'] as const) : ways) {
        const tried = await this.#tried(way, turn, rendered, name);
        if (tried === 'shown') return;
        refused ||= tried === 'too-much';
        // What only its reader can see is never found again: shown twice, or said that it may be missing.
        if (tried === 'in-doubt')
          return await (way === 'direct'
            ? this.#handOver(turn, { message, name, inDoubt: true })
            : this.#handOver(turn, { message: perhapsUnseen, name, inDoubt: false }));
      }
      if (!refused) break;
    }
    await this.#handOver(turn, { message, name, inDoubt: false });
  }

  /** The core delivers it from here on, until it arrives in their direct conversation. */
  async #handOver({ team, user }: Turn, answer: Omit<Undelivered, 'identity'>): Promise<void> {
    const { onUndelivered, log } = this.#parts;
    log.warn({ user, inDoubt: answer.inDoubt }, 'an answer could not be shown in its turn and is delivered later');
    await onUndelivered()?.({ identity: identityOf(team, user), ...answer });
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

  async #tried(way: Way, turn: Turn, rendered: Rendered, name: string): Promise<Tried> {
    try {
      // A response_url does not say why it refuses.
      return (await this[way](turn, rendered, name))
        ? 'shown'
        : way === 'respond' && turn.responseUrl !== undefined
          ? 'too-much'
          : 'not-shown';
    } catch (error) {
      const inDoubt = way === 'respond' || deliveryError(error, 'an answer').problem.kind === 'unknown';
      const code = slackErrorOf(error);
      this.#parts.log.warn({ err: error, way, code, inDoubt }, 'an answer could not be shown this way');
      return inDoubt ? 'in-doubt' : isTooMuch(error) ? 'too-much' : 'not-shown';
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

  async direct(turn: Turn, rendered: Rendered, name: string): Promise<boolean> {
    const { clients, sending } = this.#parts;
    const channel = await sending.conversationWith(turn.team, turn.user);
    const metadata = metadataOf(answerKey(name, identityOf(turn.team, turn.user)));
    await clients.interactive.chat.postMessage({ channel, ...rendered, ...literally, metadata });
    const elsewhere = turn.direct !== undefined && turn.direct !== channel;
    if (elsewhere)
      await this.#tried('respond', turn, sending.render(warning('I have answered in our direct conversation.')), name);
    return true;
  }
}

type ReplyParts = {
  clients: Clients;
  sending: Sending;
  uploads: Uploads;
  responseUrls: ResponseUrls;
  ids: Ids;
  /** undefined before the start. */
  onUndelivered: () => ((answer: Undelivered) => Promise<void>) | undefined;
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

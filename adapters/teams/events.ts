/**
 * One activity of Teams, from the person to the core and back: stored first, then answered. What was typed is acknowledged at once
 * and answered privately; what was pressed gets its card or dialog in the response.
 */
import { createHash } from 'node:crypto';
import type { Incoming, Input, Receipt, Sender } from '../../src/chat/port.ts';
import { minute, second } from '../../src/ground/durations.ts';
import { assertNever } from '../../src/ground/errors.ts';
import { TimeLimitError, withTimeLimit } from '../../src/ground/time-limit.ts';
import { readInput, type Shape, type TeamsActivity, type TeamsInput } from './activity.ts';
import { isNotInstalled } from './connector.ts';
import { readFormValues, unpack } from './forms.ts';
import { addressText, type People, placeIn } from './identity.ts';
import { responseMs } from './limits.ts';
import { identityOf, mintRef, readAddress, rootOf, threadOf } from './refs.ts';
import { type ClickOrigin, Replies, type ReplyParts, type Turn } from './replies.ts';
import { accepted, installResponse, type Response, textResponse } from './responses.ts';
import { personalWelcome, placeWelcome } from './welcome.ts';

type TurnParts = ReplyParts & { people: People; onCommand: (incoming: Incoming) => Promise<Receipt> };

const notStored = 'This was not stored, so nothing was done and nothing will be. Please say it again.';
const notKnown = 'Teams did not tell me who you are, so this was not stored and nothing was done. Please say it again.';
const notAdded =
  'Teams did not tell me who you are, because I am not added here. This was not stored and nothing was done. Add me in Teams under Apps, then say it again.';
const oldButton = 'This button is not known any more, so nothing was done. Say "help" to see what I can do.';
const noAuthor = 'No person of this organisation wrote that message. Say "lost device <person>" to me instead.';
const inFlight = 'I have that and am still at work on it; the answer comes in our private chat.';

/** A response that took longer may not have reached the client, which then sends the same click with another id. */
const slowMs = 3 * second;
const resentMs = minute;

type Presses = Extract<TeamsInput, { kind: 'pressed' }>;

export class Turns {
  readonly #parts: TurnParts;
  readonly #replies: Replies;
  /** Responses to clicks that may come again, by what was pressed. */
  readonly #responses = new Map<string, Promise<Response>>();

  constructor(parts: TurnParts) {
    this.#parts = parts;
    this.#replies = new Replies(parts);
  }

  /** Never rejects. */
  async take(activity: TeamsActivity): Promise<Response> {
    const { log } = this.#parts;
    const input = readInput(activity);
    try {
      return await this.#act(activity, input);
    } catch (error) {
      log.error({ err: error, kind: input.kind }, 'an activity of Teams could not be handled');
      return await this.#replies.refusal(activity, input.shape, notStored);
    }
  }

  async #act(activity: TeamsActivity, input: TeamsInput): Promise<Response> {
    if (input.kind === 'nothing') {
      if (activity.type !== 'invoke') return accepted;
      return input.shape === 'message' ? { status: 501 } : textResponse(input.shape, oldButton);
    }
    if (input.kind === 'uninstalled') {
      const { conversationType } = activity.conversation;
      this.#parts.log.info({ conversation: conversationType }, 'the app was removed from a conversation');
      return accepted;
    }
    const told = await this.#senderOf(activity);
    const sender = 'sender' in told ? told.sender : undefined;
    if (sender?.outsider === undefined && sender !== undefined)
      this.#parts.sending.heardFrom(rootOf(activity.conversation.id), activity.serviceUrl);
    if (input.kind === 'refresh') return await this.#refresh(activity, sender, input.key);
    if ('notInstalled' in told) {
      // Teams offers to add the app, and sends the same message again once that is done.
      if (input.kind === 'extension' && told.notInstalled) return installResponse;
      return await this.#replies.refusal(activity, input.shape, told.notInstalled ? notAdded : notKnown);
    }
    const turn = { activity, sender: told.sender };
    switch (input.kind) {
      case 'sentence':
        return await this.#hand(turn, { kind: 'sentence', text: input.text }, 'message');
      case 'extension':
        if (input.author === undefined) return textResponse('dialog', noAuthor);
        return await this.#hand(
          turn,
          { kind: 'shortcut', author: identityOf(this.#parts.tenant, input.author), text: input.text },
          'dialog',
        );
      case 'installed':
        return await this.#welcome(turn);
      case 'pressed':
        return input.shape === 'message' ? await this.#press(turn, input) : await this.#once(turn, input);
      default:
        return assertNever(input, 'activity');
    }
  }

  /** A click that Teams sends again, even under another id, gets the answer of the first. */
  async #once(turn: Turn, input: Presses): Promise<Response> {
    const { conversation, replyToId, name } = turn.activity;
    const { pressed, values } = input;
    const same = [turn.sender.identity, conversation.id, replyToId, name, pressed.kind, pressed.action, values];
    const key = createHash('sha256').update(JSON.stringify(same)).digest('base64url');
    const before = this.#responses.get(key);
    if (before !== undefined) {
      this.#parts.log.info('a click was sent again while its answer was on the way');
      return await before;
    }
    const began = performance.now();
    const response = this.#press(turn, input);
    this.#responses.set(key, response);
    const forget = () => this.#responses.delete(key);
    const settle = () => {
      if (performance.now() - began < slowMs) forget();
      else setTimeout(forget, resentMs).unref();
    };
    response.then(settle, forget);
    return await response;
  }

  /** Nobody did anything: where it fails, the card stays as it is, and nobody is told that nothing was done. */
  async #refresh(activity: TeamsActivity, sender: Sender | undefined, key: string | undefined): Promise<Response> {
    try {
      if (sender !== undefined) return await this.#replies.refresh({ activity, sender }, key, '');
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'a card could not be rendered again for somebody who looks at it');
    }
    return textResponse('card', '');
  }

  async #senderOf(activity: TeamsActivity): Promise<{ sender: Sender } | { notInstalled: boolean }> {
    try {
      return { sender: await this.#parts.people.senderOf(activity) };
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'Teams did not say who spoke');
      return { notInstalled: isNotInstalled(error) };
    }
  }

  async #press(turn: Turn, { pressed, values: sent, shape }: Presses): Promise<Response> {
    const { action, key } = pressed;
    if (pressed.kind === 'click') return await this.#hand(turn, { kind: 'click', action }, shape, { key });
    const form = unpack(pressed.form);
    if (form === undefined) return await this.#replies.refusal(turn.activity, shape, oldButton);
    const values = readFormValues(form, sent);
    const { card } = pressed;
    return await this.#hand(turn, { kind: 'form', action, values }, shape, {
      key,
      showing: { form, values, key, card },
    });
  }

  /** The one way to the core. Where the response cannot show the answer, or not in time, it comes privately. */
  async #hand(turn: Turn, input: Input, shape: Shape, from: ClickOrigin = {}): Promise<Response> {
    const receipt = await this.#parts.onCommand(this.#incomingOf(turn, input, from.showing?.card));
    switch (receipt.kind) {
      case 'duplicate':
        return textResponse(shape, 'I have that already; it does not happen twice.');
      case 'not-stored':
        return await this.#replies.refusal(turn.activity, shape, receipt.userMessage);
      case 'stored': {
        const answer = shape === 'message' ? undefined : await inTime(receipt.answer);
        if (shape !== 'message' && answer !== undefined) {
          return await this.#replies.responseTo(turn, answer, shape, from);
        }
        this.#replies.show(turn, receipt.answer);
        return textResponse(shape, inFlight);
      }
      default:
        return assertNever(receipt, 'receipt');
    }
  }

  #incomingOf({ activity, sender }: Turn, input: Input, card: string | undefined): Incoming {
    const { conversation } = activity;
    const under = threadOf(conversation.id) ?? activity.replyToId ?? card;
    return {
      // Ids of messages are times, unique in their conversation alone.
      eventKey: `teams:${conversation.id}:${activity.id}`,
      sender,
      place: placeIn(activity, this.#parts.tenant),
      address: addressText(activity),
      thread: under === undefined ? undefined : mintRef({ conversation: conversation.id, activity: under }),
      input,
    };
  }

  async #welcome(turn: Turn): Promise<Response> {
    const { sending, tenant } = this.#parts;
    const { activity, sender } = turn;
    const place = placeIn(activity, tenant);
    if (place !== undefined) await sending.post(place, placeWelcome(place), `hello:${activity.id}`);
    if (place !== undefined || sender.outsider !== undefined) return accepted;
    await sending.privately(sender.identity, personalWelcome, undefined, readAddress(addressText(activity)));
    // What they may say is the core's to tell, so the question is asked for them.
    return await this.#hand(turn, { kind: 'sentence', text: 'help' }, 'message');
  }
}

async function inTime<T>(work: Promise<T>): Promise<T | undefined> {
  return await withTimeLimit(work, responseMs).catch((error: unknown) => {
    if (error instanceof TimeLimitError) return undefined;
    throw error;
  });
}

/** How the core's answers reach the one who asked, each way that Teams offers: beside a button, in a dialog, in the private chat. */
import type { Logger } from 'pino';
import { type CardView, DeliveryError, type Sender, type Undelivered } from '../../src/chat/port.ts';
import type { Answer, Message } from '../../src/message/model.ts';
import { renderPlainText } from '../../src/message/plain.ts';
import { paragraph } from '../../src/message/text.ts';
import type { Shape, TeamsActivity } from './activity.ts';
import { type FormShowing, renderForm } from './forms.ts';
import { addressText, isPersonal } from './identity.ts';
import { noticeLength } from './limits.ts';
import { identityOf, mintRef, readAddress } from './refs.ts';
import { accepted, dialogResponse, ownCardResponse, type Response, textResponse } from './responses.ts';
import type { Sending } from './send.ts';

/** One activity and who sent it. */
export type Turn = { activity: TeamsActivity; sender: Sender };

/** What was pressed: the post's key, and the form that was submitted. */
export type ClickOrigin = { key?: string | undefined; showing?: FormShowing };

export type ReplyParts = {
  sending: Sending;
  tenant: string;
  view?: CardView | undefined;
  onUndelivered?: ((answer: Undelivered) => Promise<void>) | undefined;
  log: Logger;
};

const received = 'I have that.';
const answeredThere = 'I answered you in our private chat.';

export class Replies {
  readonly #parts: ReplyParts;

  constructor(parts: ReplyParts) {
    this.#parts = parts;
  }

  /** After the response: nobody waits for it, and a failure is told where it can be. */
  show(turn: Turn, answer: Promise<Answer>): void {
    answer
      .then((given) => this.#privately(turn, given))
      .catch((error: unknown) => this.#parts.log.error({ err: error }, 'an answer could not be shown in Teams'));
  }

  async responseTo(turn: Turn, answer: Answer, shape: 'card' | 'dialog', from: ClickOrigin): Promise<Response> {
    const { form, fieldErrors, private: message } = answer;
    const { key, showing } = from;
    if (fieldErrors !== undefined && showing !== undefined)
      return this.#formResponse({ ...showing, errors: fieldErrors }, shape);
    if (form !== undefined) return this.#formResponse({ form, key, card: turn.activity.replyToId }, shape);
    if (message !== undefined) return await this.#messageResponse(turn, message, shape);
    if (shape === 'card') return await this.refresh(turn, key, received);
    return showing === undefined ? textResponse(shape, received) : accepted;
  }

  /** The card as this person should see it now; where it is none of ours, the sentence. */
  async refresh(turn: Turn, key: string | undefined, otherwise: string): Promise<Response> {
    const now = await this.#viewFor(turn, key);
    if (now === undefined) return textResponse('card', otherwise);
    return ownCardResponse(await this.#parts.sending.render(now));
  }

  /** In a dialog or beside the button; for what was typed in the private chat, and 500 when that fails. */
  async refusal(activity: TeamsActivity, shape: Shape, sentence: string): Promise<Response> {
    if (shape !== 'message') return textResponse(shape, sentence);
    const { sending, tenant, log } = this.#parts;
    const { aadObjectId } = activity.from;
    if (aadObjectId === undefined) return accepted;
    const message: Message = { tone: 'warning', blocks: [paragraph(sentence)] };
    try {
      await sending.privately(identityOf(tenant, aadObjectId), message, undefined, readAddress(addressText(activity)));
      return accepted;
    } catch (error) {
      log.warn({ err: error }, 'somebody could not be told that nothing was stored');
      if (isPersonal(activity)) return { status: 500 };
    }
    try {
      await sending.aloud(activity.serviceUrl, activity.conversation.id, sentence);
      return accepted;
    } catch {
      return { status: 500 };
    }
  }

  async #privately(turn: Turn, { private: message, form }: Answer): Promise<void> {
    const { sending, log } = this.#parts;
    const { activity, sender } = turn;
    const address = readAddress(addressText(activity));
    try {
      if (message !== undefined) await sending.privately(sender.identity, message, undefined, address);
      if (form === undefined) return;
      await sending.cardPrivately(sender.identity, renderForm({ form }, sending.times()), form.title, address);
    } catch (error) {
      if (await this.#handedOver(turn, { message, form }, error)) return;
      if (isPersonal(activity)) throw error;
      log.warn({ err: error }, 'somebody could not be written to privately');
      await sending.aloud(
        activity.serviceUrl,
        activity.conversation.id,
        'I have an answer for you alone but cannot write to you: add me in Teams under Apps, then say it again.',
      );
    }
  }

  /** Whether the core delivers it from here on: whatever passes by itself (too many, a gateway, a lost answer) loses no answer. */
  async #handedOver(
    { activity, sender }: Turn,
    { message, form }: { message: Message | undefined; form: Answer['form'] },
    error: unknown,
  ): Promise<boolean> {
    const { onUndelivered, log } = this.#parts;
    const isOver = error instanceof DeliveryError && error.problem.kind === 'dead';
    if (onUndelivered === undefined || isOver) return false;
    log.info({ err: error }, 'an answer was not taken by Teams and is delivered later');
    await onUndelivered({
      identity: sender.identity,
      message: form === undefined && message !== undefined ? message : formLost(form?.title ?? 'the form'),
      name: `teams:${activity.conversation.id}:${activity.id}`,
      inDoubt: !(error instanceof DeliveryError) || error.problem.kind === 'unknown',
    });
    return true;
  }

  #formResponse(showing: FormShowing, shape: 'card' | 'dialog'): Response {
    const card = renderForm(showing, { ...this.#parts.sending.times(), inDialog: shape === 'dialog' });
    return shape === 'dialog' ? dialogResponse(showing.form.title, card) : ownCardResponse(card);
  }

  async #messageResponse(turn: Turn, message: Message, shape: 'card' | 'dialog'): Promise<Response> {
    const { sending } = this.#parts;
    if (shape === 'dialog') {
      const { title = 'Mislaid', ...rest } = message;
      return dialogResponse(title, await sending.render({ ...rest, title }, { inDialog: true }));
    }
    const isShort = message.blocks.every((block) => block.kind === 'text');
    const times = sending.times();
    const text = renderPlainText(message, { ...times, timeZone: turn.sender.timeZone ?? times.timeZone });
    if (isShort && text.length <= noticeLength) return textResponse(shape, text);
    this.show(turn, Promise.resolve({ private: message }));
    return textResponse(shape, answeredThere);
  }

  /** The card as this person should see it now. A second copy of a card, from a post whose answer was lost, goes. */
  async #viewFor({ activity, sender }: Turn, key: string | undefined): Promise<Message | undefined> {
    const { sending, view, log } = this.#parts;
    if (view === undefined || activity.replyToId === undefined) return undefined;
    const ref = mintRef({ conversation: activity.conversation.id, activity: activity.replyToId });
    const found = await view({ sender, ref, key });
    if (found === undefined) return undefined;
    if (found.ref === undefined && key !== undefined) sending.seen(key, ref);
    if (found.ref !== undefined && found.ref !== ref) {
      sending
        .remove(ref)
        .catch((error: unknown) => log.info({ err: error }, 'a second copy of a card could not be removed'));
    }
    return found.message;
  }
}

/** A form lives in its turn alone: the button or the sentence opens it again. */
function formLost(title: string): Message {
  const sentence = `Teams did not take the form “${title}”, so nothing was done yet. Press the button or say it again.`;
  return { tone: 'warning', blocks: [paragraph(sentence)] };
}

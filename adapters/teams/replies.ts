/** How the core's answers reach the one who asked, each way that Teams offers: beside a button, in a dialog, in the private chat. */
import type { Logger } from 'pino';
import type { CardView, Sender } from '../../src/chat/port.ts';
import type { Answer, Message } from '../../src/message/model.ts';
import { renderPlainText } from '../../src/message/plain.ts';
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
  now: () => Date;
  timeZone: string;
  log: Logger;
};

export type Replies = {
  /** After the response: nobody waits for it, and a failure is told where it can be. */
  show(turn: Turn, answer: Promise<Answer>): void;
  responseTo(turn: Turn, answer: Answer, shape: 'card' | 'dialog', from: ClickOrigin): Promise<Response>;
  /** The card as this person should see it now, when his client asks for it. */
  refresh(turn: Turn, key: string | undefined): Promise<Response>;
  /** In a dialog or beside the button; for what was typed in the private chat, and 500 when that fails. */
  refusal(activity: TeamsActivity, shape: Shape, sentence: string): Promise<Response>;
};

const received = 'I have that.';
const answeredThere = 'I answered you in our private chat.';

export function createReplies(parts: ReplyParts): Replies {
  const { sending, tenant, log, view } = parts;

  function show(turn: Turn, answer: Promise<Answer>): void {
    answer
      .then((given) => privately(turn, given))
      .catch((error: unknown) => log.error({ err: error }, 'an answer could not be shown in Teams'));
  }

  async function privately(turn: Turn, { private: message, form }: Answer): Promise<void> {
    const { identity } = turn.sender;
    const address = readAddress(addressText(turn.activity));
    try {
      if (message !== undefined) await sending.privately(identity, message, undefined, address);
      if (form === undefined) return;
      const card = renderForm({ form }, { now: parts.now(), timeZone: parts.timeZone });
      await sending.cardPrivately(identity, card, form.title, address);
    } catch (error) {
      if (isPersonal(turn.activity)) throw error;
      log.warn({ err: error }, 'somebody could not be written to privately');
      const { serviceUrl, conversation } = turn.activity;
      await sending.aloud(
        serviceUrl,
        conversation.id,
        'I have an answer for you alone but cannot write to you: add me in Teams under Apps, then say it again.',
      );
    }
  }

  async function responseTo(
    turn: Turn,
    answer: Answer,
    shape: 'card' | 'dialog',
    from: ClickOrigin,
  ): Promise<Response> {
    const { activity } = turn;
    const { form, fieldErrors, private: message } = answer;
    if (fieldErrors !== undefined && from.showing !== undefined)
      return formResponse({ ...from.showing, errors: fieldErrors }, shape);
    if (form !== undefined) {
      const card = activity.replyToId === undefined ? {} : { card: activity.replyToId };
      return formResponse({ form, ...(from.key === undefined ? {} : { key: from.key }), ...card }, shape);
    }
    if (message !== undefined) return await messageResponse(turn, message, shape);
    if (shape === 'dialog') return from.showing === undefined ? textResponse(shape, received) : accepted;
    const now = await viewFor(turn, from.key);
    return now === undefined ? textResponse(shape, received) : ownCardResponse(await sending.draw(now));
  }

  function formResponse(showing: FormShowing, shape: 'card' | 'dialog'): Response {
    const canvas = { now: parts.now(), timeZone: parts.timeZone, inDialog: shape === 'dialog' };
    const card = renderForm(showing, canvas);
    return shape === 'dialog' ? dialogResponse(showing.form.title, card) : ownCardResponse(card);
  }

  async function messageResponse(turn: Turn, message: Message, shape: 'card' | 'dialog'): Promise<Response> {
    if (shape === 'dialog') {
      const { title = 'Mislaid', ...rest } = message;
      return dialogResponse(title, await sending.draw({ ...rest, title }, { inDialog: true }));
    }
    const isShort = message.blocks.every((block) => block.kind === 'text');
    const text = renderPlainText(message, { now: parts.now(), timeZone: turn.sender.timeZone ?? parts.timeZone });
    if (isShort && text.length <= noticeLength) return textResponse(shape, text);
    show(turn, Promise.resolve({ private: message }));
    return textResponse(shape, answeredThere);
  }

  async function refresh(turn: Turn, key: string | undefined): Promise<Response> {
    const now = await viewFor(turn, key);
    return now === undefined ? textResponse('card', '') : ownCardResponse(await sending.draw(now));
  }

  /** The card as this person should see it now. A second copy of a card, from a post whose answer was lost, goes. */
  async function viewFor({ activity, sender }: Turn, key: string | undefined): Promise<Message | undefined> {
    if (view === undefined || activity.replyToId === undefined) return undefined;
    const ref = mintRef({ conversation: activity.conversation.id, activity: activity.replyToId });
    const found = await view({ sender, ref, ...(key === undefined ? {} : { key }) });
    if (found === undefined) return undefined;
    if (found.ref === undefined && key !== undefined) sending.seen(key, ref);
    if (found.ref !== undefined && found.ref !== ref) {
      sending
        .remove(ref)
        .catch((error: unknown) => log.info({ err: error }, 'a second copy of a card could not be removed'));
    }
    return found.message;
  }

  async function refusal(activity: TeamsActivity, shape: Shape, sentence: string): Promise<Response> {
    if (shape !== 'message') return textResponse(shape, sentence);
    const { aadObjectId } = activity.from;
    if (aadObjectId === undefined) return accepted;
    const message: Message = { tone: 'warning', blocks: [{ kind: 'text', text: [{ kind: 'plain', text: sentence }] }] };
    try {
      await sending.privately(identityOf(tenant, aadObjectId), message, undefined, readAddress(addressText(activity)));
      return accepted;
    } catch (error) {
      log.warn({ err: error }, 'somebody could not be told that nothing was stored');
      return { status: 500 };
    }
  }

  return { show, responseTo, refresh, refusal };
}

/**
 * One activity of Teams, from the person to the core and back: stored first, then answered. What was typed is acknowledged at once
 * and answered privately; what was pressed gets its card or dialog in the response.
 */
import { createHash } from 'node:crypto';
import type { Incoming, Receipt, Sender } from '../../src/chat/port.ts';
import { assertNever } from '../../src/ground/errors.ts';
import {
  type CardInput,
  readInput,
  type SentValues,
  type Shape,
  type TeamsActivity,
  type TeamsInput,
} from './activity.ts';
import { readFormValues, unpack } from './forms.ts';
import { addressText, isPersonal, type People, placeIn } from './identity.ts';
import { responseMs } from './limits.ts';
import { identityOf, mintRef, readAddress, threadOf } from './refs.ts';
import { type ClickOrigin, createReplies, type ReplyParts, type Turn } from './replies.ts';
import { accepted, type Response, textResponse } from './responses.ts';
import { personalWelcome, placeWelcome } from './welcome.ts';

export type TurnParts = ReplyParts & {
  people: People;
  onCommand: (incoming: Incoming) => Promise<Receipt>;
};

export type Turns = {
  /** Never rejects. */
  take(activity: TeamsActivity): Promise<Response>;
};

const notStored = 'This was not stored, so nothing was done and nothing will be. Please say it again.';
const notKnown = 'Teams did not tell me who you are, so this was not stored and nothing was done. Please say it again.';
const oldButton = 'This button is not known any more, so nothing was done. Say "help" to see what I can do.';
/** The answer to a client that asked for the card on its own account. */
const unchanged = textResponse('card', '');
const underWay = 'I have that and am still at work on it; the answer comes in our private chat.';

/** A response that took longer may not have reached the client, which then sends the same click with another id. */
const slowMs = 3_000;
const resentMs = 60_000;

type Press = Turn & { pressed: Exclude<CardInput, { kind: 'refresh' }>; values: SentValues; shape: Shape };

export function createTurns(parts: TurnParts): Turns {
  const { sending, people, tenant, log } = parts;
  const { show, responseTo, refresh, refusal } = createReplies(parts);
  const pressing = new Map<string, Promise<Response>>();

  async function take(activity: TeamsActivity): Promise<Response> {
    const heard = readInput(activity);
    sending.heardFrom(activity.conversation.id.replace(/;messageid=.*$/, ''), activity.serviceUrl);
    try {
      if (heard.kind === 'pressed') return await once(activity, heard);
      return await act(activity, heard);
    } catch (error) {
      log.error({ err: error, kind: heard.kind }, 'an activity of Teams could not be handled');
      return await refusal(activity, shapeOf(heard), notStored);
    }
  }

  async function act(activity: TeamsActivity, heard: Exclude<TeamsInput, { kind: 'pressed' }>): Promise<Response> {
    switch (heard.kind) {
      case 'nothing':
        if (heard.shape !== undefined) return textResponse(heard.shape, oldButton);
        return activity.type === 'invoke' ? { status: 501 } : accepted;
      case 'uninstalled':
        log.info({ conversation: activity.conversation.conversationType }, 'the app was removed from a conversation');
        return accepted;
      case 'sentence':
      case 'extension':
      case 'installed':
        break;
      default:
        return assertNever(heard, 'activity');
    }
    const sender = await senderOf(activity);
    if (sender === undefined) return await refusal(activity, shapeOf(heard), notKnown);
    const turn = { activity, sender };
    switch (heard.kind) {
      case 'sentence':
        return await say(turn, { kind: 'sentence', text: heard.text });
      case 'extension':
        return await shortcut(turn, heard);
      case 'installed':
        return await welcome(turn);
      default:
        return assertNever(heard, 'activity');
    }
  }

  /** A click that Teams sends again, even under another id, gets the answer of the first. */
  async function once(activity: TeamsActivity, heard: Extract<TeamsInput, { kind: 'pressed' }>): Promise<Response> {
    const { pressed, values, shape } = heard;
    const sender = await senderOf(activity);
    if (pressed.kind === 'refresh') return await lookAgain(activity, sender, pressed.key);
    if (sender === undefined) return await refusal(activity, shape, notKnown);
    if (shape === 'message') return await press({ activity, sender, pressed, values, shape });
    const { conversation, replyToId, name } = activity;
    const same = [sender.identity, conversation.id, replyToId, name, pressed.kind, pressed.action, values];
    const key = createHash('sha256').update(JSON.stringify(same)).digest('base64url');
    const before = pressing.get(key);
    if (before !== undefined) {
      log.info('a click was sent again while its answer was on the way');
      return await before;
    }
    const began = performance.now();
    const response = press({ activity, sender, pressed, values, shape });
    pressing.set(key, response);
    const forget = () => pressing.delete(key);
    const settle = () => {
      if (performance.now() - began < slowMs) forget();
      else setTimeout(forget, resentMs).unref();
    };
    response.then(settle, forget);
    return await response;
  }

  /** Nobody did anything: where it fails, the card stays as it is, and nobody is told that nothing was done. */
  async function lookAgain(activity: TeamsActivity, sender: Sender | undefined, key?: string): Promise<Response> {
    try {
      if (sender !== undefined) return await refresh({ activity, sender }, key);
    } catch (error) {
      log.warn({ err: error }, 'a card could not be drawn anew for somebody who looks at it');
    }
    return unchanged;
  }

  async function senderOf(activity: TeamsActivity): Promise<Sender | undefined> {
    try {
      return await people.senderOf(activity);
    } catch (error) {
      log.warn({ err: error }, 'Teams did not say who spoke');
      return undefined;
    }
  }

  function incomingOf({ activity, sender }: Turn, said: Incoming['input'], card?: string): Incoming {
    const { conversation } = activity;
    const under = threadOf(conversation.id) ?? activity.replyToId ?? card;
    const thread = under === undefined ? {} : { thread: mintRef({ conversation: conversation.id, activity: under }) };
    return {
      // Ids of messages are times, unique in their conversation alone.
      eventKey: `teams:${conversation.id}:${activity.id}`,
      sender,
      ...placeIn(activity, tenant),
      address: addressText(activity),
      ...thread,
      input: said,
    };
  }

  async function say(turn: Turn, said: Incoming['input']): Promise<Response> {
    const reception = await parts.onCommand(incomingOf(turn, said));
    switch (reception.kind) {
      case 'duplicate':
        return accepted;
      case 'not-stored':
        return await refusal(turn.activity, 'message', reception.userMessage);
      case 'stored':
        show(turn, reception.answer);
        return accepted;
      default:
        return assertNever(reception, 'reception');
    }
  }

  async function shortcut(turn: Turn, heard: Extract<TeamsInput, { kind: 'extension' }>): Promise<Response> {
    if (heard.author === undefined) {
      return textResponse(
        'dialog',
        'No person of this organisation wrote that message. Say "lost device <person>" to me instead.',
      );
    }
    const author = identityOf(tenant, heard.author);
    return await respond(turn, { kind: 'shortcut', author, text: heard.text }, 'dialog', {});
  }

  async function press({ pressed, values, shape, ...turn }: Press): Promise<Response> {
    if (pressed.kind === 'click') {
      const said = { kind: 'click', action: pressed.action } as const;
      return shape === 'message' ? await say(turn, said) : await respond(turn, said, shape, pressed);
    }
    const form = unpack(pressed.form);
    if (form === undefined) return await refusal(turn.activity, shape, oldButton);
    const answers = readFormValues(form, values);
    const said = { kind: 'form', action: pressed.action, values: mutable(answers) } as const;
    if (shape === 'message') return await say(turn, said);
    const { key, card } = pressed;
    const showing = {
      form,
      values: answers,
      ...(key === undefined ? {} : { key }),
      ...(card === undefined ? {} : { card }),
    };
    return await respond(turn, said, shape, { ...pressed, showing });
  }

  async function respond(
    turn: Turn,
    said: Incoming['input'],
    shape: 'card' | 'dialog',
    from: ClickOrigin & { card?: string | undefined },
  ): Promise<Response> {
    const reception = await parts.onCommand(incomingOf(turn, said, from.card));
    switch (reception.kind) {
      case 'duplicate':
        return textResponse(shape, 'I have that already; it does not happen twice.');
      case 'not-stored':
        return textResponse(shape, reception.userMessage);
      case 'stored': {
        const answer = await within(reception.answer, responseMs);
        if (answer !== undefined) return await responseTo(turn, answer, shape, from);
        show(turn, reception.answer);
        return textResponse(shape, underWay);
      }
      default:
        return assertNever(reception, 'reception');
    }
  }

  async function welcome(turn: Turn): Promise<Response> {
    const { activity, sender } = turn;
    if (!isPersonal(activity)) {
      const { place } = placeIn(activity, tenant);
      const message = placeWelcome(place ?? '');
      if (place !== undefined) await sending.post(place, message, `hello:${activity.id}`);
      return accepted;
    }
    if (sender.outsider !== undefined) return accepted;
    await sending.privately(sender.identity, personalWelcome, undefined, readAddress(addressText(activity)));
    // What he may say is the core's to tell, so the question is asked for him.
    return await say(turn, { kind: 'sentence', text: 'help' });
  }

  return { take };
}

function shapeOf(heard: TeamsInput): Shape {
  switch (heard.kind) {
    case 'pressed':
      return heard.shape;
    case 'extension':
      return 'dialog';
    case 'nothing':
      return heard.shape ?? 'message';
    case 'sentence':
    case 'installed':
    case 'uninstalled':
      return 'message';
    default:
      return assertNever(heard, 'activity');
  }
}

function mutable(values: ReturnType<typeof readFormValues>): Record<string, string | boolean | string[]> {
  return Object.fromEntries(
    Object.entries(values).map(([id, value]) => [id, typeof value === 'object' ? [...value] : value]),
  );
}

async function within<T>(work: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

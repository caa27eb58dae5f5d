/** What every listener does with what it heard: store it first, show the answer when it comes. */
import type { Logger } from 'pino';
import type { Incoming, Receipt } from '../../src/chat/port.ts';
import type { Answer } from '../../src/message/model.ts';
import type { Clients } from './clients.ts';
import type { Accounts } from './identity.ts';
import { inputText, mentionedUsers } from './input-text.ts';
import { mentionMs } from './limits.ts';
import { UnreadableError } from './payloads.ts';
import { type KeptForms, within } from './refilled-forms.ts';
import { identityOf } from './refs.ts';
import type { Replies, Turn } from './replies.ts';
import type { Sending } from './send.ts';

/** Nothing is stored: the request is answered with 503, so that Slack sends an event again. */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError';
}

/** Who the bot is, as auth.test said. */
export type Self = { readonly team: string; readonly botId: string; readonly botUser: string };

export type ListenerParts = {
  onCommand: (incoming: Incoming) => Promise<Receipt>;
  /** undefined: not known yet, or stopped; nothing is taken then. */
  self: () => Self | undefined;
  accounts: Accounts;
  replies: Replies;
  sending: Sending;
  clients: Clients;
  kept: KeptForms;
  clock: { now(): Date };
  timeZone: () => string;
  log: Logger;
  /** Work that goes on after the acknowledgement. */
  track: (work: Promise<unknown>) => void;
};

export type Listener = ListenerParts & {
  /** Never rejects: whatever fails was not stored. */
  receive(incoming: Incoming): Promise<Receipt>;
  /** Shows the answer when it comes; nothing waits for it. */
  show(turn: Turn, answer: Promise<Answer>): void;
  /** Who the bot is; throws NotStoredError while that is not known. */
  ready(): Self;
  /** A text as typed; mentioned people become their addresses, as far as Slack tells at once. */
  typed(text: string, me: Self): Promise<string>;
};

const notStored = 'I could not store that, so nothing was done. This was not stored; please say it again.';
export const notReady =
  'I have just started and Slack has not yet told me who I am. This was not stored; please say it again in a minute.';

export function createListener(parts: ListenerParts): Listener {
  const { onCommand, accounts, replies, log, track } = parts;
  return {
    ...parts,
    receive: async (incoming) => {
      try {
        return await onCommand(incoming);
      } catch (error) {
        log.error({ err: error }, 'a command could not be received');
        return { kind: 'not-stored', userMessage: notStored };
      }
    },
    show: (turn, answer) =>
      track(
        answer
          .then((given) => replies.show(turn, given))
          .catch((error: unknown) => log.error({ err: error }, 'an answer was not given')),
      ),
    ready: () => {
      const me = parts.self();
      if (me === undefined) throw new NotStoredError(notReady);
      return me;
    },
    typed: async (text, me) => {
      const addresses = new Map<string, string>();
      const people = mentionedUsers(text, me.botUser).slice(0, 5);
      const asked = people.map(async (user) => {
        const account = await accounts.identify(identityOf(me.team, user));
        if (account?.email !== undefined) addresses.set(user, account.email);
      });
      if (asked.length > 0) await within(Promise.allSettled(asked), mentionMs).catch(() => undefined);
      return inputText(text, me.botUser, (user) => addresses.get(user));
    },
  };
}

/** The same request once more is the same command: by its signature over HTTP, by its trigger over a socket. */
export function eventKey(context: Record<string, unknown>, trigger: string | undefined): string {
  const { requestKey } = context;
  if (typeof requestKey === 'string') return `slack:request:${requestKey}`;
  if (trigger === undefined) throw new UnreadableError('a request without a key');
  return `slack:trigger:${trigger}`;
}

/** What every listener does with what it heard: store it first, show the answer when it comes. */
import type { Logger } from 'pino';
import type { Incoming, Input, Receipt } from '../../src/chat/port.ts';
import { withTimeLimit } from '../../src/ground/time-limit.ts';
import type { Answer } from '../../src/message/model.ts';
import type { Clients } from './clients.ts';
import { type Accounts, bareSender } from './identity.ts';
import { inputText, mentionedUsers } from './input-text.ts';
import { mentionMs, type Timeouts } from './limits.ts';
import { UnreadableError } from './payloads.ts';
import type { KeptForms } from './refilled-forms.ts';
import { identityOf } from './refs.ts';
import { type Replies, type Turn, warning } from './replies.ts';
import type { Self } from './self.ts';
import type { Sending } from './send.ts';

/** Nothing is stored: the request is answered with 503, so that Slack sends an event again. */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError';
}

export type ListenerParts = {
  onCommand: (incoming: Incoming) => Promise<Receipt>;
  /** undefined: not known yet, or stopped; nothing is taken then. */
  self: () => Self | undefined;
  accounts: Accounts;
  replies: Replies;
  sending: Sending;
  clients: Clients;
  kept: KeptForms;
  timeouts: Timeouts;
  log: Logger;
  /** Work that goes on after the acknowledgement. */
  track: (work: Promise<unknown>) => void;
};

export type Listener = ReturnType<typeof createListener>;

const notStored = 'I could not store that, so nothing was done. This was not stored; please say it again.';
export const notReady =
  'I have just started and Slack has not yet told me who I am. This was not stored; please say it again in a minute.';

export function createListener(parts: ListenerParts) {
  const { onCommand, self, accounts, replies, log, track } = parts;

  /** Never rejects: whatever fails was not stored. */
  async function receive(turn: Turn, eventKey: string, input: Input): Promise<Receipt> {
    const { team, user, name, place, address, thread } = turn;
    try {
      return await onCommand({ eventKey, sender: bareSender(team, user, name), place, address, thread, input });
    } catch (error) {
      log.error({ err: error }, 'a command could not be received');
      return { kind: 'not-stored', userMessage: notStored };
    }
  }

  /** Shows the answer when it comes; nothing waits for it. */
  function show(turn: Turn, answer: Promise<Answer>): void {
    const shown = answer.then((given) => replies.show(turn, given));
    track(shown.catch((error: unknown) => log.error({ err: error }, 'an answer was not given')));
  }

  const warn = (turn: Turn, words: string): void => track(replies.reply(turn, warning(words)));

  return {
    ...parts,
    receive,
    show,
    warn,
    /** What was pressed: acknowledged when it is stored, and answered by itself. */
    take: async (turn: Turn, eventKey: string, input: Input, ack: () => Promise<void>): Promise<void> => {
      const receipt = await receive(turn, eventKey, input);
      await ack();
      if (receipt.kind === 'not-stored') warn(turn, receipt.userMessage);
      if (receipt.kind === 'stored') show(turn, receipt.answer);
    },
    /** Who the bot is; throws NotStoredError while that is not known. */
    ready: (): Self => {
      const me = self();
      if (me === undefined) throw new NotStoredError(notReady);
      return me;
    },
    /** A text as typed; mentioned people become their addresses, as far as Slack tells at once. */
    typed: async (text: string, me: Self): Promise<string> => {
      const addresses = new Map<string, string>();
      const people = mentionedUsers(text, me.botUser).slice(0, 5);
      const asked = people.map(async (user) => {
        const account = await accounts.identify(identityOf(me.team, user));
        if (account?.email !== undefined) addresses.set(user, account.email);
      });
      if (asked.length > 0) await withTimeLimit(Promise.allSettled(asked), mentionMs).catch(() => undefined);
      return inputText(text, me.botUser, (user) => addresses.get(user));
    },
  };
}

/** The same request once more is the same command: by its signature over HTTP, by its trigger over a socket. */
export function eventKey({ requestKey }: Record<string, unknown>, trigger: string | undefined): string {
  if (typeof requestKey === 'string') return `slack:request:${requestKey}`;
  if (trigger === undefined) throw new UnreadableError('a request without a key');
  return `slack:trigger:${trigger}`;
}

/** Who pressed or sent something, for their turn. */
export function presser(
  { user, team, trigger_id: trigger }: Pressed,
  me: Self | undefined,
): Pick<Turn, 'team' | 'user' | 'name' | 'trigger'> {
  const home = user.team_id ?? team?.id ?? me?.team ?? '';
  return { team: home, user: user.id, name: user.name ?? user.username, trigger };
}

type Pressed = {
  user: { id: string; team_id?: string | undefined; name?: string | undefined; username?: string | undefined };
  team?: { id: string } | null | undefined;
  trigger_id?: string | undefined;
};

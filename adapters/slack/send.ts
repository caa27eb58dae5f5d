/** Everything that goes out by delivery: posts, edits, replies, private messages, home pages; and finding them again. */
import { DeliveryError } from '../../src/chat/port.ts';
import type { Identity, MessageRef, Place } from '../../src/ground/addresses.ts';
import type { Clock } from '../../src/ground/clock.ts';
import type { Message } from '../../src/message/model.ts';
import type { Clients } from './clients.ts';
import { deliveryError, isTooMuch } from './failures.ts';
import { findPost, postedEvent } from './find.ts';
import { limits } from './limits.ts';
import type { Uploads } from './pictures.ts';
import { identityOf, isUser, readRef, readTarget, refOf } from './refs.ts';
import { type Rendered, type RenderOptions, renderMessage } from './render.ts';

export type Sending = {
  post(target: Place, message: Message, key: string): Promise<MessageRef>;
  find(target: Place | Identity, key: string): Promise<MessageRef | undefined>;
  edit(ref: MessageRef, message: Message): Promise<void>;
  reply(ref: MessageRef, message: Message, key: string): Promise<MessageRef>;
  privately(identity: Identity, message: Message, key: string, address?: string): Promise<MessageRef>;
  home(identity: Identity, message: Message): Promise<void>;
  /** The direct conversation with this person. */
  conversationWith(team: string, user: string): Promise<string>;
  /** For answers in the same turn, without pictures that would have to be uploaded first. */
  render(message: Message, options?: Partial<RenderOptions>): Rendered;
};

/** Links and names in texts stay what they are. */
const quiet = { unfurl_links: false, unfurl_media: false, link_names: false, parse: 'none', mrkdwn: false } as const;

/** Less and less of a message, where Slack refuses it: texts are cut visibly, buttons stay. */
export const shrinkingSizes = [
  { mostText: limits.messageText, tables: true, pictures: true },
  { mostText: 6_000, tables: false, pictures: false },
  { mostText: 2_000, tables: false, pictures: false },
] as const;

export function createSending(input: {
  clients: Clients;
  uploads: Uploads;
  clock: Clock;
  timeZone: () => string;
}): Sending {
  const { clients, uploads, clock, timeZone } = input;
  const conversations = new Map<Identity, Promise<string>>();
  /** Keys of posts found again, by ref: an edit must not take the key from a post that may have to be found once more. */
  const keys = new Map<MessageRef, string>();

  function render(message: Message, options: Partial<RenderOptions> = {}): Rendered {
    return renderMessage(message, { now: clock.now(), timeZone: timeZone(), ...options });
  }

  /** Renders and sends; sends less of it when Slack refuses it as too much. */
  async function sent<T>(
    what: string,
    message: Message,
    surface: Partial<RenderOptions>,
    send: (rendered: Rendered) => Promise<T>,
  ): Promise<T> {
    try {
      const { files, fresh } = await uploads.filesFor(message.blocks);
      for (const [index, { pictures, ...less }] of shrinkingSizes.entries()) {
        try {
          return await send(render(message, { ...less, ...surface, ...(pictures ? { files } : {}) }));
        } catch (error) {
          if (!isTooMuch(error) || index === shrinkingSizes.length - 1) throw error;
          if (fresh)
            throw new DeliveryError({ kind: 'wait', retryAfterMs: 3_000 }, `Slack: ${what} waits for a picture`);
        }
      }
      throw new DeliveryError({ kind: 'not-sent' }, `Slack: ${what} was not tried`);
    } catch (error) {
      throw deliveryError(error, what);
    }
  }

  async function postTo(
    to: { team: string; channel: string; thread?: string },
    message: Message,
    key: string,
    what: string,
  ): Promise<MessageRef> {
    const answer = await sent(what, message, {}, (rendered) =>
      clients.posting.chat.postMessage({
        channel: to.channel,
        ...rendered,
        ...quiet,
        ...(to.thread === undefined ? {} : { thread_ts: to.thread }),
        metadata: { event_type: postedEvent, event_payload: { key } },
      }),
    );
    if (answer.ts === undefined)
      throw new DeliveryError({ kind: 'unknown' }, `Slack: ${what} was answered without a ts`);
    return refOf(to.team, answer.channel ?? to.channel, answer.ts);
  }

  function conversationWith(team: string, user: string): Promise<string> {
    const identity = identityOf(team, user);
    const known = conversations.get(identity);
    if (known !== undefined) return known;
    const opened = clients.posting.conversations.open({ users: user }).then(({ channel }) => {
      if (channel?.id === undefined) throw new Error('conversations.open named no channel');
      return channel.id;
    });
    conversations.set(identity, opened);
    opened.catch(() => conversations.delete(identity));
    return opened;
  }

  /** Where a message for this target goes: the channel itself, or the direct conversation with a person. */
  async function channelOf(target: Place | Identity, what: string): Promise<{ team: string; channel: string }> {
    const read = readTarget(target);
    if (read === undefined) {
      throw new DeliveryError(
        { kind: 'dead', remedy: 'This is no place of Slack: write slack:<team>/<channel> in policy.yaml.' },
        `Slack: ${what} has no place of Slack`,
      );
    }
    if (!isUser(read.id)) return { team: read.team, channel: read.id };
    try {
      return { team: read.team, channel: await conversationWith(read.team, read.id) };
    } catch (error) {
      // Opening a conversation posts nothing, whatever became of its answer.
      const { problem, message } = deliveryError(error, `${what}: conversations.open`);
      throw new DeliveryError(problem.kind === 'unknown' ? { kind: 'not-sent' } : problem, message, { cause: error });
    }
  }

  function known(ref: MessageRef): { team: string; channel: string; ts: string } {
    const read = readRef(ref);
    if (read !== undefined) return read;
    throw new DeliveryError(
      { kind: 'dead', remedy: 'This message was not posted in Slack.' },
      'Slack: no ref of Slack',
    );
  }

  return {
    render,
    conversationWith,
    post: async (target, message, key) => await postTo(await channelOf(target, 'a post'), message, key, 'a post'),
    privately: async (identity, message, key, address) => {
      const team = readTarget(identity)?.team;
      const direct = team !== undefined && address !== undefined && /^D\w+$/.test(address);
      const to = direct ? { team, channel: address } : await channelOf(identity, 'a private message');
      return await postTo(to, message, key, 'a private message');
    },
    reply: async (ref, message, key) => {
      const { team, channel, ts } = known(ref);
      return await postTo({ team, channel, thread: ts }, message, key, 'a reply');
    },
    edit: async (ref, message) => {
      const { channel, ts } = known(ref);
      const key = keys.get(ref);
      await sent('an edit', message, {}, (rendered) =>
        clients.posting.chat.update({
          channel,
          ts,
          ...rendered,
          link_names: false,
          parse: 'none',
          ...(key === undefined ? {} : { metadata: { event_type: postedEvent, event_payload: { key } } }),
        }),
      );
    },
    find: async (target, key) => {
      const { team, channel } = await channelOf(target, 'a search');
      const ts = await findPost(clients, channel, key).catch((error: unknown) => {
        throw deliveryError(error, 'a search');
      });
      if (ts === undefined) return undefined;
      const ref = refOf(team, channel, ts);
      keys.set(ref, key);
      const [oldest] = keys.keys();
      if (keys.size > 1_000 && oldest !== undefined) keys.delete(oldest);
      return ref;
    },
    home: async (identity, message) => {
      const read = readTarget(identity);
      if (read === undefined) return;
      const surface = { tables: false, mostBlocks: limits.viewBlocks };
      await sent('a home page', message, surface, ({ blocks }) =>
        clients.posting.views.publish({ user_id: read.id, view: { type: 'home', blocks } }),
      );
    },
  };
}

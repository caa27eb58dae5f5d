/** Everything that goes out by delivery: posts, edits, replies, private messages, home pages; and finding them again. */
import { DeliveryError } from '../../src/chat/port.ts';
import type { Identity, MessageRef, Place } from '../../src/ground/addresses.ts';
import type { Clock } from '../../src/ground/clock.ts';
import { RecentMap, Remembered } from '../../src/ground/remembered.ts';
import type { Message } from '../../src/message/model.ts';
import type { TimeOptions } from '../../src/message/times.ts';
import type { Clients } from './clients.ts';
import { deliveryError, isTooMuch } from './failures.ts';
import { findPost, postedEvent, readPosts } from './find.ts';
import { limits } from './limits.ts';
import type { Uploads } from './pictures.ts';
import { identityOf, isUser, readRef, readTarget, refOf } from './refs.ts';
import { type Rendered, type RenderOptions, renderMessage } from './render.ts';

/** Direct conversations remembered. */
const mostConversations = 10_000;

/** Links and names in texts stay what they are. */
export const literally = {
  unfurl_links: false,
  unfurl_media: false,
  link_names: false,
  parse: 'none',
  mrkdwn: false,
} as const;

/** Less and less of a message, where Slack refuses it: texts are cut visibly, buttons stay. */
export const shrinkingSizes = [
  { mostText: limits.messageText, tables: true, pictures: true },
  { mostText: 6_000, tables: false, pictures: false },
  { mostText: 2_000, tables: false, pictures: false },
] as const;

type Where = { readonly team: string; readonly channel: string; readonly thread?: string };

export class Sending {
  readonly #parts: { clients: Clients; uploads: Uploads; clock: Clock; timeZone: () => string };
  readonly #conversations = new Remembered<string>({ most: mostConversations });
  /** Keys of posts found again, by ref: an edit must not take the key from a post that may have to be found once more. */
  readonly #keys = new RecentMap<MessageRef, string>(1_000);

  constructor(parts: { clients: Clients; uploads: Uploads; clock: Clock; timeZone: () => string }) {
    this.#parts = parts;
  }

  async post(target: Place, message: Message, key: string): Promise<MessageRef> {
    return await this.#postTo(await this.#whereIs(target, 'a post'), message, key, 'a post');
  }

  async privately(identity: Identity, message: Message, key: string, address?: string): Promise<MessageRef> {
    const team = readTarget(identity)?.team;
    const isDirect = team !== undefined && address !== undefined && /^D\w+$/.test(address);
    const to = isDirect ? { team, channel: address } : await this.#whereIs(identity, 'a private message');
    return await this.#postTo(to, message, key, 'a private message');
  }

  async reply(ref: MessageRef, message: Message, key: string): Promise<MessageRef> {
    const { team, channel, ts } = known(ref);
    return await this.#postTo({ team, channel, thread: ts }, message, key, 'a reply');
  }

  async edit(ref: MessageRef, message: Message): Promise<void> {
    const { channel, ts } = known(ref);
    const key = this.#keys.get(ref);
    await this.#sent('an edit', message, {}, (rendered) =>
      this.#parts.clients.posting.chat.update({
        channel,
        ts,
        ...rendered,
        link_names: false,
        parse: 'none',
        ...(key === undefined ? {} : { metadata: metadataOf(key) }),
      }),
    );
  }

  async find(target: Place | Identity, key: string): Promise<MessageRef | undefined> {
    const { team, channel } = await this.#whereIs(target, 'a search');
    const ts = await findPost(this.#parts.clients, channel, key).catch((error: unknown) => {
      throw deliveryError(error, 'a search');
    });
    if (ts === undefined) return undefined;
    const ref = refOf(team, channel, ts);
    this.#keys.set(ref, key);
    return ref;
  }

  async readBack(place: Place): Promise<readonly string[]> {
    const { channel } = await this.#whereIs(place, 'a search');
    return await readPosts(this.#parts.clients, channel).catch((error: unknown) => {
      throw deliveryError(error, 'a search');
    });
  }

  async home(identity: Identity, message: Message): Promise<void> {
    const user = readTarget(identity)?.id;
    if (user === undefined) return;
    const surface = { tables: false, mostBlocks: limits.viewBlocks };
    await this.#sent('a home page', message, surface, ({ blocks }) =>
      this.#parts.clients.posting.views.publish({ user_id: user, view: { type: 'home', blocks } }),
    );
  }

  /** The direct conversation with this person. */
  conversationWith(team: string, user: string): Promise<string> {
    return this.#conversations.get(identityOf(team, user), async () => {
      const { channel } = await this.#parts.clients.posting.conversations.open({ users: user });
      if (channel?.id === undefined) throw new Error('conversations.open named no channel');
      return channel.id;
    });
  }

  times(): TimeOptions {
    return { now: this.#parts.clock.now(), timeZone: this.#parts.timeZone() };
  }

  /** For answers in the same turn, without pictures that would have to be uploaded first. */
  render(message: Message, options: Partial<RenderOptions> = {}): Rendered {
    return renderMessage(message, { ...this.times(), ...options });
  }

  /** Renders and sends; sends less of it when Slack refuses it as too much. */
  async #sent<T>(
    what: string,
    message: Message,
    surface: Partial<RenderOptions>,
    send: (rendered: Rendered) => Promise<T>,
  ): Promise<T> {
    try {
      const { files, fresh } = await this.#parts.uploads.filesFor(message.blocks);
      for (const [index, { pictures, ...less }] of shrinkingSizes.entries()) {
        try {
          return await send(this.render(message, { ...less, ...surface, ...(pictures ? { files } : {}) }));
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

  async #postTo({ team, channel, thread }: Where, message: Message, key: string, what: string): Promise<MessageRef> {
    const answer = await this.#sent(what, message, {}, (rendered) =>
      this.#parts.clients.posting.chat.postMessage({
        channel,
        ...rendered,
        ...literally,
        ...(thread === undefined ? {} : { thread_ts: thread }),
        metadata: metadataOf(key),
      }),
    );
    if (answer.ts === undefined)
      throw new DeliveryError({ kind: 'unknown' }, `Slack: ${what} was answered without a ts`);
    return refOf(team, answer.channel ?? channel, answer.ts);
  }

  /** Where a message for this target goes: the channel itself, or the direct conversation with a person. */
  async #whereIs(target: Place | Identity, what: string): Promise<Where> {
    const read = readTarget(target);
    if (read === undefined) {
      throw new DeliveryError(
        { kind: 'dead', remedy: 'This is no place of Slack: write slack:<team>/<channel> in policy.yaml.' },
        `Slack: ${what} has no place of Slack`,
      );
    }
    if (!isUser(read.id)) return { team: read.team, channel: read.id };
    try {
      return { team: read.team, channel: await this.conversationWith(read.team, read.id) };
    } catch (error) {
      // Opening a conversation posts nothing, whatever became of its answer.
      const { problem, message } = deliveryError(error, `${what}: conversations.open`);
      throw new DeliveryError(problem.kind === 'unknown' ? { kind: 'not-sent' } : problem, message, { cause: error });
    }
  }
}

function known(ref: MessageRef): { team: string; channel: string; ts: string } {
  const read = readRef(ref);
  if (read !== undefined) return read;
  throw new DeliveryError({ kind: 'dead', remedy: 'This message was not posted in Slack.' }, 'Slack: no ref of Slack');
}

/** The core's key stays with the post, so that find.ts knows it again. */
export function metadataOf(key: string) {
  return { event_type: postedEvent, event_payload: { key } };
}

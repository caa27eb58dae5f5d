/** How messages leave: rendered, measured, posted, edited, and where to. */
import type { Activity } from 'botbuilder';
import { DeliveryError } from '../../src/chat/port.ts';
import type { Identity, MessageRef, Place } from '../../src/ground/addresses.ts';
import { RecentMap, Remembered } from '../../src/ground/remembered.ts';
import type { Message } from '../../src/message/model.ts';
import type { TimeOptions } from '../../src/message/times.ts';
import { attachment, type TeamsCard } from './card.ts';
import type { Connector } from './connector.ts';
import { bytesOf } from './cut.ts';
import type { People } from './identity.ts';
import { activityBytes, hardSize, memberMs, pictureBytes, refreshedPeople } from './limits.ts';
import type { TeamsOptions } from './options.ts';
import { type Address, conversationOf, hasThreads, mintRef, objectIdOf, readRef } from './refs.ts';
import { type Canvas, notificationSummary, renderMessage } from './render.ts';

type SendingParts = Pick<TeamsOptions, 'tenant' | 'serviceUrl' | 'images' | 'clock' | 'timeZone' | 'log'> & {
  connector: Connector;
  people: () => People;
};

const mostConversations = 5_000;

export class Sending {
  readonly #parts: SendingParts;
  /** Where Teams was last heard from, by conversation. */
  readonly #services = new RecentMap<string, string>(mostConversations);
  readonly #personal = new Remembered<string>({ most: mostConversations });
  readonly #posted = new RecentMap<string, MessageRef>(mostConversations);
  readonly #viewers: Remembered<readonly string[]>;
  #lastService: string;

  constructor(parts: SendingParts) {
    this.#parts = parts;
    this.#viewers = new Remembered({
      most: mostConversations,
      forMs: memberMs,
      now: () => parts.clock.now().getTime(),
    });
    this.#lastService = parts.serviceUrl;
  }

  async post(place: Place, message: Message, key: string): Promise<MessageRef> {
    const conversation = this.#conversationIn(place);
    const activity = await this.#activityOf(message, key, await this.#viewersOf(conversation));
    return await this.#posts(key, this.#serviceOf(conversation), conversation, activity);
  }

  async edit(ref: MessageRef, message: Message): Promise<void> {
    const { conversation, activity: id } = known(ref);
    const activity = await this.#activityOf(message, undefined, await this.#viewersOf(conversation));
    await this.#parts.connector.edit(this.#serviceOf(conversation), conversation, id, activity);
  }

  async reply(ref: MessageRef, message: Message, key: string): Promise<MessageRef> {
    const { conversation, activity } = known(ref);
    const under = hasThreads(conversation) ? `${conversation};messageid=${activity}` : conversation;
    return await this.#posts(key, this.#serviceOf(conversation), under, await this.#activityOf(message, key));
  }

  async privately(
    identity: Identity,
    message: Message,
    key: string | undefined,
    address: Address | undefined,
  ): Promise<MessageRef> {
    const { serviceUrl, conversation, user } = await this.#privateConversation(identity, address);
    this.#services.set(conversation, serviceUrl);
    const viewers = key === undefined ? [] : user === undefined ? await this.#viewersOf(conversation) : [user];
    return await this.#posts(key, serviceUrl, conversation, await this.#activityOf(message, key, viewers));
  }

  /** A card that is no message of the core (a form), to one person. */
  async cardPrivately(
    identity: Identity,
    card: TeamsCard,
    summary: string,
    address: Address | undefined,
  ): Promise<void> {
    const { serviceUrl, conversation } = await this.#privateConversation(identity, address);
    await this.#parts.connector.post(serviceUrl, conversation, activityWith(card, summary));
  }

  /** Under what was said, where everybody reads along: never anything private. */
  async aloud(serviceUrl: string, conversation: string, sentence: string): Promise<void> {
    await this.#parts.connector.post(serviceUrl, conversation, {
      type: 'message',
      textFormat: 'plain',
      text: sentence,
    });
  }

  async remove(ref: MessageRef): Promise<void> {
    const { conversation, activity } = known(ref);
    await this.#parts.connector.remove(this.#serviceOf(conversation), conversation, activity);
  }

  /** The message of this key, as far as this process knows it. */
  find(key: string): MessageRef | undefined {
    return this.#posted.get(key);
  }

  /** A message of this key stands in Teams: somebody pressed or looked at it. */
  seen(key: string, ref: MessageRef): void {
    this.#posted.set(key, ref);
  }

  heardFrom(conversation: string, serviceUrl: string): void {
    this.#services.set(conversation, serviceUrl);
    this.#lastService = serviceUrl;
  }

  serviceUrl(): string {
    return this.#lastService;
  }

  times(): TimeOptions {
    return { now: this.#parts.clock.now(), timeZone: this.#parts.timeZone };
  }

  /** The card for one viewer, or in a dialog. */
  async render(message: Message, rest: Pick<Canvas, 'inDialog' | 'key'> = {}): Promise<TeamsCard> {
    return renderMessage(message, { ...this.times(), pictures: await this.#picturesOf(message), ...rest });
  }

  async #posts(
    key: string | undefined,
    serviceUrl: string,
    conversation: string,
    activity: Partial<Activity>,
  ): Promise<MessageRef> {
    const id = await this.#parts.connector.post(serviceUrl, conversation, activity);
    const ref = mintRef({ conversation, activity: id });
    if (key !== undefined) this.seen(key, ref);
    return ref;
  }

  #serviceOf(conversation: string): string {
    return this.#services.get(conversation) ?? this.#lastService;
  }

  #conversationIn(place: Place): string {
    const { tenant } = this.#parts;
    const conversation = conversationOf(tenant, place);
    if (conversation !== undefined) return conversation;
    const remedy = `Name a place of this tenant, teams:${tenant}/<conversation>, in policy.yaml.`;
    throw new DeliveryError({ kind: 'dead', remedy }, 'no place of this tenant');
  }

  /** Those whose client asks for their own view of the card. Nobody, where Teams does not tell. */
  #viewersOf(conversation: string): Promise<readonly string[]> {
    const { connector, log } = this.#parts;
    return this.#viewers.get(conversation, () =>
      connector.someMembers(this.#serviceOf(conversation), conversation).catch((error: unknown) => {
        log.info({ err: error }, 'those who read along could not be listed; everybody sees the same buttons');
        return [];
      }),
    );
  }

  async #picturesOf(message: Message): Promise<ReadonlyMap<string, string>> {
    const pictures = new Map<string, string>();
    for (const block of message.blocks) {
      if (block.kind !== 'image') continue;
      const picture = await this.#parts.images?.(block.id);
      if (picture === undefined || picture.png.length > pictureBytes) continue;
      pictures.set(block.id, `data:image/png;base64,${Buffer.from(picture.png).toString('base64')}`);
    }
    return pictures;
  }

  async #activityOf(
    message: Message,
    key: string | undefined,
    viewers: readonly string[] = [],
  ): Promise<Partial<Activity>> {
    const card = await this.render(message, { key });
    // Whether it has buttons or not: a copy whose post got no answer is known again, and goes, when somebody looks at it.
    return activityWith(withRefresh(card, viewers, key), notificationSummary(message, this.times()));
  }

  async #privateConversation(
    identity: Identity,
    address: Address | undefined,
  ): Promise<{ serviceUrl: string; conversation: string; user: string | undefined }> {
    const { connector, tenant, people } = this.#parts;
    const objectId = objectIdOf(tenant, identity);
    if (objectId === undefined) {
      const remedy = 'This account is of another tenant than the one that is served.';
      throw new DeliveryError({ kind: 'dead', remedy }, 'no account of this tenant');
    }
    const { serviceUrl = this.#lastService, user, conversation } = address ?? people().lastAddress(identity) ?? {};
    if (conversation !== undefined) return { serviceUrl, user, conversation };
    const opened = this.#personal.get(identity, () => connector.openPersonal(serviceUrl, user ?? objectId));
    return { serviceUrl, user, conversation: await opened };
  }
}

function known(ref: MessageRef): { conversation: string; activity: string } {
  const read = readRef(ref);
  if (read !== undefined) return read;
  throw new DeliveryError({ kind: 'dead', remedy: 'This message was not posted in Teams.' }, 'no Teams ref');
}

/** The renderer keeps within its share; this is the last check before Teams takes it. */
function activityWith(card: TeamsCard, summary: string): Partial<Activity> {
  const activity = { type: 'message', summary, attachments: [attachment(card)] };
  const size = bytesOf(activity);
  if (size <= hardSize) return activity;
  const remedy = 'The message is too large for Teams. Please report this as a fault of Mislaid.';
  throw new DeliveryError({ kind: 'dead', remedy }, `an activity of ${size} bytes`);
}

/** Each viewer's client asks for the card as they should see it, as soon as they open it. As many as there is room for. */
function withRefresh(card: TeamsCard, users: readonly string[], key: string | undefined): TeamsCard {
  const refresh = (userIds: readonly string[]): TeamsCard => ({
    ...card,
    refresh: {
      action: {
        type: 'Action.Execute',
        title: 'Refresh',
        verb: 'mislaid',
        data: { mislaid: { kind: 'refresh', key } },
      },
      userIds,
    },
  });
  const room = activityBytes - bytesOf(refresh([])) - 400;
  let used = 0;
  const fitting = users.slice(0, refreshedPeople).filter((user) => {
    used += bytesOf(user) + 1;
    return used <= room;
  });
  return fitting.length === 0 ? card : refresh(fitting);
}

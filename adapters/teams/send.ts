/** How messages leave: rendered, measured, posted, edited, and where to. */
import type { Activity } from 'botbuilder';
import type { Logger } from 'pino';
import { DeliveryError } from '../../src/chat/port.ts';
import type { Identity, MessageRef, Place } from '../../src/ground/addresses.ts';
import type { Clock } from '../../src/ground/clock.ts';
import type { Message } from '../../src/message/model.ts';
import { attachment, type TeamsCard } from './card.ts';
import type { Connector } from './connector.ts';
import { bytesOf } from './cut.ts';
import type { People } from './identity.ts';
import { hardSize, memberMs, pictureBytes, refreshedPeople, teamsLimits } from './limits.ts';
import { type Address, conversationOf, hasThreads, mintRef, objectIdOf, readRef } from './refs.ts';
import { type Canvas, notificationSummary, renderMessage } from './render.ts';

export type Sending = {
  post(place: Place, message: Message, key: string): Promise<MessageRef>;
  edit(ref: MessageRef, message: Message): Promise<void>;
  reply(ref: MessageRef, message: Message, key: string): Promise<MessageRef>;
  privately(
    identity: Identity,
    message: Message,
    key: string | undefined,
    address: Address | undefined,
  ): Promise<MessageRef>;
  /** A card that is no message of the core (a form), to one person. */
  cardPrivately(identity: Identity, card: TeamsCard, summary: string, address: Address | undefined): Promise<void>;
  /** Under what was said, where everybody reads along: never anything private. */
  aloud(serviceUrl: string, conversation: string, sentence: string): Promise<void>;
  remove(ref: MessageRef): Promise<void>;
  /** The card for one viewer, or in a dialog. */
  draw(message: Message, canvas?: Pick<Canvas, 'inDialog' | 'key'>): Promise<TeamsCard>;
  /** The message of this key, as far as this process knows it. */
  find(key: string): MessageRef | undefined;
  /** A message of this key stands in Teams: somebody pressed or looked at it. */
  seen(key: string, ref: MessageRef): void;
  /** Where Teams was last heard from for this conversation. */
  heardFrom(conversation: string, serviceUrl: string): void;
  serviceUrl(): string;
};

export type OutboxParts = {
  connector: Connector;
  tenant: string;
  /** Before Teams was heard from: its address for everybody (learn.microsoft.com, "proactive messages"). */
  serviceUrl: string;
  images?: ((id: string) => Promise<{ readonly png: Uint8Array } | undefined>) | undefined;
  clock: Clock;
  timeZone: string;
  log: Logger;
};

const mostConversations = 5_000;

export function createSending(parts: OutboxParts & { people: () => People }): Sending {
  const { connector, tenant, clock, timeZone, log } = parts;
  const services = new Map<string, string>();
  const personal = new Map<Identity, string>();
  const posted = new Map<string, MessageRef>();
  const viewers = new Map<string, { until: number; users: readonly string[] }>();
  let lastService = parts.serviceUrl;

  function seen(key: string, ref: MessageRef): MessageRef {
    if (posted.size >= mostConversations) posted.clear();
    posted.set(key, ref);
    return ref;
  }

  function serviceOf(conversation: string): string {
    return services.get(conversation) ?? lastService;
  }

  function conversationIn(place: Place): string {
    const conversation = conversationOf(tenant, place);
    if (conversation !== undefined) return conversation;
    const remedy = `Name a place of this tenant, teams:${tenant}/<conversation>, in policy.yaml.`;
    throw new DeliveryError({ kind: 'dead', remedy }, 'no place of this tenant');
  }

  function known(ref: MessageRef): { conversation: string; activity: string } {
    const read = readRef(ref);
    if (read !== undefined) return read;
    throw new DeliveryError({ kind: 'dead', remedy: 'This message was not posted in Teams.' }, 'no Teams ref');
  }

  /** Those whose client asks for their own view of the card. Nobody, where Teams does not tell. */
  async function viewersOf(conversation: string): Promise<readonly string[]> {
    const now = clock.now().getTime();
    const kept = viewers.get(conversation);
    if (kept !== undefined && kept.until > now) return kept.users;
    const users = await connector.someMembers(serviceOf(conversation), conversation).catch((error: unknown) => {
      log.info({ err: error }, 'those who read along could not be listed; everybody sees the same buttons');
      return [];
    });
    if (viewers.size >= mostConversations) viewers.clear();
    viewers.set(conversation, { until: now + memberMs, users: users.slice(0, refreshedPeople) });
    return users;
  }

  async function draw(message: Message, rest: Pick<Canvas, 'inDialog' | 'key'> = {}): Promise<TeamsCard> {
    const canvas: Canvas = { now: clock.now(), timeZone, pictures: await picturesOf(message), ...rest };
    return renderMessage(message, canvas);
  }

  async function picturesOf(message: Message): Promise<ReadonlyMap<string, string>> {
    const pictures = new Map<string, string>();
    for (const block of message.blocks) {
      if (block.kind !== 'image' || parts.images === undefined) continue;
      const picture = await parts.images(block.id);
      if (picture === undefined || picture.png.length > pictureBytes) continue;
      pictures.set(block.id, `data:image/png;base64,${Buffer.from(picture.png).toString('base64')}`);
    }
    return pictures;
  }

  async function activityOf(
    message: Message,
    { key, users = [] }: { key?: string | undefined; users?: readonly string[] },
  ): Promise<Partial<Activity>> {
    const card = await draw(message, key === undefined ? {} : { key });
    const refreshed =
      users.length > 0 && message.blocks.some((block) => block.kind === 'buttons')
        ? withRefresh(card, users, key)
        : card;
    return measured(activityWith(refreshed, notificationSummary(message, { now: clock.now(), timeZone })));
  }

  async function privateConversation(
    identity: Identity,
    address: Address | undefined,
  ): Promise<{ serviceUrl: string; conversation: string; user?: string }> {
    const objectId = objectIdOf(tenant, identity);
    if (objectId === undefined) {
      throw new DeliveryError(
        { kind: 'dead', remedy: 'This account is of another tenant than the one that is served.' },
        'no account of this tenant',
      );
    }
    const last = address ?? parts.people().lastAddress(identity);
    const serviceUrl = last?.serviceUrl ?? lastService;
    const user = last?.user;
    const conversation =
      last?.conversation ?? personal.get(identity) ?? (await connector.openPersonal(serviceUrl, user ?? objectId));
    if (personal.size >= mostConversations) personal.clear();
    personal.set(identity, conversation);
    return { serviceUrl, conversation, ...(user === undefined ? {} : { user }) };
  }

  return {
    post: async (place, message, key) => {
      const conversation = conversationIn(place);
      const activity = await activityOf(message, { key, users: await viewersOf(conversation) });
      const id = await connector.post(serviceOf(conversation), conversation, activity);
      return seen(key, mintRef({ conversation, activity: id }));
    },
    edit: async (ref, message) => {
      const { conversation, activity: id } = known(ref);
      const users = await viewersOf(conversation);
      await connector.edit(serviceOf(conversation), conversation, id, await activityOf(message, { users }));
    },
    reply: async (ref, message, key) => {
      const { conversation, activity } = known(ref);
      const under = hasThreads(conversation) ? `${conversation};messageid=${activity}` : conversation;
      const id = await connector.post(serviceOf(conversation), under, await activityOf(message, { key }));
      return seen(key, mintRef({ conversation, activity: id }));
    },
    privately: async (identity, message, key, address) => {
      const { serviceUrl, conversation, user } = await privateConversation(identity, address);
      services.set(conversation, serviceUrl);
      const activity = await activityOf(message, { key, users: user === undefined || key === undefined ? [] : [user] });
      const ref = mintRef({ conversation, activity: await connector.post(serviceUrl, conversation, activity) });
      return key === undefined ? ref : seen(key, ref);
    },
    cardPrivately: async (identity, card, summary, address) => {
      const { serviceUrl, conversation } = await privateConversation(identity, address);
      await connector.post(serviceUrl, conversation, measured(activityWith(card, summary)));
    },
    aloud: async (serviceUrl, conversation, sentence) => {
      await connector.post(serviceUrl, conversation, { type: 'message', textFormat: 'plain', text: sentence });
    },
    remove: async (ref) => {
      const { conversation, activity } = known(ref);
      await connector.remove(serviceOf(conversation), conversation, activity);
    },
    draw,
    find: (key) => posted.get(key),
    seen,
    heardFrom: (conversation, serviceUrl) => {
      if (services.size >= mostConversations) services.clear();
      services.set(conversation, serviceUrl);
      lastService = serviceUrl;
    },
    serviceUrl: () => lastService,
  };
}

function activityWith(card: TeamsCard, summary: string): Partial<Activity> {
  return { type: 'message', summary, attachments: [attachment(card)] };
}

/** Each viewer's client asks for the card as he should see it, as soon as he looks. As many as there is room for. */
function withRefresh(card: TeamsCard, users: readonly string[], key: string | undefined): TeamsCard {
  const refresh = (userIds: readonly string[]): TeamsCard => ({
    ...card,
    refresh: {
      action: {
        type: 'Action.Execute',
        title: 'Refresh',
        verb: 'mislaid',
        data: { mislaid: { kind: 'refresh', ...(key === undefined ? {} : { key }) } },
      },
      userIds,
    },
  });
  const room = teamsLimits.messageSize - bytesOf(refresh([])) - 400;
  let used = 0;
  const fitting = users.slice(0, refreshedPeople).filter((user) => {
    used += bytesOf(user) + 1;
    return used <= room;
  });
  return fitting.length === 0 ? card : refresh(fitting);
}

/** The renderer keeps within its share; this is the last look before Teams takes it. */
function measured(activity: Partial<Activity>): Partial<Activity> {
  const size = bytesOf(activity);
  if (size <= hardSize) return activity;
  const remedy = 'The message is too large for Teams. Please report this as a fault of Mislaid.';
  throw new DeliveryError({ kind: 'dead', remedy }, `an activity of ${size} bytes`);
}

/** What goes to chat: cards, and messages that are no cards. */
import type { Generated } from 'kysely';
import type { DraftMessage } from '../../message/model.ts';
import type { Fixed, NullableJson } from './columns.ts';

/** One card of one subject in one place; `wanted` counts changes, `shown` the last one that the place shows. */
export type CardTable = {
  id: Generated<number>;
  /** `incident:104`, `approval:7`, `report:3`. */
  subject: Fixed<string>;
  place: Fixed<string>;
  /** `place` is an identity: this copy is shown to one person alone. */
  personal: Generated<boolean>;
  ref: string | null;
  postKey: Fixed<string>;
  /** A post was tried and its answer may be lost: look before posting again. */
  postTried: Generated<boolean>;
  wanted: Generated<number>;
  shown: Generated<number>;
  /** Hash of the message last shown: an equal one is not sent. */
  shownHash: string | null;
  /** Set when it can never arrive; `problem` says the mend. */
  dead: Generated<boolean>;
  problem: string | null;
  dueAt: Date;
  attempts: Generated<number>;
  createdAt: Fixed<Date>;
};

/** A message on its way that is not a card: a thread reply, a private message, a line in a channel, a home page. */
export type DeliveryTable = {
  id: Generated<number>;
  kind: Fixed<'reply' | 'private' | 'notice' | 'home'>;
  /** reply: the card under which it goes. */
  cardId: Fixed<number | null>;
  place: Fixed<string | null>;
  identity: Fixed<string | null>;
  /** null for a home page, which is rendered as it is now. */
  draft: NullableJson<DraftMessage>;
  /** The core's name of this post; the same key is never delivered twice. */
  key: Fixed<string>;
  tried: Generated<boolean>;
  dueAt: Date;
  state: Generated<'waiting' | 'done' | 'dropped'>;
  attempts: Generated<number>;
  problem: string | null;
  createdAt: Fixed<Date>;
  doneAt: Date | null;
};

export type DeliveriesTables = {
  card: CardTable;
  delivery: DeliveryTable;
  /** Who has opened their home page before. */
  homePage: { identity: Fixed<string> };
};

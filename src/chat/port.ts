/**
 * The ChatAdapter port: all that the core asks of a chat platform.
 *
 * identity   one chat account: `slack:<team>/<user>`, `entra:<tenant>/<oid>`, `console:<name>`
 * place      where many read along: `slack:<team>/<channel>`, `teams:<tenant>/<conversation>`, `console:#name`
 * incoming   what somebody typed, clicked or submitted, as the adapter verified it
 * reception  what the core did with it: stored (then the adapter acknowledges), seen before, or not stored
 * ref        an opaque string the adapter mints for a message it posted, enough to edit it and to reply to it
 * key        the core's own name for one post, so that a post whose answer was lost can be found again
 */

import type { Express } from 'express';
import { z } from 'zod';
import type { Identity, MessageRef, Place } from '../ground/addresses.ts';
import { IdentityText, PlaceText } from '../ground/addresses.ts';
import { type Answer, FormValues, type Message } from '../message/model.ts';

/** Who spoke, as far as the platform vouches for it. The core decides what they may do. */
export const Sender = z.object({
  identity: IdentityText,
  displayName: z.string(),
  /** The platform's verified address, if it has one: matches a person, never a role above `user`. */
  email: z.string().optional(),
  /** IANA name, for times in plain-text platforms. */
  timeZone: z.string().optional(),
  /** Guests, bots, strangers of shared channels, deactivated people, other tenants: nothing is allowed to them. */
  outsider: z.enum(['guest', 'bot', 'stranger', 'deactivated', 'other-tenant']).optional(),
  /** Groups of the platform or tenant that they are a member of, as far as the adapter knows them (at most helpdesk). */
  groups: z.array(z.string()).optional(),
  /**
   * Only `identity` and `displayName` are known: the platform is asked for the rest (ChatAdapter.identify) after the command is
   * stored and acknowledged, so that no acknowledgement waits for it.
   */
  bare: z.literal(true).optional(),
});
export type Sender = z.infer<typeof Sender>;

/** What was said. `thread` is the ref of the card in whose thread it was said. */
export const Input = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sentence'), text: z.string() }),
  /** A click on a stored action. */
  z.object({ kind: z.literal('click'), action: z.string() }),
  /** A submitted form: the stored action of its submit button and the values by field id. */
  z.object({ kind: z.literal('form'), action: z.string(), values: FormValues }),
  /** "Handle as lost device" on somebody's message: who wrote it, and its text. */
  z.object({ kind: z.literal('shortcut'), author: IdentityText, text: z.string() }),
  /** The person opened the bot's home page. */
  z.object({ kind: z.literal('home') }),
]);
export type Input = z.infer<typeof Input>;

export const Incoming = z.object({
  /** The platform's event id, or its signature: the same event twice takes effect once. */
  eventKey: z.string().min(1),
  sender: Sender,
  /** Absent in a private conversation with the bot. */
  place: PlaceText.optional(),
  /** Opaque address to answer this person privately (a conversation reference); kept with the identity. */
  address: z.string().optional(),
  thread: z.string().optional(),
  input: Input,
});
export type Incoming = z.infer<typeof Incoming>;

/**
 * `stored` (or answered without, where somebody says too much): acknowledge now; `answer` never rejects. For a form, wait for it and show
 * its field errors in the acknowledgement; for all else show it when it comes. `duplicate`: acknowledge, do nothing. `not-stored`: tell the person; answer an event with 5xx.
 */
export type Receipt =
  | { kind: 'stored'; answer: Promise<Answer> }
  | { kind: 'duplicate' }
  | { kind: 'not-stored'; userMessage: string };

/**
 * The card as one person should see it now: rendered from the store, without the buttons that they may not press. For platforms
 * whose clients ask for a card when somebody looks at it. `ref`: the message that stands for the card, if one is known; `key`
 * finds a card whose post got no answer. undefined: no card of ours, or none for them.
 */
export type CardView = (asked: {
  sender: Sender;
  ref: MessageRef;
  key?: string | undefined;
}) => Promise<{ message: Message; ref?: MessageRef } | undefined>;

/** An answer that could not be shown in its own turn. */
export type Undelivered = {
  identity: Identity;
  message: Message;
  /** The adapter's own name of this answer, of which it hands over no second (undelivered.ts makes the key of its posts). */
  name: string;
  /** It may have arrived under its key: looked for before it is posted again. */
  inDoubt: boolean;
};

export type AdapterLimits = {
  /** At most so many posts a second to one place, over all processes where the platform counts them so. */
  readonly postsPerSecondPerPlace: number;
};

/** Failures that the core can act upon; anything else an adapter throws counts as `unknown` (the post may have arrived). */
export type DeliveryProblem =
  /** Try again after so many milliseconds; the message did not arrive. */
  | { kind: 'wait'; retryAfterMs: number }
  /** The message did not arrive and trying again is right (refused connection, 5xx before acceptance). */
  | { kind: 'not-sent' }
  /** It will never arrive until a person puts it right (archived channel, revoked token, bot not installed). `remedy` says how. */
  | { kind: 'dead'; remedy: string }
  /** The message that should be edited or replied to was deleted: the core posts it anew. */
  | { kind: 'gone' }
  /** The answer was lost: it may have arrived. The core looks with `find` before posting again. */
  | { kind: 'unknown' };

export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly problem: DeliveryProblem;
  constructor(problem: DeliveryProblem, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.problem = problem;
  }
}

export type ChatAdapter = {
  /** `console`, `slack`, `teams`: the first part of its places. */
  readonly name: string;
  /** The first part of its identities (`entra` for teams). */
  readonly identityPrefix: string;
  readonly limits: AdapterLimits;
  /** Mounts routes on `app` (before any body parser) or opens its socket; resolves when commands can come. */
  start(input: {
    app: Express;
    onCommand: (incoming: Incoming) => Promise<Receipt>;
    view?: CardView;
    /** Takes an answer over that the platform did not take now; it is delivered as cards are. */
    onUndelivered?: (answer: Undelivered) => Promise<void>;
  }): Promise<void>;
  /** Posts a new message; throws DeliveryError. */
  post(target: Place, message: Message, key: string): Promise<MessageRef>;
  /** Whether a post with this key arrived although its answer was lost; a private one is looked for under the identity. */
  find(target: Place | Identity, key: string): Promise<MessageRef | undefined>;
  /** Texts of the newest posts in the place that a bot made, newest first, where the platform lets a bot read them. */
  readBack?(place: Place): Promise<readonly string[]>;
  /** Replaces the message; doing it twice does no harm. */
  edit(ref: MessageRef, message: Message): Promise<void>;
  /** A short message under the card, which notifies. */
  reply(ref: MessageRef, message: Message, key: string): Promise<MessageRef>;
  /** To one person alone. `address` is what came with their last Incoming, if any. */
  privately(identity: Identity, message: Message, key: string, address?: string): Promise<MessageRef>;
  /** Replaces the person's home page, where the platform has one. */
  home?(identity: Identity, message: Message): Promise<void>;
  /** What the platform says of an account now; undefined when it does not know it. */
  identify(identity: Identity): Promise<Sender | undefined>;
  /** Bytes of a picture for renderers that must upload or embed it are given by `images` at construction. */
  stop(): Promise<void>;
};

/**
 * The store: reads through Kysely, writes through one unit of work.
 *
 * change   one transaction: facts, timeline, outbox (work, cards, deliveries) and, last, its audit entries
 * subject  what a card shows: `incident:104`, `approval:7`
 * outbox   what the transaction wants done afterwards; it commits or vanishes with the facts
 */
import type { Kysely, Transaction } from 'kysely';
import type { Identity, Place } from '../ground/addresses.ts';
import type { PersonGuid } from '../ground/identifiers.ts';
import type { DraftMessage } from '../message/model.ts';
import type { Database } from './schema.ts';
import type { JobName, JobPayloads } from './work.ts';

export type Subject = `${string}:${string | number}`;

export type AuditEntry = {
  /** Dotted, past tense: `wipe.approved`, `hold.closed`, `policy.changed`. */
  action: string;
  subject: string;
  incident?: number;
  actor?: { guid: PersonGuid | null; identity: Identity | null };
  /** What happened, without secrets and with no more personal data than guids and numbers. */
  data: Record<string, unknown>;
};

export type EnqueueOptions = {
  /** Default: at once. */
  dueAt?: Date;
  /** A waiting row of the same job and key is moved to the earlier due time instead of adding another. */
  key?: string;
};

export type Change = {
  readonly tx: Transaction<Database>;
  /** The clock at the start of the change: one instant for all that it writes. */
  readonly now: Date;
  enqueue<N extends JobName>(job: N, payload: JobPayloads[N], options?: EnqueueOptions): Promise<void>;
  /** Appended at the end of the transaction, under the chain's lock. */
  audit(entry: AuditEntry): void;
  /** Makes sure that the subject has a card in each of these places, and that it is shown as it will be after this change. */
  card(subject: Subject, places: readonly Place[]): Promise<void>;
  /** The same for single people: a copy for each identity, shown to that person alone. */
  personalCard(subject: Subject, identities: readonly Identity[]): Promise<void>;
  /** Every card of the subject is rendered again. */
  refresh(subject: Subject): Promise<void>;
  /** A short reply under every card of the subject (or the one in `place`); it notifies. */
  reply(subject: Subject, draft: DraftMessage, options?: { place?: Place }): Promise<void>;
  /** One message in each place. `key` makes it once: the same key is never posted twice. */
  notice(places: readonly Place[], draft: DraftMessage, key?: string): Promise<void>;
  privately(identity: Identity, draft: DraftMessage, key?: string): Promise<void>;
  /** Renders the person's home pages again. */
  home(identity: Identity): Promise<void>;
};

export type Store = {
  readonly db: Kysely<Database>;
  /** Runs `body` in one transaction and wakes the queue after the commit. Serialisation failures are tried again; `body` may run twice. */
  change<T>(body: (change: Change) => Promise<T>): Promise<T>;
};

import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Identity, Place } from '../../ground/addresses.ts';
import type { Clock, Ids } from '../../ground/clock.ts';
import type { DraftMessage } from '../../message/model.ts';
import type { Policy } from '../../policy.ts';
import type { Store } from '../../store/port.ts';
import type { Projection } from '../../store/projection.ts';
import type { Database } from '../../store/schema.ts';
import type { ChatAdapter } from '../port.ts';
import type { Pace } from './pace.ts';

export type DelivererParts = {
  store: Store;
  /** By the first part of places and identities: `slack`, `teams` and `entra`, `console`. */
  adapters: ReadonlyMap<string, ChatAdapter>;
  projections: readonly Projection[];
  policy: Policy;
  clock: Clock;
  ids: Ids;
  log: Logger;
  /** Said on every message: "LAB, no real phone", "SIMULATION". */
  mark?: string | undefined;
  /** What else is said of the replies under one card, by its subject (`DRILL`). */
  markOf?: ((db: Kysely<Database>, subject: string) => Promise<string | undefined>) | undefined;
  /** The same for messages that belong to no card, by what they speak of. */
  markOfMessage?: ((db: Kysely<Database>, draft: DraftMessage) => Promise<string | undefined>) | undefined;
  metrics?: { delivered(kind: string, outcome: string): void } | undefined;
};

/** One run for one target, under its lock. */
export type DeliveryRun = DelivererParts & { target: Place | Identity; adapter: ChatAdapter; pace: Pace };

/**
 * sent       a message went to the platform
 * settled    nothing had to be sent
 * paced      something waits for the platform's pace
 * put-off    the platform failed: it is due later, and this run ends
 */
export type DeliveryOutcome = 'sent' | 'settled' | 'paced' | 'put-off';

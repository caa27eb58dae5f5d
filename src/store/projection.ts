import type { Kysely } from 'kysely';
import type { Identity, Place } from '../ground/addresses.ts';
import type { DraftMessage } from '../message/model.ts';
import type { Policy } from '../policy.ts';
import type { Database } from './schema.ts';

/**
 * A card is a projection of the stored facts: rendered anew at each delivery, so the newest state wins and delivering
 * twice does no harm. `kind` is the first part of the subject (`incident` of `incident:104`).
 */
export type Projection = {
  readonly kind: string;
  /** undefined: there is nothing to show any more. */
  render(input: ProjectionInput): Promise<DraftMessage | undefined>;
};

export type ProjectionInput = {
  readonly db: Kysely<Database>;
  /** The rest of the subject (`104`). */
  readonly id: string;
  readonly place: Place | Identity;
  readonly now: Date;
  readonly policy: Policy;
};

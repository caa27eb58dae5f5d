/**
 * The simulated organisation as cmdlets see it: what `simulate` beside each cmdlet may ask of the lab.
 * Its state lives in the database, so that a restart keeps it and several processes share it.
 */
import type { Kysely } from 'kysely';
import type { Clock } from '../../ground/clock.ts';
import type { Database } from '../../store/schema.ts';

export type LabOrganisation = {
  readonly db: Kysely<Database>;
  readonly clock: Clock;
  /** SMTP address that the lab's Exchange records as requestor of wipes. */
  readonly requestor: string;
};

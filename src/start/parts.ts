import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Clock, Ids } from '../ground/clock.ts';
import type { Closing } from '../ground/closing.ts';
import type { Environment } from '../ground/environment.ts';
import type { Database } from '../store/schema.ts';

/** What nearly everything in a process is put together of. */
export type ProcessParts = {
  config: Config;
  environment: Environment;
  db: Kysely<Database>;
  /** Real time, or the lab's. */
  clock: Clock;
  ids: Ids;
  log: Logger;
  /** What opens registers here how it closes. */
  closing: Closing;
};

/**
 * `npm run migrate`: brings the database of DATABASE_URL, or of the data folder, to this version's tables and ends: for the one job that goes
 * before the processes of a new version. Processes of the version before go on meanwhile.
 */
import { pino } from 'pino';
import { readConfig } from '../src/config.ts';
import { createClosing } from '../src/ground/closing.ts';
import { MislaidError } from '../src/ground/errors.ts';
import { openConfiguredDatabase } from '../src/start/database.ts';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = pino({ level: config.LOG_LEVEL }, process.stderr);
  const closing = createClosing((what, error) => log.error({ err: error, name: what }, 'could not be closed in order'));
  try {
    await openConfiguredDatabase({ config, log, closing, announce: (sentence) => console.error(sentence) });
    console.log('The tables are those of this version.');
  } finally {
    await closing.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof MislaidError ? error.userMessage : error);
  process.exitCode = 1;
});

/** What the scripts of this folder have in common: they run on the host, beside a bot or in its place, and end with one sentence. */
import { type Logger, pino } from 'pino';
import type { Config } from '../src/config.ts';
import { type Closing, createClosing } from '../src/ground/closing.ts';
import { MislaidError } from '../src/ground/errors.ts';
import { connectionFromUrl, type DatabaseConnection } from '../src/store/connect.ts';
import { startEmbeddedPostgres } from '../src/store/embedded/embedded-postgres.ts';
import { runningConnection } from '../src/store/embedded/running.ts';

export type Host = { readonly log: Logger; readonly closing: Closing };

export function openHost(): Host {
  const log = pino({ level: 'error' }, process.stderr);
  const closing = createClosing((what, error) => log.error({ err: error, name: what }, 'could not be closed in order'));
  return { log, closing };
}

/** The database of DATABASE_URL, or the embedded one, which this process starts. Throws MislaidError `already-running`. */
export async function ownDatabase(config: Config, { log, closing }: Host): Promise<DatabaseConnection> {
  if (config.DATABASE_URL !== undefined) return connectionFromUrl(config.DATABASE_URL);
  const postgres = await startEmbeddedPostgres({ dataFolder: config.MISLAID_DATA, log });
  closing.add('embedded PostgreSQL', () => postgres.stop());
  return postgres.connection;
}

/** The same, also while a bot runs on the data folder. */
export async function anyDatabase(config: Config, host: Host): Promise<DatabaseConnection> {
  const running = config.DATABASE_URL === undefined ? runningConnection(config.MISLAID_DATA) : undefined;
  return running ?? (await ownDatabase(config, host));
}

/** Ends with 1, and why. `failed`: what did not come about, where the error is none of ours. */
export function endWith(main: () => Promise<void>, failed: string, advice?: (error: MislaidError) => string): void {
  main().catch((error: unknown) => {
    const said =
      error instanceof MislaidError
        ? `${error.message}${advice?.(error) ?? ''}`
        : `${failed}: ${error instanceof Error ? error.message : String(error)}`;
    process.stderr.write(`${said}\n`);
    process.exitCode = 1;
  });
}

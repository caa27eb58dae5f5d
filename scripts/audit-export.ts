/**
 * Prints the audit to standard output: `npm run --silent audit:export -- [--format jsonl|ocsf] [--after <entry>]`.
 * Reads the database of DATABASE_URL, or the data folder of a bot that is stopped. Reads only.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { z } from 'zod';
import { exportJsonLines, exportOcsf } from '../src/audit/export.ts';
import { readConfig } from '../src/config.ts';
import { createClosing } from '../src/ground/closing.ts';
import { MislaidError } from '../src/ground/errors.ts';
import { productVersion } from '../src/start/product-version.ts';
import { connectionFromUrl, openDatabase } from '../src/store/connect.ts';
import { startEmbeddedPostgres } from '../src/store/embedded/embedded-postgres.ts';

const Options = z.object({
  format: z.enum(['jsonl', 'ocsf']).default('jsonl'),
  after: z.coerce.number().int().nonnegative().optional(),
});

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { format: { type: 'string' }, after: { type: 'string' } } });
  const options = Options.parse(values);
  const config = readConfig(process.env);
  const log = pino({ level: 'error' }, process.stderr);
  const closing = createClosing((name, error) => log.error({ err: error, name }, 'could not be closed in order'));
  try {
    const connection = config.DATABASE_URL === undefined ? await stoppedBot() : connectionFromUrl(config.DATABASE_URL);
    const { db, close } = openDatabase(connection, { poolSize: 2 });
    closing.add('database connections', close);
    const from = options.after === undefined ? {} : { after: options.after };
    if (options.format === 'jsonl') {
      for await (const line of exportJsonLines(db, from)) await print(line);
    } else {
      for await (const event of exportOcsf(db, { ...from, productVersion: productVersion() }))
        await print(JSON.stringify(event));
    }
  } finally {
    await closing.close();
  }

  async function stoppedBot() {
    const postgres = await startEmbeddedPostgres({ dataFolder: config.MISLAID_DATA, log });
    closing.add('embedded PostgreSQL', () => postgres.stop());
    return postgres.connection;
  }
}

async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

process.stdout.on('error', () => process.exit(1));
main().catch((error: unknown) => {
  const said =
    error instanceof MislaidError
      ? `${error.message}${error.code === 'already-running' ? ' Stop the bot first, or say DATABASE_URL.' : ''}`
      : `The audit could not be exported: ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`${said}\n`);
  process.exitCode = 1;
});
